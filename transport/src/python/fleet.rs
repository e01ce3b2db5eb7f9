//! The fleet, as Python has it. `harness.worker.declared_calls` plans its calls, gives it tokens, and takes calls over.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::call::control::Control;
use crate::connection::channel::OpenChannel;
use crate::fleet::arrival::Planned;
use crate::fleet::dispatch::{self, Plan};
use crate::fleet::slots::Slot;
use crate::fleet::user_loop::add_user;
use crate::python::channel::Channel;
use crate::python::completions::Event;
use crate::python::engine::Engine;
use crate::python::hub::Hub;
use crate::python::pairs;
use crate::python::to_python::{Shape, refused};
use crate::wire::framing::frame;

/// Declared calls, made beside Python's lock. A user is a seat here, as in `jwtstorm_transport`.
#[pyclass(frozen)]
pub struct Fleet {
    inner: Arc<dispatch::Fleet>,
    engine: Arc<Engine>,
    /// The channels stay open as long as the fleet is there.
    channels: Mutex<Vec<Arc<OpenChannel>>>,
}

#[pymethods]
impl Fleet {
    /// Make one; `target` is called with what it tells. Times are in seconds;
    /// a message of None is made by Python, and its calls with it.
    #[new]
    #[allow(clippy::too_many_arguments, clippy::needless_pass_by_value)]
    fn new(
        hub: &Hub,
        target: Py<PyAny>,
        channel: &Channel,
        open: bool,
        deadline_s: f64,
        max_lag_s: f64,
        think_s: f64,
        no_method: u16,
        messages: Vec<Option<Vec<u8>>>,
    ) -> PyResult<Self> {
        let settings = &channel.open.channel.settings;
        let framed = |message: Option<Vec<u8>>| {
            message.map(|message| frame(&message, settings.encoding, settings.max_send)).transpose()
        };
        let messages = messages.into_iter().map(framed).collect::<Result<Vec<_>, _>>();
        let plan = Plan {
            open,
            deadline: seconds(deadline_s),
            max_lag_ns: i64::try_from(seconds(max_lag_s).as_nanos()).unwrap_or(i64::MAX),
            think: seconds(think_s),
            no_method,
            messages: messages.map_err(|status| refused(&status))?,
        };
        let key = hub.wait(target, &Arc::new(Control::default()), Shape::Stream);
        let (completions, engine) = (Arc::clone(&hub.completions), Arc::clone(&hub.engine));
        let inner = dispatch::Fleet::new(plan, move |notice| completions.push(key, Event::Fleet(Box::new(notice))));
        engine.spawn(Arc::clone(&inner).pace());
        Ok(Self { inner, engine, channels: Mutex::default() })
    }

    /// Begin; calls end being due at `end_ns`, and Python makes those due within a window (monotonic, from and to).
    fn start(&self, end_ns: i64, windows: Vec<(i64, i64)>) {
        self.inner.start(end_ns, windows);
    }

    /// Plan arrivals: their numbers and times (int64, native order) and which call each makes (uint16).
    fn feed(&self, numbers: &[u8], dues_ns: &[u8], picks: &[u8], complete: bool) -> PyResult<usize> {
        let (numbers, dues_ns) = (int64s(numbers), int64s(dues_ns));
        let picks: Vec<u16> = picks.chunks_exact(2).map(|two| u16::from_ne_bytes([two[0], two[1]])).collect();
        if numbers.len() != dues_ns.len() || numbers.len() != picks.len() {
            return Err(PyValueError::new_err("numbers, times and picks must be as many"));
        }
        let planned = numbers.into_iter().zip(dues_ns).zip(picks);
        let planned = planned.map(|((call_id, due_ns), pick)| Planned { call_id, due_ns, pick });
        Ok(self.inner.feed(planned, complete))
    }

    /// Give a slot its token by Python's number of it, until a monotonic time; it ends at another.
    #[allow(clippy::needless_pass_by_value)]
    fn set_slot(
        &self,
        slot: usize,
        token: u64,
        pairs: Option<Bound<'_, PyAny>>,
        use_until_ns: i64,
        ends_ns: i64,
    ) -> PyResult<()> {
        let metadata = pairs::to_headers(pairs.as_ref())?;
        self.inner.set_slot(slot, Slot { token, metadata, use_until_ns, expires_ns: ends_ns, proven: false });
        Ok(())
    }

    /// Return the seat of one more user, who calls on a channel, with a slot's token; of each declared call its
    /// path and its number in the journal.
    #[allow(clippy::needless_pass_by_value)]
    fn sit(&self, channel: &Channel, slot: usize, calls: Vec<(String, u16)>) -> PyResult<usize> {
        let open = &channel.open;
        let calls = calls.into_iter().map(|(path, method)| Ok((open.channel.uri(&path)?, method)));
        let calls = calls.collect::<Result<Vec<_>, String>>().map_err(PyValueError::new_err)?;
        let (user, user_loop) = add_user(&self.inner, Arc::clone(&open.channel), slot, calls);
        self.engine.spawn(user_loop);
        self.channels.lock().expect("no holder panics").push(Arc::clone(open));
        Ok(user)
    }

    /// Take a seat away, once its call is over.
    fn stand(&self, seat: usize) {
        self.inner.remove_user(seat);
    }

    /// Note that the rest of a seat's call has been made.
    fn release(&self, seat: usize) {
        self.inner.release(seat);
    }

    /// Return how many arrivals have come due.
    fn planned(&self) -> u64 {
        self.inner.came_due()
    }

    /// Return the rows since the last time, and of some good ones which they are, their slot and the number of their token.
    fn take<'py>(&self, py: Python<'py>) -> (Bound<'py, PyBytes>, Vec<(usize, usize, u64)>) {
        let (rows, samples) = self.inner.take();
        (PyBytes::new(py, &rows), samples.into_iter().map(|sample| (sample.row, sample.slot, sample.token)).collect())
    }

    /// Stop; what is queued or in flight was not sent, and says so in its row.
    fn close(&self) {
        self.inner.close();
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::from_secs(1 << 30))
}

fn int64s(bytes: &[u8]) -> Vec<i64> {
    bytes.chunks_exact(8).map(|eight| i64::from_ne_bytes(eight.try_into().expect("eight bytes"))).collect()
}
