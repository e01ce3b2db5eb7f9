//! The engine: one thread of its own, on which all calls of a process run, and the way in.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::call::control::Control;
use crate::call::exchange::make_call;
use crate::call::outcome::Outcome;
use crate::call::request::{Body, CallRequest};
use crate::call::response::UnaryReply;
use crate::connection::channel::Channel;

/// A unary call on its way in; `done` hears what it came to.
pub struct Unary {
    pub channel: Arc<Channel>,
    pub asked: CallRequest,
    pub message: bytes::Bytes,
    pub control: Arc<Control>,
    pub done: Box<dyn FnOnce(Outcome) + Send>,
}

impl Unary {
    async fn run(self) {
        let mut reply = UnaryReply::default();
        let sending = Body::Whole(self.message);
        let outcome = make_call(&self.channel, self.asked, sending, &self.control, &mut reply, || {}).await;
        (self.done)(reply.complete(outcome));
    }
}

/// The thread, and what is on its way to it.
pub struct Engine {
    handle: Handle,
    inbox: Arc<Inbox>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Inbox {
    calls: Mutex<Vec<Unary>>,
    news: Notify,
    over: AtomicBool,
}

impl Engine {
    /// Start the thread; signals stay with the others.
    pub fn start() -> std::io::Result<Arc<Self>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (handle, inbox) = (runtime.handle().clone(), Arc::new(Inbox::default()));
        let work = serve(Arc::clone(&inbox));
        let thread = std::thread::Builder::new().name("jwtstorm-calls".into()).spawn(move || {
            runtime.block_on(work);
            runtime.shutdown_background();
        })?;
        Ok(Arc::new(Self { handle, inbox, thread: Mutex::new(Some(thread)) }))
    }

    /// Put a call in; it begins at the next `kick`.
    pub fn put(&self, call: Unary) {
        self.inbox.calls.lock().expect("no holder panics").push(call);
    }

    /// Begin the calls that were put in, if there are any.
    pub fn kick(&self) {
        if !self.inbox.calls.lock().expect("no holder panics").is_empty() {
            self.inbox.news.notify_one();
        }
    }

    /// Run something on the thread.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(work);
    }

    /// End the thread, with all that runs on it.
    pub fn stop(&self) {
        self.inbox.over.store(true, Ordering::Release);
        self.inbox.news.notify_one();
        if let Some(thread) = self.thread.lock().expect("no holder panics").take() {
            thread.join().ok();
        }
    }
}

async fn serve(inbox: Arc<Inbox>) {
    let mut spare = Vec::new();
    while !inbox.over.load(Ordering::Acquire) {
        inbox.news.notified().await;
        std::mem::swap(&mut *inbox.calls.lock().expect("no holder panics"), &mut spare);
        for call in spare.drain(..) {
            tokio::spawn(call.run());
        }
    }
}
