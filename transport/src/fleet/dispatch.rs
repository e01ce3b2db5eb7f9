//! The fleet: declared calls, made here from their arrival to their row.
//!
//! Users are seats. An arrival that is due goes to a free seat, carries the token of the seat's slot, and leaves a
//! row. Whatever needs a decision goes to Python, which makes the rest of that call: an arrival in the window of a
//! fault of calls, a token that is due for renewal, a message that is made anew for each call, and an attempt that
//! failed.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Uri};
use tokio::sync::Notify;

use crate::call::control::Control;
use crate::call::outcome::Outcome;
use crate::clock::now_ns;
use crate::connection::channel::Channel;
use crate::fleet::rows::{Arrival, BUSY, PLANNED, Rows, Unsent};
use crate::fleet::slots::{Slot, Slots};
use crate::fleet::timer::Timer;
use crate::fleet::user_loop::{Made, Server};
use crate::fleet::users::Seats;
use crate::python::completions::{Completions, Event};

/// Of so many good calls one is shown to the auth trace.
const SAMPLE: u64 = 100;

/// How a fleet goes about its calls; times in nanoseconds.
pub struct Plan {
    pub open: bool,
    pub deadline: Duration,
    pub max_lag_ns: i64,
    pub think: Duration,
    /// The journal's number for arrivals that never leave.
    pub no_method: u8,
    /// A message for each declared call, framed; None where Python makes it.
    pub messages: Vec<Option<Bytes>>,
}

/// An arrival that is planned; `due_ns` is 0 in the closed model.
pub struct Planned {
    pub call_id: i64,
    pub due_ns: i64,
    pub pick: u16,
}

/// What a fleet tells Python.
pub enum Told {
    /// A seat's user makes the rest of a call; the seat waits for its release.
    HandOver { seat: usize, arrival: Arrival, tried: Option<Tried> },
    /// A server took a slot's token.
    Proven { slot: usize, token: u64 },
    /// The last arrival is over.
    Finished,
}

/// An attempt that failed.
pub struct Tried {
    pub token: u64,
    pub sent_ns: i64,
    pub end_ns: i64,
    pub outcome: Box<Outcome>,
}

/// A good call that the auth trace shows: which row of those taken with it, and its token.
pub struct Sample {
    pub row: usize,
    pub slot: usize,
    pub token: u64,
}

#[derive(Default)]
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own
struct State {
    begun: bool,
    closed: bool,
    /// Nothing more will be planned.
    complete: bool,
    end_ns: i64,
    /// Arrivals due within one of these go to Python: from, to.
    windows: Vec<(i64, i64)>,
    finished: bool,
    planned: u64,
    outstanding: u64,
    schedule: VecDeque<Planned>,
    queue: VecDeque<(Arrival, u16)>,
    seats: Seats,
    slots: Slots,
    rows: Rows,
    added: usize,
    good: u64,
    samples: Vec<Sample>,
}

pub struct Fleet {
    plan: Plan,
    state: Mutex<State>,
    changed: Notify,
    key: u64,
    completions: Arc<Completions>,
    stopped: AtomicBool,
}

