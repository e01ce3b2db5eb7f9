//! The schedule: arrivals that are planned, those that are due, and when the last is over. The caller brings the time.

use std::collections::VecDeque;

use crate::fleet::arrival::{Arrival, Planned};

/// Arrivals, from their plan to the user who takes them; times of the monotonic clock.
#[derive(Default)]
pub struct Schedule {
    /// Whether arrivals come due at times of their own; otherwise whenever a user takes one.
    open: bool,
    max_lag_ns: i64,
    end_ns: i64,
    /// Arrivals due within one of these go to Python: from, to.
    fault_windows: Vec<(i64, i64)>,
    planned: VecDeque<Planned>,
    due: VecDeque<(Arrival, u16)>,
    came_due: u64,
    outstanding: u64,
    stage: Stage,
    /// Nothing more will be planned.
    complete: bool,
}

#[derive(Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Waiting,
    Started,
    Finished,
}

impl Schedule {
    /// Return an empty schedule; an arrival that nobody took for more than `max_lag_ns` is dropped.
    pub fn new(open: bool, max_lag_ns: i64) -> Self {
        Self { open, max_lag_ns, ..Self::default() }
    }

    pub fn start(&mut self, end_ns: i64, fault_windows: Vec<(i64, i64)>) {
        if self.stage == Stage::Waiting {
            self.stage = Stage::Started;
        }
        self.end_ns = end_ns;
        self.fault_windows = fault_windows;
    }

    /// Plan further arrivals, in order; return how many are planned and not due yet.
    pub fn feed(&mut self, planned: impl IntoIterator<Item = Planned>, complete: bool) -> usize {
        self.planned.extend(planned);
        self.complete |= complete;
        self.planned.len()
    }

    /// Return how many arrivals have come due.
    pub fn came_due(&self) -> u64 {
        self.came_due
    }

    /// Tell whether an arrival falls within a fault of calls.
    pub fn is_in_fault_window(&self, arrival: &Arrival) -> bool {
        self.fault_windows.iter().any(|(from, to)| (*from..*to).contains(&arrival.intended_ns))
    }

    /// Return the next planned arrival, if it is due; `queue` it.
    pub fn pop_due(&mut self, now_ns: i64) -> Option<Planned> {
        let runs = self.open && self.stage != Stage::Waiting;
        let is_due = runs && self.planned.front().is_some_and(|planned| planned.due_ns <= now_ns);
        if is_due { self.planned.pop_front() } else { None }
    }

    /// Let an arrival wait for a user.
    pub fn queue(&mut self, planned: &Planned, flags: u8) {
        let arrival = Arrival { call_id: planned.call_id, intended_ns: planned.due_ns, taken_ns: 0, flags };
        self.came_due += 1;
        self.outstanding += 1;
        self.due.push_back((arrival, planned.pick));
    }

    /// Take the next arrival for a user, with the call that it makes; `dropped` gets those that waited too long.
    pub fn take(&mut self, now_ns: i64, dropped: impl FnMut(&Arrival)) -> Option<(Arrival, u16)> {
        if self.open { self.take_due(now_ns, dropped) } else { self.take_planned(now_ns) }
    }

    fn take_due(&mut self, now_ns: i64, mut dropped: impl FnMut(&Arrival)) -> Option<(Arrival, u16)> {
        while let Some((mut arrival, pick)) = self.due.pop_front() {
            arrival.taken_ns = now_ns;
            if now_ns - arrival.intended_ns <= self.max_lag_ns {
                return Some((arrival, pick));
            }
            self.end_one();
            dropped(&arrival);
        }
        None
    }

    fn take_planned(&mut self, now_ns: i64) -> Option<(Arrival, u16)> {
        if self.stage == Stage::Waiting || now_ns >= self.end_ns {
            return None;
        }
        let planned = self.planned.pop_front()?;
        self.outstanding += 1;
        let arrival = Arrival { call_id: planned.call_id, intended_ns: now_ns, taken_ns: now_ns, flags: 0 };
        Some((arrival, planned.pick))
    }

    /// Note that an arrival is over.
    pub fn end_one(&mut self) {
        self.outstanding = self.outstanding.saturating_sub(1);
    }

    /// Tell whether the last arrival is over; true once.
    pub fn finish(&mut self, now_ns: i64) -> bool {
        let exhausted = now_ns >= self.end_ns && self.complete && (!self.open || self.planned.is_empty());
        let finishes = exhausted && self.stage == Stage::Started && self.outstanding == 0;
        if finishes {
            self.stage = Stage::Finished;
        }
        finishes
    }

