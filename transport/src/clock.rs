//! The system's clocks, in nanoseconds.

use nix::time::{ClockId, clock_gettime};

/// Read one of the system's clocks.
pub fn read_ns(clock: ClockId) -> i64 {
    let now = clock_gettime(clock).expect("the system has this clock");
    now.tv_sec() * 1_000_000_000 + now.tv_nsec()
}

/// Read the monotonic clock, which is the same for all processes of a host.
pub fn now_ns() -> i64 {
    read_ns(ClockId::CLOCK_MONOTONIC)
}
