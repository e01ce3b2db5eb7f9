//! Methods, as Python has them: one RPC of a channel, and how each of its calls is made.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Uri};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use tokio::time::Instant;

use crate::call::control::Control;
use crate::call::request::{Body, CallRequest};
use crate::connection::channel::OpenChannel;
use crate::python::completions::Event;
use crate::python::engine::UnaryCall;
use crate::python::hub::Hub;
use crate::python::pairs;
use crate::python::stream::Stream;
use crate::python::to_python::{Shape, refused};
use crate::wire::framing::{Encoding, frame};

/// One RPC of a channel.
#[pyclass(frozen)]
pub struct Method {
    open: Arc<OpenChannel>,
    uri: Uri,
    /// The metadata of the last call, and its headers: callers give the same again and again, for the life of a token.
    last: Mutex<Option<(Py<PyTuple>, HeaderMap)>>,
}

/// How one call is made: time-out in seconds, metadata, whether it waits for a connection, grpc's number of a compression.
type How<'py> = (Option<f64>, Option<Bound<'py, PyAny>>, bool, Option<u8>);

impl Method {
    pub fn new(open: Arc<OpenChannel>, uri: Uri) -> Self {
        Self { open, uri, last: Mutex::default() }
    }

    fn request(&self, how: &How<'_>) -> PyResult<CallRequest> {
        let (timeout, pairs, wait_for_ready, compression) = how;
        let left = timeout.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX));
        Ok(CallRequest {
            uri: self.uri.clone(),
            metadata: self.headers(pairs.as_ref())?,
            deadline: left.and_then(|left| Instant::now().checked_add(left)),
            wait_for_ready: *wait_for_ready,
            encoding: compression.and_then(Encoding::from_number).unwrap_or(self.open.channel.settings.encoding),
        })
    }

    /// Return the headers of a call's metadata. A tuple of tuples cannot change, so the same one has the same headers.
    fn headers(&self, pairs: Option<&Bound<'_, PyAny>>) -> PyResult<HeaderMap> {
        let tuple = pairs.and_then(|pairs| pairs.cast_exact::<PyTuple>().ok());
        let Some(tuple) = tuple else { return pairs::to_headers(pairs) };
        let mut last = self.last.lock().expect("no holder panics");
        if let Some((_, headers)) = last.as_ref().filter(|(known, _)| known.is(tuple)) {
            return Ok(headers.clone());
        }
        let headers = pairs::to_headers(pairs)?;
        if tuple.iter().all(|pair| pair.is_exact_instance_of::<PyTuple>()) {
            *last = Some((tuple.clone().unbind(), headers.clone()));
        }
        Ok(headers)
    }

    fn framed(&self, message: &[u8], request: &CallRequest) -> PyResult<Bytes> {
        let limit = self.open.channel.settings.max_send;
        frame(message, request.encoding, limit).map_err(|status| refused(&status))
    }
}

#[pymethods]
impl Method {
    /// Start a unary call, which begins at the hub's next kick; return its key. `target` is called with what comes.
    #[pyo3(signature = (hub, target, whole, message, timeout, metadata, wait_for_ready, compression))]
    #[allow(clippy::too_many_arguments)]
    fn start(
        &self,
        hub: &Hub,
        target: Py<PyAny>,
        whole: bool,
        message: &[u8],
        timeout: Option<f64>,
        metadata: Option<Bound<'_, PyAny>>,
        wait_for_ready: bool,
        compression: Option<u8>,
    ) -> PyResult<u64> {
        let request = self.request(&(timeout, metadata, wait_for_ready, compression))?;
        let message = self.framed(message, &request)?;
        let control = Arc::new(Control::default());
        let key = hub.wait(target, &control, if whole { Shape::Outcome } else { Shape::Reply });
        let completions = Arc::clone(&hub.completions);
        hub.engine.put(UnaryCall {
            channel: Arc::clone(&self.open.channel),
            request,
            message,
            control,
            done: Box::new(move |outcome| completions.push(key, Event::End(Box::new(outcome)))),
        });
        Ok(key)
    }

    /// Open a stream; with a message that is all it sends. `target` is called with all that comes.
    #[pyo3(signature = (hub, target, message, timeout, metadata, wait_for_ready, compression))]
    #[allow(clippy::too_many_arguments)]
    fn open(
        &self,
        hub: &Hub,
        target: Py<PyAny>,
        message: Option<&[u8]>,
        timeout: Option<f64>,
        metadata: Option<Bound<'_, PyAny>>,
        wait_for_ready: bool,
        compression: Option<u8>,
    ) -> PyResult<Stream> {
        let request = self.request(&(timeout, metadata, wait_for_ready, compression))?;
        let body = match message {
            Some(message) => Body::Whole(self.framed(message, &request)?),
            None => Body::Stream,
        };
        Ok(Stream::open(hub, target, &self.open, request, body))
    }
}