    /// Return when something happens next without anybody's doing: an arrival comes due, or the time is up.
    pub fn next_ns(&self, now_ns: i64) -> Option<i64> {
        if self.stage == Stage::Waiting {
            return None;
        }
        let due_ns = self.planned.front().filter(|_| self.open).map(|planned| planned.due_ns);
        due_ns.or((now_ns < self.end_ns).then_some(self.end_ns))
    }

    /// Return the arrivals that wait for a user, which nobody will take.
    pub fn abandon(&mut self) -> Vec<Arrival> {
        self.due.drain(..).map(|(arrival, _)| arrival).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG_NS: i64 = 10;

    fn started(open: bool, dues_ns: &[i64], end_ns: i64) -> Schedule {
        let mut schedule = Schedule::new(open, LAG_NS);
        let planned = dues_ns.iter().zip(0..).map(|(due_ns, call_id)| Planned { call_id, due_ns: *due_ns, pick: 3 });
        schedule.feed(planned, true);
        schedule.start(end_ns, vec![(20, 30)]);
        schedule
    }

    fn let_come_due(schedule: &mut Schedule, now_ns: i64) {
        while let Some(planned) = schedule.pop_due(now_ns) {
            schedule.queue(&planned, 0);
        }
    }

    fn take(schedule: &mut Schedule, now_ns: i64) -> (Option<i64>, Vec<i64>) {
        let mut dropped = Vec::new();
        let taken = schedule.take(now_ns, |arrival| dropped.push(arrival.call_id));
        (taken.map(|(arrival, _)| arrival.call_id), dropped)
    }

    #[test]
    fn an_arrival_comes_due_at_its_time_and_not_before_the_start() {
        let mut schedule = Schedule::new(true, LAG_NS);
        schedule.feed([Planned { call_id: 0, due_ns: 5, pick: 3 }], true);
        assert!(schedule.pop_due(9).is_none());
        assert_eq!(schedule.next_ns(9), None);
        schedule.start(100, vec![]);
        assert!(schedule.pop_due(4).is_none());
        assert_eq!(schedule.next_ns(4), Some(5));
        let_come_due(&mut schedule, 5);
        assert_eq!((schedule.came_due(), schedule.next_ns(5)), (1, Some(100)));
        let (arrival, pick) = schedule.take(7, |_| {}).unwrap();
        assert_eq!((arrival.intended_ns, arrival.taken_ns, pick), (5, 7, 3));
    }

    #[test]
    fn an_arrival_that_waited_too_long_is_dropped_and_over() {
        let mut schedule = started(true, &[1, 2, 8], 9);
        let_come_due(&mut schedule, 8);
        assert_eq!(take(&mut schedule, 13), (Some(2), vec![0, 1]));
        assert!(!schedule.finish(13));
        schedule.end_one();
        assert!(schedule.finish(13));
    }

    #[test]
    fn in_the_closed_model_a_user_takes_the_next_arrival_until_the_time_is_up() {
        let mut schedule = started(false, &[0, 0, 0], 50);
        let_come_due(&mut schedule, 40);
        assert_eq!((schedule.came_due(), schedule.next_ns(40)), (0, Some(50)));
        let (arrival, _) = schedule.take(40, |_| {}).unwrap();
        assert_eq!((arrival.intended_ns, arrival.taken_ns), (40, 40));
        assert_eq!(take(&mut schedule, 50), (None, vec![]));
    }

    #[test]
    fn it_finishes_once_when_the_time_is_up_and_nothing_is_outstanding() {
        let mut schedule = started(true, &[1], 50);
        let_come_due(&mut schedule, 1);
        assert_eq!(take(&mut schedule, 1).0, Some(0));
        assert!(!schedule.finish(50), "a call is in flight");
        schedule.end_one();
        assert!(!schedule.finish(49), "the time is not up");
        assert!(schedule.finish(50));
        assert!(!schedule.finish(51), "it has finished");
    }

    #[test]
    fn a_schedule_that_may_grow_does_not_finish() {
        let mut schedule = Schedule::new(true, LAG_NS);
        schedule.start(50, vec![]);
        assert!(!schedule.finish(60));
        schedule.feed([], true);
        assert!(schedule.finish(60));
    }

    #[test]
    fn a_fault_window_holds_its_beginning_and_not_its_end() {
        let mut schedule = started(true, &[19, 20, 29, 30], 50);
        let_come_due(&mut schedule, 30);
        let inside = |(arrival, _): &(Arrival, u16)| schedule.is_in_fault_window(arrival);
        assert_eq!(schedule.due.iter().map(inside).collect::<Vec<_>>(), [false, true, true, false]);
    }
}
