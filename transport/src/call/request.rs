//! The request of a call: what its head says, and what is sent after it.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, TE, USER_AGENT};
use http::{HeaderMap, Method, Request, Uri, Version};
use tokio::time::Instant;

use crate::wire::framing::{ENCODING, Encoding};

#[allow(clippy::declare_interior_mutable_const)]
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
#[allow(clippy::declare_interior_mutable_const)]
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// What a call asks for; `metadata` is the caller's own.
#[derive(Clone)]
pub struct CallRequest {
    pub uri: Uri,
    pub metadata: HeaderMap,
    pub deadline: Option<Instant>,
    pub wait_for_ready: bool,
    pub encoding: Encoding,
}

/// What a call sends after its head.
pub enum Body {
    /// One message, framed.
    Whole(Bytes),
    /// Messages as they are written (`Control::send`).
    Stream,
}

impl CallRequest {
    /// Return the head that goes out; the deadline is told as the time that is left now.
    pub fn into_head(self, user_agent: HeaderValue) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = self.uri;
        let headers = request.headers_mut();
        *headers = self.metadata;
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(USER_AGENT, user_agent);
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity, deflate, gzip"));
        if self.encoding != Encoding::Identity {
            headers.insert(ENCODING, HeaderValue::from_static(self.encoding.name()));
        }
        if let Some(deadline) = self.deadline {
            let text = timeout_text(deadline.saturating_duration_since(Instant::now()));
            headers.insert(TIMEOUT, HeaderValue::from_str(&text).expect("digits and a letter"));
        }
        request
    }
}

/// Return the value of `grpc-timeout`: at most eight digits, rounded up, so that the server never hears of less time
/// than the call has.
fn timeout_text(left: Duration) -> String {
    const UNITS: [(u128, char); 6] = [
        (1, 'n'),
        (1_000, 'u'),
        (1_000_000, 'm'),
        (1_000_000_000, 'S'),
        (60_000_000_000, 'M'),
        (3_600_000_000_000, 'H'),
    ];
    let ns = left.as_nanos().max(1);
    let (unit_ns, letter) = UNITS.into_iter().find(|(unit, _)| ns.div_ceil(*unit) < 100_000_000).unwrap_or(UNITS[5]);
    let mut text = String::with_capacity(9);
    write!(text, "{}{letter}", ns.div_ceil(unit_ns).min(99_999_999)).expect("a string takes all");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_keep_to_eight_digits_and_are_never_short() {
        assert_eq!(timeout_text(Duration::from_millis(50)), "50000000n");
        assert_eq!(timeout_text(Duration::from_secs(5)), "5000000u");
        assert_eq!(timeout_text(Duration::from_secs(100)), "100000m");
        assert_eq!(timeout_text(Duration::from_secs(1_000_000_000)), "16666667M");
        assert_eq!(timeout_text(Duration::ZERO), "1n");
    }
}