impl Fleet {
    pub fn new(plan: Plan, key: u64, completions: Arc<Completions>) -> Arc<Self> {
        let (state, changed, stopped) = (Mutex::default(), Notify::new(), AtomicBool::new(false));
        Arc::new(Self { plan, state, changed, key, completions, stopped })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    // --- what Python asks ----------------------------------------------------------------------

    /// Begin; calls end being due at `end_ns`.
    pub fn start(&self, end_ns: i64, windows: Vec<(i64, i64)>) {
        let mut state = self.lock();
        state.begun = true;
        state.windows = windows;
        state.end_ns = end_ns;
        state.seats.wake_all();
        self.changed.notify_one();
    }

    /// Plan further arrivals, in order; return how many are planned and not due yet.
    pub fn feed(&self, planned: impl IntoIterator<Item = Planned>, complete: bool) -> usize {
        let mut state = self.lock();
        state.schedule.extend(planned);
        state.complete |= complete;
        if !self.plan.open {
            state.seats.wake_all();
        }
        self.changed.notify_one();
        state.schedule.len()
    }

    /// Give a slot its token, or take it away with a `use_until_ns` of 0.
    pub fn set_slot(&self, slot: usize, token: u64, metadata: HeaderMap, use_until_ns: i64, ends_ns: i64) {
        self.lock().slots.set(slot, Slot { token, metadata, use_until_ns, ends_ns, proven: false });
    }

    /// Make room for one more user; return its seat and the task that serves it.
    pub fn sit(
        self: &Arc<Self>,
        channel: Arc<Channel>,
        slot: usize,
        calls: Vec<(Uri, u8)>,
    ) -> (usize, impl Future<Output = ()> + Send + 'static) {
        let mut state = self.lock();
        let control = Arc::new(Control::default());
        let seat = state.seats.sit(Arc::clone(&control));
        (seat, Server { fleet: Arc::clone(self), seat, channel, slot, calls, control }.serve())
    }

    /// Take a user's seat away, once its call is over.
    pub fn stand(&self, seat: usize) {
        self.lock().seats.stand(seat);
    }

    /// Note that Python has made the rest of a seat's call.
    pub fn release(&self, seat: usize) {
        let mut state = self.lock();
        state.seats.at(seat).handed_over = false;
        state.seats.at(seat).current = None;
        state.outstanding = state.outstanding.saturating_sub(1);
        state.seats.wake(seat);
        self.changed.notify_one();
    }

    /// Return how many arrivals have come due.
    pub fn planned(&self) -> u64 {
        self.lock().planned
    }

    /// Tell whether the fleet was closed.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Return the message of a declared call; None where Python makes it.
    pub fn message(&self, pick: usize) -> Option<Bytes> {
        self.plan.messages.get(pick).and_then(Option::clone)
    }

    /// Return how long a call may take.
    pub fn deadline(&self) -> Duration {
        self.plan.deadline
    }

    /// Return how long a user thinks between two calls.
    pub fn think(&self) -> Duration {
        self.plan.think
    }

    /// Take the rows since the last time, and the samples among them.
    pub fn take(&self) -> (Vec<u8>, Vec<Sample>) {
        let mut state = self.lock();
        state.added = 0;
        (state.rows.take(), std::mem::take(&mut state.samples))
    }

    /// Stop; what is queued or in flight here was not sent.
    pub fn close(&self) {
        self.stopped.store(true, Ordering::Release);
        let mut state = self.lock();
        state.closed = true;
        let now = now_ns();
        let queued: Vec<Arrival> = state.queue.drain(..).map(|(arrival, _)| arrival).collect();
        let flying = state.seats.abandon();
        for arrival in queued.into_iter().chain(flying) {
            state.rows.not_sent(&arrival, now, Unsent::Stopped, self.plan.no_method);
        }
        state.seats.wake_all();
        self.changed.notify_one();
    }

    // --- the schedule ---------------------------------------------------------------------------

    /// Let arrivals come due until the fleet is closed.
    pub async fn pace(self: Arc<Self>) {
        let Ok(timer) = Timer::new() else { return };
        while !self.is_stopped() {
            let next_ns = self.come_due();
            tokio::select! {
                () = timer.wait_until(next_ns.unwrap_or(0)), if next_ns.is_some() => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Queue what is due; return when the next is.
    fn come_due(&self) -> Option<i64> {
        let mut state = self.lock();
        if !state.begun {
            return None;
        }
        let now = now_ns();
        while self.plan.open && state.schedule.front().is_some_and(|planned| planned.due_ns <= now) {
            let planned = state.schedule.pop_front()?;
            let seat = state.seats.take_free();
            let flags = if seat.is_some() { PLANNED } else { PLANNED | BUSY };
            let arrival = Arrival { call_id: planned.call_id, intended_ns: planned.due_ns, taken_ns: 0, flags };
            state.planned += 1;
            state.outstanding += 1;
            state.queue.push_back((arrival, planned.pick));
            if let Some(seat) = seat {
                state.seats.wake(seat);
            }
        }
        self.check_finished(&mut state, now);
        let due_ns = state.schedule.front().filter(|_| self.plan.open).map(|planned| planned.due_ns);
        due_ns.or((now < state.end_ns).then_some(state.end_ns))
    }

    fn check_finished(&self, state: &mut State, now: i64) {
        let exhausted = now >= state.end_ns && state.complete && (!self.plan.open || state.schedule.is_empty());
        if exhausted && state.begun && state.outstanding == 0 && !state.finished {
            state.finished = true;
            self.tell(Told::Finished);
        }
    }

    fn tell(&self, told: Told) {
        self.completions.push(self.key, Event::Fleet(Box::new(told)));
    }

    // --- a seat's calls -------------------------------------------------------------------------

    /// Return the seat's next arrival, with which call it makes; None when the seat is gone.
    pub fn poll_take(&self, seat: usize, cx: &mut Context<'_>) -> Poll<Option<(Arrival, u16)>> {
        let mut state = self.lock();
        if state.closed || !state.seats.at(seat).present {
            return Poll::Ready(None);
        }
        let now = now_ns();
        let next = if self.plan.open { self.next_due(&mut state, now) } else { Self::next_own(&mut state, now) };
        if let Some((arrival, pick)) = next {
            state.seats.at(seat).current = Some(arrival.clone());
            return Poll::Ready(Some((arrival, pick)));
        }
        self.check_finished(&mut state, now);
        state.seats.rest(seat, cx.waker().clone());
        Poll::Pending
    }

    fn next_due(&self, state: &mut State, now: i64) -> Option<(Arrival, u16)> {
        while let Some((mut arrival, pick)) = state.queue.pop_front() {
            arrival.taken_ns = now;
            if now - arrival.intended_ns <= self.plan.max_lag_ns {
                return Some((arrival, pick));
            }
            state.outstanding -= 1;
            state.added += 1;
            state.rows.not_sent(&arrival, now, Unsent::Late, self.plan.no_method);
        }
        None
    }

    fn next_own(state: &mut State, now: i64) -> Option<(Arrival, u16)> {
        if !state.begun || now >= state.end_ns {
            return None;
        }
        let planned = state.schedule.pop_front()?;
        state.outstanding += 1;
        let arrival = Arrival { call_id: planned.call_id, intended_ns: now, taken_ns: now, flags: 0 };
        Some((arrival, planned.pick))
    }

    fn poll_released(&self, seat: usize, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        let seat = state.seats.at(seat);
        seat.waker = Some(cx.waker().clone());
        if seat.handed_over { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Return token and metadata for an arrival; None where Python must decide.
    pub fn granted(&self, arrival: &Arrival, slot: usize) -> Option<(u64, HeaderMap, i64)> {
        let state = self.lock();
        if state.windows.iter().any(|(from, to)| (*from..*to).contains(&arrival.intended_ns)) {
            return None;
        }
        state.slots.granted(slot)
    }

    /// Give the rest of a seat's call to Python, and wait until it is done.
    pub async fn hand_over(&self, seat: usize, arrival: Arrival, tried: Option<Tried>) {
        self.lock().seats.at(seat).handed_over = true;
        self.tell(Told::HandOver { seat, arrival, tried });
        poll_fn(|cx| self.poll_released(seat, cx)).await;
    }

    /// Leave a good call's row.
    pub fn record(&self, seat: usize, slot: usize, arrival: &Arrival, call: &Made) {
        let mut state = self.lock();
        if state.closed {
            return; // it was recorded as stopped
        }
        state.rows.call(arrival, call.sent_ns, call.end_ns, call.ends_ns, call.method);
        if state.good.is_multiple_of(SAMPLE) {
            let sample = Sample { row: state.added, slot, token: call.token };
            state.samples.push(sample);
        }
        state.added += 1;
        state.good += 1;
        state.seats.at(seat).current = None;
        state.outstanding -= 1;
        if state.slots.prove(slot, call.token) {
            self.tell(Told::Proven { slot, token: call.token });
        }
    }
}
