//! Rows: what a call leaves behind, packed as `harness.results.row` packs it. The layout is that module's; a test of the
//! harness reads rows of both.

const BYTES: usize = 48;
const MARK: u8 = 0xA0;
const FINAL: u8 = 1;
const NO_LIFE: i32 = i32::MIN;
const KIND_CALL: u8 = 0;
const KIND_NOT_SENT: u8 = 2;
const ORIGIN_GENERATOR: u8 = 9;
const CAUSE_LATE: u8 = 29;
const CAUSE_STOPPED: u8 = 30;

/// Bits of an arrival's flags.
pub const BUSY: u8 = 2;
pub const PLANNED: u8 = 4;

/// An arrival as a seat took it; monotonic nanoseconds.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub call_id: i64,
    pub intended_ns: i64,
    pub taken_ns: i64,
    pub flags: u8,
}

/// Why an arrival never left.
#[derive(Clone, Copy)]
pub enum Unsent {
    Late,
    Stopped,
}

/// Rows that wait to be written.
#[derive(Default)]
pub struct Rows(Vec<u8>);

impl Rows {
    pub fn take(&mut self) -> Vec<u8> {
        let fresh = Vec::with_capacity(self.0.len());
        std::mem::replace(&mut self.0, fresh)
    }

    /// Add a call that ended well at its first attempt.
    pub fn call(&mut self, arrival: &Arrival, sent_ns: i64, end_ns: i64, ends_ns: i64, method: u8) {
        let times = [arrival.taken_ns - arrival.intended_ns, sent_ns - arrival.taken_ns, end_ns - sent_ns].map(micros);
        let life_ms = life_ms(ends_ns, sent_ns);
        self.add(arrival, times, life_ms, 1, [KIND_CALL, 0, 0, arrival.flags | FINAL | MARK, method, 0, 0, 0]);
    }

    /// Add an arrival that never left.
    pub fn not_sent(&mut self, arrival: &Arrival, now_ns: i64, why: Unsent, method: u8) {
        let taken_ns = if arrival.taken_ns > 0 { arrival.taken_ns } else { now_ns };
        let cause = match why {
            Unsent::Late => CAUSE_LATE,
            Unsent::Stopped => CAUSE_STOPPED,
        };
        let no_code = u8::MAX; // -1
        let flags = arrival.flags | FINAL | MARK;
        let tail = [KIND_NOT_SENT, 0, 0, flags, method, no_code, ORIGIN_GENERATOR, cause];
        self.add(arrival, [micros(taken_ns - arrival.intended_ns), 0, 0], NO_LIFE, 0, tail);
    }

    fn add(&mut self, arrival: &Arrival, times: [i32; 3], life_ms: i32, messages: u32, tail: [u8; 8]) {
        let steps = 0u32;
        self.0.reserve(BYTES);
        self.0.extend_from_slice(&arrival.intended_ns.to_le_bytes());
        self.0.extend_from_slice(&arrival.call_id.to_le_bytes());
        for time in times {
            self.0.extend_from_slice(&time.to_le_bytes());
        }
        self.0.extend_from_slice(&life_ms.to_le_bytes());
        self.0.extend_from_slice(&steps.to_le_bytes());
        self.0.extend_from_slice(&messages.to_le_bytes());
        self.0.extend_from_slice(&tail);
    }
}

fn micros(ns: i64) -> i32 {
    i32::try_from((ns / 1000).max(0)).unwrap_or(i32::MAX)
}

/// Return a token's life left, in milliseconds; `i64::MAX` is a token that never ends.
fn life_ms(ends_ns: i64, now_ns: i64) -> i32 {
    let left = ends_ns.saturating_sub(now_ns) / 1_000_000;
    i32::try_from(left).unwrap_or(if left > 0 { i32::MAX } else { NO_LIFE + 1 })
}
