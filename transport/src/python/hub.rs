//! The hub: brings completions to one event loop of Python's, and tells it what they are.

use std::collections::HashMap;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::call::control::Control;
use crate::call::outcome::Outcome;
use crate::python::completions::{Completions, Event};
use crate::python::engine::Engine;
use crate::python::pairs;
use crate::wire::status::OK;

static ENGINE: Mutex<Option<(u32, Arc<Engine>)>> = Mutex::new(None);

/// Return this process's engine; a fork has one of its own.
pub fn engine() -> PyResult<Arc<Engine>> {
    let mut held = ENGINE.lock().expect("no holder panics");
    let pid = std::process::id();
    match held.take() {
        Some((owner, engine)) if owner == pid => {
            *held = Some((pid, Arc::clone(&engine)));
            return Ok(engine);
        }
        // The parent's: its thread is not here, and its locks may be held for ever.
        other => std::mem::forget(other),
    }
    let engine = Engine::start().map_err(|error| PyOSError::new_err(error.to_string()))?;
    *held = Some((pid, Arc::clone(&engine)));
    Ok(engine)
}

/// End the engine's thread, and every call with it.
#[pyfunction]
pub fn stop(py: Python<'_>) {
    let held = ENGINE.lock().expect("no holder panics").take();
    match held {
        Some((owner, engine)) if owner == std::process::id() => py.detach(|| engine.stop()),
        other => std::mem::forget(other),
    }
}

/// What somebody in Python waits for.
struct Waiting {
    /// Called with what is told.
    target: Py<PyAny>,
    control: Arc<Control>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A unary call; of a good one only the reply is told.
    Reply,
    /// A unary call of which all is told.
    Whole,
    /// A stream, or a channel's states: told more than once.
    Stream,
}

/// Brings events to one event loop of Python's.
#[pyclass(frozen)]
pub struct Hub {
    pub completions: Arc<Completions>,
    pub engine: Arc<Engine>,
    waiting: Mutex<HashMap<u64, Waiting>>,
    next: AtomicU64,
}

impl Hub {
    pub fn wait(&self, target: Py<PyAny>, control: &Arc<Control>, kind: Kind) -> u64 {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        let waiting = Waiting { target, control: Arc::clone(control), kind };
        self.waiting.lock().expect("no holder panics").insert(key, waiting);
        key
    }
}

#[pymethods]
impl Hub {
    #[new]
    fn new() -> PyResult<Self> {
        let completions = Completions::new().map_err(|error| PyOSError::new_err(error.to_string()))?;
        let (waiting, next) = (Mutex::new(HashMap::new()), AtomicU64::new(0));
        Ok(Self { completions, waiting, next, engine: engine()? })
    }

    /// Return the descriptor that is readable when there is something to take.
    fn fileno(&self) -> RawFd {
        self.completions.fd()
    }

    /// Return whom to call with what, and when a call ended (monotonic ns; 0 for all else): call it when the
    /// descriptor is readable.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let events = self.completions.take();
        let mut told = Vec::with_capacity(events.len());
        for (key, event) in events {
            let mut waiting = self.waiting.lock().expect("no holder panics");
            let Some(kind) = waiting.get(&key).map(|one| one.kind) else { continue };
            let target = if matches!(event, Event::End(_)) {
                waiting.remove(&key).map(|one| one.target)
            } else {
                waiting.get(&key).map(|one| one.target.clone_ref(py))
            };
            drop(waiting);
            let ended_ns = if let Event::End(outcome) = &event { outcome.ended_ns } else { 0 };
            told.push((target, shown(py, event, kind)?, ended_ns));
        }
        PyList::new(py, told)
    }

    /// Leave a call: it is cancelled, and nobody is told.
    fn leave(&self, key: u64) {
        let waiting = self.waiting.lock().expect("no holder panics").remove(&key);
        if let Some(waiting) = waiting {
            waiting.control.cancel();
        }
    }

    /// Begin the unary calls that were started.
    fn kick(&self) {
        self.engine.kick();
    }
}

/// Return an event as Python is told of it.
fn shown<'py>(py: Python<'py>, event: Event, kind: Kind) -> PyResult<Bound<'py, PyAny>> {
    let pair = |number: u8, value: Bound<'py, PyAny>| Ok((number, value).into_pyobject(py)?.into_any());
    match event {
        Event::End(outcome) => {
            if kind == Kind::Reply && outcome.status.code == OK {
                let message = outcome.message.as_ref().map(|message| PyBytes::new(py, message));
                return Ok(message.into_pyobject(py)?.into_any());
            }
            let told = self::outcome(py, &outcome)?;
            if kind == Kind::Stream { pair(0, told) } else { Ok(told) }
        }
        Event::Message(message) => pair(1, PyBytes::new(py, &message).into_any()),
        Event::Initial(headers) => pair(2, pairs::from_headers(py, &headers)?.into_any()),
        Event::Sent => pair(3, py.None().into_bound(py)),
        Event::State(number) => pair(4, number.into_pyobject(py)?.into_any()),
        Event::Fleet(told) => crate::python::fleet::shown(py, &told),
    }
}

/// Return what a call came to: code, text, reply, first and last metadata.
pub fn outcome<'py>(py: Python<'py>, outcome: &Outcome) -> PyResult<Bound<'py, PyAny>> {
    let told = (
        outcome.status.code,
        &outcome.status.details,
        outcome.message.as_ref().map(|message| PyBytes::new(py, message)),
        pairs::from_headers(py, &outcome.initial)?,
        pairs::from_headers(py, &outcome.trailing)?,
    );
    Ok(told.into_pyobject(py)?.into_any())
}
