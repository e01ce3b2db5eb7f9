//! The native transport of jwtstorm: gRPC over HTTP/2 on a thread of its own, for Python under gevent.
//!
//! Data flows one way: `python` takes calls in, `engine` runs them, `call` makes each over the `channel`'s
//! connection, `answer` says what it came to, `completions` bring what came of them back to Python's event loop.

pub mod alarm;
pub mod answer;
pub mod binary;
pub mod call;
pub mod channel;
pub mod completions;
pub mod connect;
pub mod control;
pub mod engine;
pub mod fleet;
pub mod framing;
pub mod heard;
pub mod row;
pub mod seat;
pub mod seats;
pub mod settings;
pub mod slots;
pub mod status;

#[cfg(feature = "python")]
mod hub;
#[cfg(feature = "python")]
mod metadata;
#[cfg(feature = "python")]
mod python;
#[cfg(feature = "python")]
mod python_fleet;
