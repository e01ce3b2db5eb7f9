//! Rows: what a call leaves behind, packed as `harness.results.row` packs it. That module defines the layout; a test of
//! the harness reads rows of both.

use crate::fleet::arrival::{Arrival, GoodCall, Unsent};

/// Version of the row.
pub const SCHEMA: u32 = 2;
const BYTES: usize = 52;
const MARK: u8 = 0xA0;
const FINAL: u8 = 1;
const NO_LIFE: i32 = i32::MIN;
const KIND_CALL: u8 = 0;
const KIND_NOT_SENT: u8 = 2;
const CODE_OK: i32 = 0;
const NO_CODE: i32 = -1;
const ORIGIN_GENERATOR: u8 = 9;
const CAUSE_LATE: u8 = 29;
const CAUSE_STOPPED: u8 = 30;

/// One good call of so many is shown to the auth trace.
const SAMPLE_EVERY: u64 = 100;

/// A good call for the auth trace: which row of its batch it is, and its token.
pub struct Sample {
    pub row: usize,
    pub slot: usize,
    pub token: u64,
}

/// Rows that wait to be written, and the samples among them.
#[derive(Default)]
pub struct Rows {
    packed: Vec<u8>,
    samples: Vec<Sample>,
    good: u64,
}

impl Rows {
    /// Take the rows since the last time, and the samples among them.
    pub fn take(&mut self) -> (Vec<u8>, Vec<Sample>) {
        let fresh = Vec::with_capacity(self.packed.len());
        (std::mem::replace(&mut self.packed, fresh), std::mem::take(&mut self.samples))
    }

    /// Add a good call, which carried the token of a slot.
    pub fn add_good(&mut self, arrival: &Arrival, call: &GoodCall, slot: usize) {
        if self.good.is_multiple_of(SAMPLE_EVERY) {
            self.samples.push(Sample { row: self.packed.len() / BYTES, slot, token: call.token });
        }
        self.good += 1;
        let (taken_ns, sent_ns) = (arrival.taken_ns, call.sent_ns);
        let times = [taken_ns - arrival.intended_ns, sent_ns - taken_ns, call.ended_ns - sent_ns].map(micros);
        let life_ms = life_ms(call.expires_ns, sent_ns);
        let flags = arrival.flags | FINAL | MARK;
        self.add(arrival, times, life_ms, 1, [KIND_CALL, 0, 0, flags], call.method, CODE_OK, [0, 0]);
    }

    /// Add an arrival that was never sent.
    pub fn add_unsent(&mut self, arrival: &Arrival, now_ns: i64, why: Unsent, method: u16) {
        let taken_ns = if arrival.taken_ns > 0 { arrival.taken_ns } else { now_ns };
        let cause = match why {
            Unsent::Late => CAUSE_LATE,
            Unsent::Stopped => CAUSE_STOPPED,
        };
        let flags = arrival.flags | FINAL | MARK;
        let times = [micros(taken_ns - arrival.intended_ns), 0, 0];
        let why = [ORIGIN_GENERATOR, cause];
        self.add(arrival, times, NO_LIFE, 0, [KIND_NOT_SENT, 0, 0, flags], method, NO_CODE, why);
    }

    #[allow(clippy::too_many_arguments)]
    fn add(
        &mut self,
        arrival: &Arrival,
        times: [i32; 3],
        life_ms: i32,
        messages: u32,
        kind: [u8; 4],
        method: u16,
        code: i32,
        why: [u8; 2],
    ) {
        let steps = 0u32;
        self.packed.reserve(BYTES);
        self.packed.extend_from_slice(&arrival.intended_ns.to_le_bytes());
        self.packed.extend_from_slice(&arrival.call_id.to_le_bytes());
        for time in times {
            self.packed.extend_from_slice(&time.to_le_bytes());
        }
        self.packed.extend_from_slice(&life_ms.to_le_bytes());
        self.packed.extend_from_slice(&steps.to_le_bytes());
        self.packed.extend_from_slice(&messages.to_le_bytes());
        self.packed.extend_from_slice(&kind);
        self.packed.extend_from_slice(&method.to_le_bytes());
        self.packed.extend_from_slice(&code.to_le_bytes());
        self.packed.extend_from_slice(&why);
    }
}

fn micros(ns: i64) -> i32 {
    i32::try_from((ns / 1000).max(0)).unwrap_or(i32::MAX)
}

/// Return how long a token still lives, in milliseconds; `i64::MAX` is a token that never expires.
fn life_ms(expires_ns: i64, now_ns: i64) -> i32 {
    let left = expires_ns.saturating_sub(now_ns) / 1_000_000;
    i32::try_from(left).unwrap_or(if left > 0 { i32::MAX } else { NO_LIFE + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival() -> Arrival {
        Arrival { call_id: 1, intended_ns: 1_000_000, taken_ns: 2_000_000, flags: 0 }
    }

    fn good(token: u64) -> GoodCall {
        GoodCall { token, expires_ns: i64::MAX, sent_ns: 3_000_000, ended_ns: 4_000_000, method: 0 }
    }

    #[test]
    fn one_good_call_in_a_hundred_is_sampled_by_its_place_in_its_batch() {
        let mut rows = Rows::default();
        rows.add_unsent(&arrival(), 0, Unsent::Late, 0);
        (0..100).for_each(|token| rows.add_good(&arrival(), &good(token), 7));
        let (packed, samples) = rows.take();
        assert_eq!(packed.len(), 101 * BYTES);
        assert_eq!(
            samples.iter().map(|sample| (sample.row, sample.slot, sample.token)).collect::<Vec<_>>(),
            [(1, 7, 0)]
        );
        rows.add_good(&arrival(), &good(100), 7);
        assert_eq!(rows.take().1[0].row, 0);
    }

    #[test]
    fn a_token_that_never_expires_has_the_longest_life_and_none_is_without_one() {
        assert_eq!(life_ms(i64::MAX, 1), i32::MAX);
        assert_eq!(life_ms(5_000_000, 2_000_000), 3);
        assert_eq!(life_ms(i64::MIN, 1), NO_LIFE + 1);
    }
}
