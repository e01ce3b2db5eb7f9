//! Seats: who sits where, who is free, and what each has at hand.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use crate::call::control::Control;
use crate::fleet::rows::Arrival;

/// One user's place.
#[derive(Default)]
pub struct Seat {
    pub present: bool,
    /// Whether Python makes the rest of its call.
    pub handed_over: bool,
    pub current: Option<Arrival>,
    pub waker: Option<Waker>,
    pub control: Arc<Control>,
}

/// All seats of a fleet, by their number.
#[derive(Default)]
pub struct Seats {
    all: Vec<Seat>,
    free: VecDeque<usize>,
}

impl Seats {
    /// Make room for one more user; return its seat.
    pub fn sit(&mut self, control: Arc<Control>) -> usize {
        self.all.push(Seat { present: true, control, ..Seat::default() });
        self.all.len() - 1
    }

    /// Take a user's seat away, once its call is over.
    pub fn stand(&mut self, seat: usize) {
        self.all[seat].present = false;
        self.free.retain(|free| *free != seat);
        self.wake(seat);
    }

    pub fn at(&mut self, seat: usize) -> &mut Seat {
        &mut self.all[seat]
    }

    /// Return the seat that has been free for longest, which is free no more.
    pub fn take_free(&mut self) -> Option<usize> {
        self.free.pop_front()
    }

    /// Let a seat wait until it is woken: it is free.
    pub fn rest(&mut self, seat: usize, waker: Waker) {
        if !self.free.contains(&seat) {
            self.free.push_back(seat);
        }
        self.all[seat].waker = Some(waker);
    }

    pub fn wake(&mut self, seat: usize) {
        if let Some(waker) = self.all[seat].waker.take() {
            waker.wake();
        }
    }

    pub fn wake_all(&mut self) {
        self.free.clear();
        for seat in 0..self.all.len() {
            self.wake(seat);
        }
    }

    /// End what is in flight here, and return whose calls those were; Python's go on.
    pub fn abandon(&mut self) -> Vec<Arrival> {
        let here = self.all.iter_mut().filter(|seat| !seat.handed_over);
        let flying = here.filter_map(|seat| seat.current.take()).collect();
        for seat in &self.all {
            seat.control.cancel();
        }
        flying
    }
}
