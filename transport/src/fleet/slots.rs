//! Slots: the tokens that users carry, one for each group of users that shares one.

use http::HeaderMap;

use crate::clock::now_ns;

/// A token as its group uses it; times in nanoseconds of the monotonic clock.
#[derive(Default)]
pub struct Slot {
    /// Python's number of the token.
    pub token: u64,
    pub metadata: HeaderMap,
    /// From then on Python decides; 0 for no token.
    pub use_until_ns: i64,
    pub ends_ns: i64,
    /// Whether a server took it.
    pub proven: bool,
}

/// All slots of a fleet, by their number.
#[derive(Default)]
pub struct Slots(Vec<Slot>);

impl Slots {
    /// Give a slot its token; the same token stays proven.
    pub fn set(&mut self, slot: usize, held: Slot) {
        if self.0.len() <= slot {
            self.0.resize_with(slot + 1, Slot::default);
        }
        let proven = self.0[slot].proven && self.0[slot].token == held.token;
        self.0[slot] = Slot { proven, ..held };
    }

    /// Return a slot's token, metadata and end, where it may be used without asking.
    pub fn granted(&self, slot: usize) -> Option<(u64, HeaderMap, i64)> {
        let slot = self.0.get(slot).filter(|slot| now_ns() < slot.use_until_ns)?;
        Some((slot.token, slot.metadata.clone(), slot.ends_ns))
    }

    /// Note that a server took a token; return whether that is news.
    pub fn prove(&mut self, slot: usize, token: u64) -> bool {
        let held = &mut self.0[slot];
        let news = held.token == token && !held.proven;
        held.proven |= news;
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(token: u64, use_until_ns: i64) -> Slot {
        Slot { token, use_until_ns, ends_ns: use_until_ns + 1, ..Slot::default() }
    }

    #[test]
    fn a_token_is_proven_once_and_stays_so_while_it_is_the_same() {
        let mut slots = Slots::default();
        slots.set(1, held(7, i64::MAX - 1));
        assert!(slots.prove(1, 7));
        slots.set(1, held(7, i64::MAX - 1));
        assert!(!slots.prove(1, 7));
        slots.set(1, held(8, i64::MAX - 1));
        assert!(!slots.prove(1, 7), "an older token says nothing of this one");
        assert!(slots.prove(1, 8));
    }

    #[test]
    fn a_token_is_given_until_its_time_and_never_from_a_slot_without_one() {
        let mut slots = Slots::default();
        assert!(slots.granted(0).is_none());
        slots.set(1, held(7, i64::MAX - 1));
        assert_eq!(slots.granted(1).map(|(token, _, _)| token), Some(7));
        assert!(slots.granted(0).is_none());
        slots.set(1, held(7, 1));
        assert!(slots.granted(1).is_none());
    }
}
