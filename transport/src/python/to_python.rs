//! Events, outcomes and errors, as Python gets them. `jwtstorm_transport` reads them.

use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::call::outcome::Outcome;
use crate::fleet::dispatch::Notice;
use crate::python::completions::Event;
use crate::python::pairs;
use crate::wire::status::{OK, Status};

create_exception!(_native, Refused, PyException, "A call that is not sent: its code and details.");

/// Return the error of a call that is not sent.
pub fn refused(status: &Status) -> PyErr {
    Refused::new_err((status.code, status.details.clone()))
}

/// In what shape somebody gets the events that are for them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The reply of a unary call that went well; the outcome of another.
    Reply,
    /// The outcome of a unary call.
    Outcome,
    /// Pairs of a number, which says what happened, and a value.
    Stream,
}

/// Return an event in a shape.
pub fn event<'py>(py: Python<'py>, event: Event, shape: Shape) -> PyResult<Bound<'py, PyAny>> {
    let pair = |number: u8, value: Bound<'py, PyAny>| Ok((number, value).into_pyobject(py)?.into_any());
    match event {
        Event::End(end) if shape == Shape::Reply && end.status.code == OK => reply(py, &end),
        Event::End(end) if shape == Shape::Stream => pair(0, outcome(py, &end)?),
        Event::End(end) => outcome(py, &end),
        Event::Message(message) => pair(1, PyBytes::new(py, &message).into_any()),
        Event::Initial(headers) => pair(2, pairs::from_headers(py, &headers)?.into_any()),
        Event::Sent => pair(3, py.None().into_bound(py)),
        Event::State(number) => pair(4, number.into_pyobject(py)?.into_any()),
        Event::Fleet(news) => notice(py, &news),
    }
}

fn reply<'py>(py: Python<'py>, outcome: &Outcome) -> PyResult<Bound<'py, PyAny>> {
    let message = outcome.message.as_ref().map(|message| PyBytes::new(py, message));
    Ok(message.into_pyobject(py)?.into_any())
}

/// Return an outcome: code, text, reply, initial and trailing metadata.
fn outcome<'py>(py: Python<'py>, outcome: &Outcome) -> PyResult<Bound<'py, PyAny>> {
    let parts = (
        outcome.status.code,
        &outcome.status.details,
        outcome.message.as_ref().map(|message| PyBytes::new(py, message)),
        pairs::from_headers(py, &outcome.initial)?,
        pairs::from_headers(py, &outcome.trailing)?,
    );
    Ok(parts.into_pyobject(py)?.into_any())
}

/// Return a fleet's notice: what it is, and about what.
fn notice<'py>(py: Python<'py>, notice: &Notice) -> PyResult<Bound<'py, PyAny>> {
    match notice {
        Notice::HandOver { user, arrival, failed } => {
            let tried = match failed {
                None => None,
                Some(failed) => Some(
                    (failed.token, failed.sent_ns, failed.ended_ns, outcome(py, &failed.outcome)?).into_pyobject(py)?,
                ),
            };
            let about = (*user, arrival.call_id, arrival.intended_ns, arrival.taken_ns, arrival.flags, tried);
            Ok(("hand over", about).into_pyobject(py)?.into_any())
        }
        Notice::Proven { slot, token } => Ok(("proven", (*slot, *token)).into_pyobject(py)?.into_any()),
        Notice::Finished => Ok(("finished", ()).into_pyobject(py)?.into_any()),
    }
}
