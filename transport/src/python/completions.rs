//! Completions: events of calls on their way to Python's event loop, in batches through one file descriptor.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use bytes::Bytes;
use http::HeaderMap;

use crate::call::outcome::Outcome;
use crate::fleet::dispatch::Notice;

/// Something that happened to a call, a channel or a fleet.
pub enum Event {
    /// The call ended.
    End(Box<Outcome>),
    /// The initial metadata of a stream came.
    Initial(HeaderMap),
    /// A message of a stream came.
    Message(Bytes),
    /// A message of a stream left.
    Sent,
    /// The channel has another state, as grpc numbers it.
    State(u8),
    /// The fleet has news.
    Fleet(Box<Notice>),
}

/// Events that wait for one event loop, each with the key of whom it is for.
pub struct Completions {
    waiting: Mutex<Vec<(u64, Event)>>,
    announced: AtomicBool,
    reads: PipeReader,
    writes: PipeWriter,
    me: Weak<Self>,
}

impl Completions {
    pub fn new() -> io::Result<Arc<Self>> {
        let (reads, writes) = io::pipe()?;
        Ok(Arc::new_cyclic(|me| Self {
            waiting: Mutex::new(Vec::with_capacity(64)),
            announced: AtomicBool::new(false),
            reads,
            writes,
            me: Weak::clone(me),
        }))
    }

    /// Return what becomes readable when there are events.
    pub fn fd(&self) -> RawFd {
        self.reads.as_raw_fd()
    }

    /// Add an event, from a task of the engine's; one announcement serves all that come before the loop looks.
    pub fn push(&self, key: u64, event: Event) {
        self.waiting.lock().expect("no holder panics").push((key, event));
        if self.announced.swap(true, Ordering::AcqRel) {
            return;
        }
        // Behind every task that is ready now, for they may have events, too.
        let me = Weak::clone(&self.me);
        tokio::spawn(async move {
            if let Some(me) = me.upgrade() {
                (&me.writes).write_all(&[1]).ok();
            }
        });
    }

    /// Take all events; call it when the descriptor is readable.
    pub fn take(&self) -> Vec<(u64, Event)> {
        (&self.reads).read_exact(&mut [0]).ok();
        self.announced.store(false, Ordering::Release);
        let mut waiting = self.waiting.lock().expect("no holder panics");
        let fresh = Vec::with_capacity(waiting.len().max(16));
        std::mem::replace(&mut waiting, fresh)
    }
}
