//! The alarm: a wait that ends within microseconds of its time; the runtime's own timers are a millisecond coarse.

use nix::time::{ClockId, clock_gettime};

/// Return a clock of the system's in nanoseconds.
pub fn read_ns(clock: ClockId) -> i64 {
    let now = clock_gettime(clock).expect("the system has this clock");
    now.tv_sec() * 1_000_000_000 + now.tv_nsec()
}

/// Return the monotonic clock in nanoseconds, the same for all processes of a host.
pub fn now_ns() -> i64 {
    read_ns(ClockId::CLOCK_MONOTONIC)
}

#[cfg(target_os = "linux")]
mod exact {
    use std::io;
    use std::os::fd::{AsFd, AsRawFd, RawFd};

    use nix::sys::time::{TimeSpec, TimeValLike};
    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
    use tokio::io::unix::AsyncFd;

    struct Timer(TimerFd);

    impl AsRawFd for Timer {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_fd().as_raw_fd()
        }
    }

    /// A timer of the system's, on the runtime's own poll.
    pub struct Alarm(AsyncFd<Timer>);

    impl Alarm {
        /// Make one; call it on the runtime.
        pub fn new() -> io::Result<Self> {
            let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
            let timer = Timer(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?);
            #[allow(deprecated)] // it owns its descriptor, which is all that the newer one asks for, unsafely
            let polled = AsyncFd::new(timer)?;
            Ok(Self(polled))
        }

        /// Wait until a time of the monotonic clock, in nanoseconds.
        pub async fn until(&self, at_ns: i64) {
            let at = Expiration::OneShot(TimeSpec::nanoseconds(at_ns.max(1))); // zero would disarm it
            if self.0.get_ref().0.set(at, TimerSetTimeFlags::TFD_TIMER_ABSTIME).is_err() {
                return;
            }
            if let Ok(mut ready) = self.0.readable().await {
                ready.clear_ready(); // setting it anew makes it unreadable again
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod exact {
    use std::io;
    use std::time::Duration;

    /// The runtime's own timer: a millisecond coarse.
    pub struct Alarm;

    impl Alarm {
        pub fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub async fn until(&self, at_ns: i64) {
            let left_ns = at_ns.saturating_sub(super::now_ns()).max(0);
            tokio::time::sleep(Duration::from_nanos(left_ns.unsigned_abs())).await;
        }
    }
}

pub use exact::Alarm;
