//! Streams, as Python has them: the sending half and the handle; what comes goes through the hub.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use pyo3::prelude::*;

use crate::call::control::Control;
use crate::call::exchange::make_call;
use crate::call::request::{Body, CallRequest};
use crate::call::response::Sink;
use crate::connection::channel::OpenChannel;
use crate::python::completions::{Completions, Event};
use crate::python::hub::Hub;
use crate::python::to_python::{Shape, refused};
use crate::wire::framing::{Encoding, frame};
use crate::wire::status::Status;

/// The sending half of a stream, and the handle on its call.
#[pyclass(frozen)]
pub struct Stream {
    #[pyo3(get)]
    key: u64,
    control: Arc<Control>,
    encoding: Encoding,
    open: Arc<OpenChannel>,
}

impl Stream {
    /// Open a stream on a channel; `target` is called with all that comes.
    pub fn open(hub: &Hub, target: Py<PyAny>, open: &Arc<OpenChannel>, request: CallRequest, body: Body) -> Self {
        let encoding = request.encoding;
        let control = Arc::new(Control::default());
        let key = hub.wait(target, &control, Shape::Stream);
        let channel = Arc::clone(&open.channel);
        let mut events = Events { key, completions: Arc::clone(&hub.completions), control: Arc::clone(&control) };
        hub.engine.spawn(async move {
            let (completions, control) = (Arc::clone(&events.completions), Arc::clone(&events.control));
            let sent = || completions.push(key, Event::Sent);
            let outcome = make_call(&channel, request, body, &control, &mut events, sent).await;
            completions.push(key, Event::End(Box::new(outcome)));
        });
        Self { key, control, encoding, open: Arc::clone(open) }
    }
}

/// Makes events of what comes, as long as Python has room for it.
struct Events {
    key: u64,
    completions: Arc<Completions>,
    control: Arc<Control>,
}

impl Sink for Events {
    fn initial(&mut self, metadata: &HeaderMap) {
        self.completions.push(self.key, Event::Initial(metadata.clone()));
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.control.poll_credit(cx)
    }

    fn message(&mut self, message: Bytes) -> Result<(), Status> {
        self.completions.push(self.key, Event::Message(message));
        Ok(())
    }
}

#[pymethods]
impl Stream {
    /// Send a message; `Sent` is told when it has left. Raises `Refused` where it is too large.
    fn send(&self, message: &[u8]) -> PyResult<()> {
        let limit = self.open.channel.settings.max_send;
        self.control.send(frame(message, self.encoding, limit).map_err(|status| refused(&status))?);
        Ok(())
    }

    /// Send no more.
    fn half_close(&self) {
        self.control.half_close();
    }

    /// Want so many more messages.
    fn want(&self, messages: u32) {
        self.control.add_credit(messages);
    }

    /// Cancel the call; its end is told.
    fn cancel(&self) {
        self.control.cancel();
    }
}
