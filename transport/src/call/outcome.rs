//! The outcome of a call: its status, its metadata, and when it ended.

use bytes::Bytes;
use http::HeaderMap;

use crate::clock::now_ns;
use crate::wire::status::Status;

/// How a call ended.
#[derive(Debug)]
pub struct Outcome {
    pub status: Status,
    /// The reply of a unary call.
    pub message: Option<Bytes>,
    pub initial: HeaderMap,
    pub trailing: HeaderMap,
    /// When it ended (monotonic): when the peer's last bytes came, where the peer ended it.
    pub ended_ns: i64,
}

impl Outcome {
    /// Return the outcome with the time at which the call ended.
    #[must_use]
    pub fn ended_at(self, ended_ns: i64) -> Self {
        Self { ended_ns, ..self }
    }
}

impl From<Status> for Outcome {
    /// Return the outcome of a call that ends now, without any answer of the peer's.
    fn from(status: Status) -> Self {
        let (initial, trailing) = (HeaderMap::new(), HeaderMap::new());
        Self { status, message: None, initial, trailing, ended_ns: now_ns() }
    }
}
