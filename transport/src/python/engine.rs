//! The engine: the one thread on which all calls of a process run, and the way in.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::call::control::Control;
use crate::call::exchange::make_call;
use crate::call::outcome::Outcome;
use crate::call::request::{Body, CallRequest};
use crate::call::response::UnaryReply;
use crate::connection::channel::Channel;

/// The engine, and the process that it belongs to.
static OF_PROCESS: Mutex<Option<(u32, Arc<Engine>)>> = Mutex::new(None);

/// A unary call on its way in; `done` gets its outcome.
pub struct UnaryCall {
    pub channel: Arc<Channel>,
    pub request: CallRequest,
    pub message: Bytes,
    pub control: Arc<Control>,
    pub done: Box<dyn FnOnce(Outcome) + Send>,
}

impl UnaryCall {
    async fn run(self) {
        let mut reply = UnaryReply::default();
        let body = Body::Whole(self.message);
        let outcome = make_call(&self.channel, self.request, body, &self.control, &mut reply, || {}).await;
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
    calls: Mutex<Vec<UnaryCall>>,
    news: Notify,
    over: AtomicBool,
}

impl Engine {
    /// Return this process's engine, started when it is first asked for. A fork gets one of its own.
    pub fn of_process() -> io::Result<Arc<Self>> {
        let mut held = OF_PROCESS.lock().expect("no holder panics");
        let pid = std::process::id();
        match held.take() {
            Some((owner, engine)) if owner == pid => {
                *held = Some((pid, Arc::clone(&engine)));
                return Ok(engine);
            }
            // The parent's: its thread is not here, and its locks may be held for ever.
            other => std::mem::forget(other),
        }
        let engine = Self::start()?;
        *held = Some((pid, Arc::clone(&engine)));
        Ok(engine)
    }

    /// Stop this process's engine, if there is one.
    pub fn stop_of_process() {
        let held = OF_PROCESS.lock().expect("no holder panics").take();
        match held {
            Some((owner, engine)) if owner == std::process::id() => engine.stop(),
            other => std::mem::forget(other),
        }
    }

    /// Start the thread; signals stay with the others.
    fn start() -> io::Result<Arc<Self>> {
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
    pub fn put(&self, call: UnaryCall) {
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
    fn stop(&self) {
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
