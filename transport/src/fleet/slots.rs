//! Slots: the tokens that users carry, one slot for each group of users that shares a token.

use http::HeaderMap;

/// The token of a group; times of the monotonic clock.
#[derive(Default)]
pub struct Slot {
    /// Python's number of the token.
    pub token: u64,
    pub metadata: HeaderMap,
    /// From then on Python decides; 0 where there is no token.
    pub use_until_ns: i64,
    pub expires_ns: i64,
    /// Whether a server accepted it.
    pub proven: bool,
}

/// A token that a call may carry.
pub struct Grant {
    pub token: u64,
    pub metadata: HeaderMap,
    pub expires_ns: i64,
}

/// All slots of a fleet, by their number.
#[derive(Default)]
pub struct Slots(Vec<Slot>);

impl Slots {
    /// Give a slot its token; a token that it had before stays proven.
    pub fn set(&mut self, number: usize, slot: Slot) {
        if self.0.len() <= number {
            self.0.resize_with(number + 1, Slot::default);
        }
        let proven = self.0[number].proven && self.0[number].token == slot.token;
        self.0[number] = Slot { proven, ..slot };
    }

    /// Return a slot's token, where it may be used without asking Python.
    pub fn grant(&self, number: usize, now_ns: i64) -> Option<Grant> {
        let slot = self.0.get(number).filter(|slot| now_ns < slot.use_until_ns)?;
        Some(Grant { token: slot.token, metadata: slot.metadata.clone(), expires_ns: slot.expires_ns })
    }

    /// Note that a server accepted a token; return whether that is news.
    pub fn prove(&mut self, number: usize, token: u64) -> bool {
        let slot = &mut self.0[number];
        let news = slot.token == token && !slot.proven;
        slot.proven |= news;
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(token: u64, use_until_ns: i64) -> Slot {
        Slot { token, use_until_ns, expires_ns: use_until_ns + 1, ..Slot::default() }
    }

    #[test]
    fn a_token_is_proven_once_and_stays_so_while_it_is_the_same() {
        let mut slots = Slots::default();
        slots.set(1, slot(7, 100));
        assert!(slots.prove(1, 7));
        slots.set(1, slot(7, 200));
        assert!(!slots.prove(1, 7));
        slots.set(1, slot(8, 200));
        assert!(!slots.prove(1, 7), "an older token says nothing of this one");
        assert!(slots.prove(1, 8));
    }

    #[test]
    fn a_token_is_granted_until_its_time_and_never_from_a_slot_without_one() {
        let mut slots = Slots::default();
        assert!(slots.grant(0, 1).is_none());
        slots.set(1, slot(7, 100));
        assert_eq!(slots.grant(1, 99).map(|grant| grant.token), Some(7));
        assert!(slots.grant(1, 100).is_none());
        assert!(slots.grant(0, 1).is_none(), "a slot that was only made room for has no token");
    }
}
