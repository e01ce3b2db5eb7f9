//! The fleet: declared calls, made here from their arrival to their row.
//!
//! An arrival that is due goes to an idle user, carries the token of the user's slot, and leaves a row. Whatever needs
//! a decision goes to Python, which makes the rest of that call: an arrival within a fault of calls, a token that is
//! due for renewal, a message that each call makes anew, and an attempt that failed.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

use crate::call::control::Control;
use crate::clock::now_ns;
use crate::fleet::arrival::{Arrival, BUSY, FailedAttempt, GoodCall, PLANNED, Planned, Unsent};
use crate::fleet::rows::{Rows, Sample};
use crate::fleet::schedule::Schedule;
use crate::fleet::slots::{Grant, Slot, Slots};
use crate::fleet::timer::Timer;
use crate::fleet::users::Users;

/// How a fleet makes its calls.
pub struct Plan {
    /// Whether arrivals come due at times of their own (the open model), or whenever a user is idle (the closed one).
    pub open: bool,
    pub deadline: Duration,
    /// An arrival that no user takes for longer is dropped.
    pub max_lag_ns: i64,
    /// How long a user waits between two calls.
    pub think: Duration,
    /// The journal's number for arrivals that are never sent.
    pub no_method: u16,
    /// A framed message for each declared call; None where Python makes it.
    pub messages: Vec<Option<Bytes>>,
}

/// What a fleet tells Python.
pub enum Notice {
    /// Python makes the rest of a user's call; the user waits for its release.
    HandOver { user: usize, arrival: Arrival, failed: Option<FailedAttempt> },
    /// A server accepted a slot's token.
    Proven { slot: usize, token: u64 },
    /// The last arrival is over.
    Finished,
}

/// Declared calls and the users who make them.
pub struct Fleet {
    plan: Plan,
    state: Mutex<State>,
    changed: Notify,
    closing: AtomicBool,
    notify: Box<dyn Fn(Notice) + Send + Sync>,
}

struct State {
    closed: bool,
    schedule: Schedule,
    users: Users,
    slots: Slots,
    rows: Rows,
}

