//! An arrival: one start of a declared call, and what can become of it.

use crate::call::outcome::Outcome;

/// Bits of an arrival's flags.
pub const BUSY: u8 = 2;
pub const PLANNED: u8 = 4;

/// An arrival before it is due; `due_ns` is 0 in the closed model, `pick` says which declared call it makes.
pub struct Planned {
    pub call_id: i64,
    pub due_ns: i64,
    pub pick: u16,
}

/// An arrival that is due; times of the monotonic clock. `taken_ns` is 0 until a user takes it.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub call_id: i64,
    pub intended_ns: i64,
    pub taken_ns: i64,
    pub flags: u8,
}

/// A call that went well at its first attempt.
pub struct GoodCall {
    /// Python's number of the token that it carried.
    pub token: u64,
    pub expires_ns: i64,
    pub sent_ns: i64,
    pub ended_ns: i64,
    /// The journal's number of its method.
    pub method: u16,
}

/// An attempt that failed.
pub struct FailedAttempt {
    pub token: u64,
    pub sent_ns: i64,
    pub ended_ns: i64,
    pub outcome: Box<Outcome>,
}

/// Why an arrival was never sent.
#[derive(Clone, Copy)]
pub enum Unsent {
    Late,
    Stopped,
}
