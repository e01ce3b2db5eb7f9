//! The native transport of jwtstorm: gRPC over HTTP/2 on a thread of its own, for Python under gevent.

pub mod call;
pub mod clock;
pub mod connection;
pub mod fleet;
pub mod python;
pub mod wire;
