//! Back-off: pauses between the beginnings of attempts to connect, growing, with a fifth of jitter either way.
//!
//! Source: grpc/grpc doc/connection-backoff.md.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const JITTER: f64 = 0.2;
const GROWTH: f64 = 1.6;

/// The pauses of one series of attempts.
pub struct Backoff {
    next_s: f64,
    max_s: f64,
    /// The state of a xorshift generator: never zero.
    random: u64,
}

impl Backoff {
    pub fn new(first: Duration, max: Duration) -> Self {
        let seed = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_nanos());
        let random = u64::try_from(seed & 0xffff_ffff).unwrap_or(1) | 1;
        Self { next_s: first.as_secs_f64(), max_s: max.as_secs_f64(), random }
    }

    /// Return the next pause.
    pub fn next_pause(&mut self) -> Duration {
        let pause_s = self.next_s.min(self.max_s);
        self.next_s = (self.next_s * GROWTH).min(self.max_s);
        Duration::from_secs_f64((pause_s * (1.0 - JITTER + 2.0 * JITTER * self.share())).max(0.0))
    }

    /// Return a random number from 0 to 1.
    fn share(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        #[allow(clippy::cast_precision_loss)]
        let share = (self.random % 1_000_000) as f64 / 1_000_000.0;
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit_within_a_fifth() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        let pauses: Vec<f64> = (0..10).map(|_| backoff.next_pause().as_secs_f64()).collect();
        for (pause, ideal) in pauses.iter().zip([0.1, 0.16, 0.256, 0.4096, 0.65536, 1.0, 1.0, 1.0, 1.0, 1.0]) {
            assert!((pause / ideal - 1.0).abs() <= JITTER + 1e-9, "{pause} beside {ideal}");
        }
    }
}