impl Fleet {
    /// Create a fleet; `notify` is called on the runtime's thread, and must not call the fleet: its lock may be held.
    pub fn new(plan: Plan, notify: impl Fn(Notice) + Send + Sync + 'static) -> Arc<Self> {
        let schedule = Schedule::new(plan.open, plan.max_lag_ns);
        let state =
            State { closed: false, schedule, users: Users::default(), slots: Slots::default(), rows: Rows::default() };
        Arc::new(Self {
            plan,
            state: Mutex::new(state),
            changed: Notify::new(),
            closing: AtomicBool::new(false),
            notify: Box::new(notify),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    // --- what Python asks ----------------------------------------------------------------------

    /// Begin; no call starts from `end_ns` on, and Python makes those that are due within a window: from, to.
    pub fn start(&self, end_ns: i64, fault_windows: Vec<(i64, i64)>) {
        let mut state = self.lock();
        state.schedule.start(end_ns, fault_windows);
        state.users.wake_all();
        self.changed.notify_one();
    }

    /// Plan further arrivals, in order; return how many are planned and not due yet.
    pub fn feed(&self, planned: impl IntoIterator<Item = Planned>, complete: bool) -> usize {
        let mut state = self.lock();
        let waiting = state.schedule.feed(planned, complete);
        if !self.plan.open {
            state.users.wake_all();
        }
        self.changed.notify_one();
        waiting
    }

    /// Give a slot its token, or take it away with a `use_until_ns` of 0.
    pub fn set_slot(&self, number: usize, slot: Slot) {
        self.lock().slots.set(number, slot);
    }

    /// Add a user whose calls a control cancels; return the user's number.
    pub fn add_user(&self, control: Arc<Control>) -> usize {
        self.lock().users.add(control)
    }

    /// Remove a user, once its call is over.
    pub fn remove_user(&self, user: usize) {
        self.lock().users.remove(user);
    }

    /// Note that Python has made the rest of a user's call.
    pub fn release(&self, user: usize) {
        let mut state = self.lock();
        state.users.at(user).handed_over = false;
        state.users.at(user).current = None;
        state.schedule.end_one();
        state.users.wake(user);
        self.changed.notify_one();
    }

    /// Return how many arrivals have come due.
    pub fn came_due(&self) -> u64 {
        self.lock().schedule.came_due()
    }

    /// Take the rows since the last time, and the samples among them.
    pub fn take(&self) -> (Vec<u8>, Vec<Sample>) {
        self.lock().rows.take()
    }

    /// Stop; what is queued or in flight here gets a row that says it was not sent.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Release);
        let mut state = self.lock();
        state.closed = true;
        let now_ns = now_ns();
        let queued = state.schedule.abandon();
        let in_flight = state.users.abandon();
        for arrival in queued.into_iter().chain(in_flight) {
            state.rows.add_unsent(&arrival, now_ns, Unsent::Stopped, self.plan.no_method);
        }
        state.users.wake_all();
        self.changed.notify_one();
    }

    // --- time -----------------------------------------------------------------------------------

    /// Let arrivals come due until the fleet is closed.
    pub async fn pace(self: Arc<Self>) {
        let Ok(timer) = Timer::new() else { return };
        while !self.is_closing() {
            let next_ns = self.let_come_due();
            tokio::select! {
                () = timer.wait_until(next_ns.unwrap_or(0)), if next_ns.is_some() => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Hand what is due to idle users, or queue it; return when to look again.
    fn let_come_due(&self) -> Option<i64> {
        let state = &mut *self.lock();
        let now_ns = now_ns();
        while let Some(planned) = state.schedule.pop_due(now_ns) {
            let user = state.users.take_idle();
            state.schedule.queue(&planned, if user.is_some() { PLANNED } else { PLANNED | BUSY });
            if let Some(user) = user {
                state.users.wake(user);
            }
        }
        self.check_finished(state, now_ns);
        state.schedule.next_ns(now_ns)
    }

    fn check_finished(&self, state: &mut State, now_ns: i64) {
        if state.schedule.finish(now_ns) {
            (self.notify)(Notice::Finished);
        }
    }

    // --- a user's calls -------------------------------------------------------------------------

    /// Tell whether the fleet is closed, or about to be.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Return the message of a declared call; None where Python makes it.
    pub fn message(&self, pick: usize) -> Option<Bytes> {
        self.plan.messages.get(pick).and_then(Option::clone)
    }

    /// Return how long a call may take.
    pub fn deadline(&self) -> Duration {
        self.plan.deadline
    }

    /// Return how long a user waits between two calls.
    pub fn think(&self) -> Duration {
        self.plan.think
    }

    /// Return a user's next arrival, and which declared call it makes; None when the user is gone.
    pub fn poll_take(&self, user: usize, cx: &mut Context<'_>) -> Poll<Option<(Arrival, u16)>> {
        let state = &mut *self.lock();
        if state.closed || !state.users.at(user).present {
            return Poll::Ready(None);
        }
        let now_ns = now_ns();
        let (rows, no_method) = (&mut state.rows, self.plan.no_method);
        let taken = state.schedule.take(now_ns, |late| rows.add_unsent(late, now_ns, Unsent::Late, no_method));
        if let Some((arrival, pick)) = taken {
            state.users.at(user).current = Some(arrival.clone());
            return Poll::Ready(Some((arrival, pick)));
        }
        self.check_finished(state, now_ns);
        state.users.rest(user, cx.waker().clone());
        Poll::Pending
    }

    /// Return the token that an arrival's call carries; None where Python must decide.
    pub fn grant(&self, arrival: &Arrival, slot: usize) -> Option<Grant> {
        let state = self.lock();
        if state.schedule.is_in_fault_window(arrival) {
            return None;
        }
        state.slots.grant(slot, now_ns())
    }

    /// Hand the rest of a user's call to Python, and wait until it is made.
    pub async fn hand_over(&self, user: usize, arrival: Arrival, failed: Option<FailedAttempt>) {
        self.lock().users.at(user).handed_over = true;
        (self.notify)(Notice::HandOver { user, arrival, failed });
        poll_fn(|cx| self.poll_released(user, cx)).await;
    }

    fn poll_released(&self, user: usize, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        let user = state.users.at(user);
        user.waker = Some(cx.waker().clone());
        if user.handed_over { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Leave the row of a good call.
    pub fn record(&self, user: usize, slot: usize, arrival: &Arrival, call: &GoodCall) {
        let mut state = self.lock();
        if state.closed {
            return; // its row says that it was stopped
        }
        state.rows.add_good(arrival, call, slot);
        state.users.at(user).current = None;
        state.schedule.end_one();
        if state.slots.prove(slot, call.token) {
            (self.notify)(Notice::Proven { slot, token: call.token });
        }
    }
}
