//! A timer that fires within microseconds of its time; the runtime's own timers are a millisecond coarse.

#[cfg(target_os = "linux")]
mod exact {
    use std::io;
    use std::os::fd::{AsFd, AsRawFd, RawFd};

    use nix::sys::time::{TimeSpec, TimeValLike};
    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
    use tokio::io::unix::AsyncFd;

    struct Descriptor(TimerFd);

    impl AsRawFd for Descriptor {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_fd().as_raw_fd()
        }
    }

    /// A timer of the kernel's, polled by the runtime.
    pub struct Timer(AsyncFd<Descriptor>);

    impl Timer {
        /// Create a timer; only on the runtime's thread.
        pub fn new() -> io::Result<Self> {
            let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
            let descriptor = Descriptor(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?);
            #[allow(deprecated)] // it owns its descriptor; the newer call asks for the same promise, and is unsafe
            let polled = AsyncFd::new(descriptor)?;
            Ok(Self(polled))
        }

        /// Wait until a time of the monotonic clock, in nanoseconds.
        pub async fn wait_until(&self, at_ns: i64) {
            let at = Expiration::OneShot(TimeSpec::nanoseconds(at_ns.max(1))); // zero would disarm it
            if self.0.get_ref().0.set(at, TimerSetTimeFlags::TFD_TIMER_ABSTIME).is_err() {
                return;
            }
            if let Ok(mut ready) = self.0.readable().await {
                ready.clear_ready(); // the next `set` makes it unreadable again
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod exact {
    use std::io;
    use std::time::Duration;

    use crate::clock::now_ns;

    /// The runtime's own timer: a millisecond coarse.
    pub struct Timer;

    impl Timer {
        pub fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub async fn wait_until(&self, at_ns: i64) {
            let left_ns = at_ns.saturating_sub(now_ns()).max(0);
            tokio::time::sleep(Duration::from_nanos(left_ns.unsigned_abs())).await;
        }
    }
}

pub use exact::Timer;
