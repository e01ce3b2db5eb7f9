//! The hub: brings events to one event loop of Python's, each to whom it is for.

use std::collections::HashMap;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::call::control::Control;
use crate::python::completions::{Completions, Event};
use crate::python::engine::Engine;
use crate::python::to_python::{self, Shape};

/// Return this process's engine.
pub fn engine() -> PyResult<Arc<Engine>> {
    Engine::of_process().map_err(|error| PyOSError::new_err(error.to_string()))
}

/// End the engine's thread, and every call with it.
#[pyfunction]
pub fn stop(py: Python<'_>) {
    py.detach(Engine::stop_of_process);
}

/// Somebody in Python who waits for events.
struct Waiter {
    /// Called with each event.
    target: Py<PyAny>,
    control: Arc<Control>,
    shape: Shape,
}

/// Brings events to one event loop of Python's.
#[pyclass(frozen)]
pub struct Hub {
    pub completions: Arc<Completions>,
    pub engine: Arc<Engine>,
    waiters: Mutex<HashMap<u64, Waiter>>,
    next_key: AtomicU64,
}

impl Hub {
    /// Call `target` with each event of the key that is returned; leaving that key cancels what the control is for.
    pub fn wait(&self, target: Py<PyAny>, control: &Arc<Control>, shape: Shape) -> u64 {
        let key = self.next_key.fetch_add(1, Ordering::Relaxed);
        let waiter = Waiter { target, control: Arc::clone(control), shape };
        self.waiters.lock().expect("no holder panics").insert(key, waiter);
        key
    }

    /// Return whom an event is for, and in what shape; None where nobody waits any more.
    fn recipient(&self, py: Python<'_>, key: u64, event: &Event) -> Option<(Py<PyAny>, Shape)> {
        let mut waiters = self.waiters.lock().expect("no holder panics");
        if matches!(event, Event::End(_)) {
            return waiters.remove(&key).map(|waiter| (waiter.target, waiter.shape));
        }
        waiters.get(&key).map(|waiter| (waiter.target.clone_ref(py), waiter.shape))
    }
}

#[pymethods]
impl Hub {
    #[new]
    fn new() -> PyResult<Self> {
        let completions = Completions::new().map_err(|error| PyOSError::new_err(error.to_string()))?;
        let (waiters, next_key) = (Mutex::new(HashMap::new()), AtomicU64::new(0));
        Ok(Self { completions, waiters, next_key, engine: engine()? })
    }

    /// Return the descriptor that is readable when there is something to take.
    fn fileno(&self) -> RawFd {
        self.completions.fd()
    }

    /// Return whom to call with what, and when a call ended (monotonic ns; 0 for all else): call it when the
    /// descriptor is readable.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let events = self.completions.take();
        let mut deliveries = Vec::with_capacity(events.len());
        for (key, event) in events {
            let Some((target, shape)) = self.recipient(py, key, &event) else { continue };
            let ended_ns = if let Event::End(outcome) = &event { outcome.ended_ns } else { 0 };
            deliveries.push((target, to_python::event(py, event, shape)?, ended_ns));
        }
        PyList::new(py, deliveries)
    }

    /// Leave a call: it is cancelled, and nobody is told.
    fn leave(&self, key: u64) {
        let waiter = self.waiters.lock().expect("no holder panics").remove(&key);
        if let Some(waiter) = waiter {
            waiter.control.cancel();
        }
    }

    /// Begin the unary calls that were started.
    fn kick(&self) {
        self.engine.kick();
    }
}
