//! The handle on a call that runs: it cancels the call, feeds it messages and lets its replies come.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;

/// What a call shares with whoever started it; the call's task polls, others call.
#[derive(Default)]
pub struct Control {
    waker: AtomicWaker,
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    cancelled: bool,
    outgoing: VecDeque<Bytes>,
    half_closed: bool,
    /// How many more messages the reader of a stream has room for.
    credit: u32,
}

/// What a call sends next.
pub enum Outgoing {
    Message(Bytes),
    End,
}

impl Control {
    /// Cancel the call.
    pub fn cancel(&self) {
        self.change(|shared| shared.cancelled = true);
    }

    /// Queue a framed message, which leaves when the peer has room for it.
    pub fn send(&self, message: Bytes) {
        self.change(|shared| shared.outgoing.push_back(message));
    }

    /// Send no more messages.
    pub fn half_close(&self) {
        self.change(|shared| shared.half_closed = true);
    }

    /// Let so many more messages come.
    pub fn add_credit(&self, messages: u32) {
        self.change(|shared| shared.credit = shared.credit.saturating_add(messages));
    }

    /// Wait for the credit of one message, and take it.
    pub fn poll_credit(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll(cx, |shared| {
            shared.credit = shared.credit.checked_sub(1)?;
            Some(())
        })
    }

    pub fn poll_cancelled(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll(cx, |shared| shared.cancelled.then_some(()))
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
