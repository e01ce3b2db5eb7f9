//! The strings of a call: how it is left, fed and slowed from outside its task.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;

/// What a call is held by from outside.
#[derive(Default)]
pub struct Control {
    waker: AtomicWaker,
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    left: bool,
    outgoing: VecDeque<Bytes>,
    half_closed: bool,
    credit: u32,
}

/// What a call sends next.
pub enum Outgoing {
    Message(Bytes),
    End,
}

impl Control {
    /// Leave the call: it is cancelled.
    pub fn leave(&self) {
        self.change(|shared| shared.left = true);
    }

    /// Send a framed message when there is room for it.
    pub fn send(&self, message: Bytes) {
        self.change(|shared| shared.outgoing.push_back(message));
    }

    /// Send no more messages.
    pub fn half_close(&self) {
        self.change(|shared| shared.half_closed = true);
    }

    /// Want so many more messages.
    pub fn want(&self, messages: u32) {
        self.change(|shared| shared.credit = shared.credit.saturating_add(messages));
    }

    pub fn poll_credit(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll(cx, |shared| {
            shared.credit = shared.credit.checked_sub(1)?;
            Some(())
        })
    }

    pub fn poll_left(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll(cx, |shared| shared.left.then_some(()))
    }

    pub fn poll_outgoing(&self, cx: &mut Context<'_>) -> Poll<Outgoing> {
        self.poll(cx, |shared| match shared.outgoing.pop_front() {
            Some(message) => Some(Outgoing::Message(message)),
            None => shared.half_closed.then_some(Outgoing::End),
        })
    }

    fn change(&self, change: impl FnOnce(&mut Shared)) {
        change(&mut self.shared.lock().expect("no holder panics"));
        self.waker.wake();
    }

    fn poll<T>(&self, cx: &mut Context<'_>, take: impl FnOnce(&mut Shared) -> Option<T>) -> Poll<T> {
        self.waker.register(cx.waker());
        take(&mut self.shared.lock().expect("no holder panics")).map_or(Poll::Pending, Poll::Ready)
    }
}
