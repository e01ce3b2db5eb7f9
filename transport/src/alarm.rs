//! The alarm: a wait that ends within microseconds of its time; the runtime's own timers are a millisecond coarse.

/// Return the monotonic clock in nanoseconds, the same for all processes of a host.
pub fn now_ns() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

#[cfg(target_os = "linux")]
mod exact {
    use std::io;
    use std::os::fd::OwnedFd;

    use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
    use rustix::time::{timerfd_create, timerfd_settime};
    use tokio::io::unix::AsyncFd;

    /// A timer of the system's, on the runtime's own poll.
    pub struct Alarm(AsyncFd<OwnedFd>);

    impl Alarm {
        /// Make one; call it on the runtime.
        pub fn new() -> io::Result<Self> {
            let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
            #[allow(deprecated)] // it owns its descriptor, which is all that the newer one asks for, unsafely
            let polled = AsyncFd::new(timer)?;
            Ok(Self(polled))
        }

        /// Wait until a time of the monotonic clock, in nanoseconds.
        pub async fn until(&self, at_ns: i64) {
            let at_ns = at_ns.max(1); // zero would disarm it
            let it_value = Timespec { tv_sec: at_ns / 1_000_000_000, tv_nsec: at_ns % 1_000_000_000 };
            let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
            let spec = Itimerspec { it_interval, it_value };
            if timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::ABSTIME, &spec).is_err() {
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
