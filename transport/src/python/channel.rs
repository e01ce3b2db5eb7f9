//! Python's side: channels and methods.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Uri};
use pyo3::create_exception;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use tokio::time::Instant;

use crate::call::control::Control;
use crate::call::exchange::make_call;
use crate::call::request::{Body, CallRequest};
use crate::call::response::Sink;
use crate::connection::address::Address;
use crate::connection::channel::Channel as Line;
use crate::connection::settings::{Settings, Value};
use crate::connection::tls::Tls;
use crate::python::completions::{Completions, Event};
use crate::python::engine::{Engine, Unary};
use crate::python::hub::{Hub, Kind, engine};
use crate::python::pairs;
use crate::wire::framing::{Encoding, frame};
use crate::wire::status::Status;

create_exception!(_native, Refused, PyException, "A call that is not sent: its code and details.");

/// A hold on a channel: when the last is gone, the channel is closed.
pub struct Hold(pub Arc<Line>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A channel to one address, with a connection of its own.
#[pyclass(frozen)]
pub struct Channel {
    pub hold: Arc<Hold>,
}

#[pymethods]
impl Channel {
    /// Open a channel; `tls` is (roots, key, chain), each a PEM or None. Raises `ValueError` at what is not had.
    #[new]
    #[allow(clippy::needless_pass_by_value)]
    fn new(
        address: &str,
        options: Vec<(String, Bound<'_, PyAny>)>,
        compression: u8,
        tls: Option<Pems>,
    ) -> PyResult<Self> {
        let options =
            options.into_iter().map(|(name, value)| Ok((name, read(&value)?))).collect::<PyResult<Vec<_>>>()?;
        let line = open(address, &options, compression, tls).map_err(PyValueError::new_err)?;
        engine()?.spawn(Arc::clone(&line).drive());
        Ok(Self { hold: Arc::new(Hold(line)) })
    }

    /// Return a method of the channel, `/package.Service/Method`.
    fn method(&self, path: &str) -> PyResult<Method> {
        let uri = self.hold.0.uri(path).map_err(PyValueError::new_err)?;
        Ok(Method { hold: Arc::clone(&self.hold), uri, engine: engine()?, last: Mutex::default() })
    }

    /// Tell of the channel's states, from the present one on, until the key is left or the channel closed.
    fn watch(&self, hub: &Hub, target: Py<PyAny>) -> u64 {
        let control = Arc::new(Control::default());
        let key = hub.wait(target, &control, Kind::Stream);
        let (completions, mut states) = (Arc::clone(&hub.completions), self.hold.0.watch());
        let mut number = states.borrow_and_update().number();
        hub.engine.spawn(async move {
            loop {
                completions.push(key, Event::State(number));
                tokio::select! {
                    changed = states.changed() => if changed.is_err() { return },
                    () = std::future::poll_fn(|cx| control.poll_cancelled(cx)) => return,
                }
                number = states.borrow_and_update().number();
            }
        });
        key
    }

    /// Ask for a connection.
    fn connect(&self) {
        self.hold.0.want();
    }

    /// End the channel and every call on it.
    fn close(&self) {
        self.hold.0.close();
    }
}

/// Roots, key and chain.
type Pems = (Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>);

fn open(address: &str, options: &[(String, Value)], compression: u8, tls: Option<Pems>) -> Result<Arc<Line>, String> {
    let mut settings = Settings::of(options)?;
    settings.encoding = encoding(compression).ok_or_else(|| format!("compression {compression} is not known"))?;
    let address = Address::parse(address)?;
    let tls = match tls {
        None => None,
        Some((roots, key, chain)) => {
            let name = settings.server_name.clone().unwrap_or_else(|| address.host());
            Some(Tls::new(roots.as_deref(), key.as_deref(), chain.as_deref(), &name)?)
        }
    };
    Line::new(address, tls, settings)
}

fn read(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(number) = value.extract::<i64>() {
        return Ok(Value::Number(number));
    }
    Ok(Value::Text(value.extract()?))
}

/// Return an encoding by grpc's number of it.
fn encoding(number: u8) -> Option<Encoding> {
    [Encoding::Identity, Encoding::Deflate, Encoding::Gzip].get(usize::from(number)).copied()
}

/// One RPC of a channel.
#[pyclass(frozen)]
struct Method {
    hold: Arc<Hold>,
    uri: Uri,
    engine: Arc<Engine>,
    /// The metadata of the last call, and its headers: callers give the same again and again, for the life of a token.
    last: Mutex<Option<(Py<PyTuple>, HeaderMap)>>,
}

/// How one call is made: time-out in seconds, metadata, whether it waits for a connection, grpc's number of a compression.
type How<'py> = (Option<f64>, Option<Bound<'py, PyAny>>, bool, Option<u8>);

impl Method {
    fn asked(&self, how: &How<'_>) -> PyResult<CallRequest> {
        let (timeout, pairs, wait_for_ready, compression) = how;
        let left = timeout.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX));
        Ok(CallRequest {
            uri: self.uri.clone(),
            metadata: self.headers(pairs.as_ref())?,
            deadline: left.and_then(|left| Instant::now().checked_add(left)),
            wait_for_ready: *wait_for_ready,
            encoding: compression.and_then(encoding).unwrap_or(self.hold.0.settings.encoding),
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

    fn framed(&self, message: &[u8], asked: &CallRequest) -> PyResult<Bytes> {
        frame(message, asked.encoding, self.hold.0.settings.max_send).map_err(|status| refused(&status))
    }
}

pub fn refused(status: &Status) -> PyErr {
    Refused::new_err((status.code, status.details.clone()))
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
        let asked = self.asked(&(timeout, metadata, wait_for_ready, compression))?;
        let message = self.framed(message, &asked)?;
        let control = Arc::new(Control::default());
        let key = hub.wait(target, &control, if whole { Kind::Whole } else { Kind::Reply });
        let completions = Arc::clone(&hub.completions);
        self.engine.put(Unary {
            channel: Arc::clone(&self.hold.0),
            asked,
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
        let asked = self.asked(&(timeout, metadata, wait_for_ready, compression))?;
        let encoding = asked.encoding;
        let sending = match message {
            Some(message) => Body::Whole(self.framed(message, &asked)?),
            None => Body::Stream,
        };
        let control = Arc::new(Control::default());
        let key = hub.wait(target, &control, Kind::Stream);
        let (line, completions) = (Arc::clone(&self.hold.0), Arc::clone(&hub.completions));
        let held = Arc::clone(&control);
        self.engine.spawn(async move {
            let mut reader = StreamReader { key, completions: Arc::clone(&completions), control: Arc::clone(&held) };
            let sent = || completions.push(key, Event::Sent);
            let outcome = make_call(&line, asked, sending, &held, &mut reader, sent).await;
            completions.push(key, Event::End(Box::new(outcome)));
        });
        let hold = Arc::clone(&self.hold);
        Ok(Stream { key, control, encoding, hold })
    }
}

struct StreamReader {
    key: u64,
    completions: Arc<Completions>,
    control: Arc<Control>,
}

impl Sink for StreamReader {
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

/// The sending half of a stream, and its strings.
#[pyclass(frozen)]
struct Stream {
    #[pyo3(get)]
    key: u64,
    control: Arc<Control>,
    encoding: Encoding,
    hold: Arc<Hold>,
}

#[pymethods]
impl Stream {
    /// Send a message; `Sent` is told when it has left. Raises `Refused` where it is too large.
    fn send(&self, message: &[u8]) -> PyResult<()> {
        let framed = frame(message, self.encoding, self.hold.0.settings.max_send).map_err(|status| refused(&status))?;
        self.control.send(framed);
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

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Hub>()?;
    module.add_class::<Channel>()?;
    module.add_class::<Method>()?;
    module.add_class::<Stream>()?;
    module.add_class::<crate::python::fleet::Fleet>()?;
    module.add("Refused", module.py().get_type::<Refused>())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(crate::python::hub::stop, module)?)
}
