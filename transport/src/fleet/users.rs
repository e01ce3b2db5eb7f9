//! Users: which are there, which are idle, and what each is doing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use crate::call::control::Control;
use crate::fleet::arrival::Arrival;

/// One user.
#[derive(Default)]
pub struct User {
    pub present: bool,
    /// Whether Python makes the rest of its call.
    pub handed_over: bool,
    /// The arrival that it took, until that is over.
    pub current: Option<Arrival>,
    pub waker: Option<Waker>,
    control: Arc<Control>,
}

/// All users of a fleet, by their number.
#[derive(Default)]
pub struct Users {
    all: Vec<User>,
    idle: VecDeque<usize>,
}

impl Users {
    /// Add a user whose calls a control cancels; return the user's number.
    pub fn add(&mut self, control: Arc<Control>) -> usize {
        self.all.push(User { present: true, control, ..User::default() });
        self.all.len() - 1
    }

    /// Remove a user, once its call is over.
    pub fn remove(&mut self, user: usize) {
        self.all[user].present = false;
        self.idle.retain(|idle| *idle != user);
        self.wake(user);
    }

    pub fn at(&mut self, user: usize) -> &mut User {
        &mut self.all[user]
    }

    /// Return the user that has been idle for longest, and count it as idle no more.
    pub fn take_idle(&mut self) -> Option<usize> {
        self.idle.pop_front()
    }

    /// Note that a user is idle, and waits until it is woken.
    pub fn rest(&mut self, user: usize, waker: Waker) {
        if !self.idle.contains(&user) {
            self.idle.push_back(user);
        }
        self.all[user].waker = Some(waker);
    }

    pub fn wake(&mut self, user: usize) {
        if let Some(waker) = self.all[user].waker.take() {
            waker.wake();
        }
    }

    pub fn wake_all(&mut self) {
        self.idle.clear();
        for user in 0..self.all.len() {
            self.wake(user);
        }
    }

    /// Cancel all calls that are made here, and return their arrivals. Those that Python makes go on.
    pub fn abandon(&mut self) -> Vec<Arrival> {
        let here = self.all.iter_mut().filter(|user| !user.handed_over);
        let in_flight = here.filter_map(|user| user.current.take()).collect();
        for user in &self.all {
            user.control.cancel();
        }
        in_flight
    }
}
