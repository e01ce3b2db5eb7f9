//! Statuses: how a call ended, read off trailers, HTTP statuses and the errors of HTTP/2.
//!
//! Failures that the client itself finds are told in grpcio's words, for people and classifiers read them.
//! Sources: grpc/grpc doc/PROTOCOL-HTTP2.md and doc/http-grpc-status-mapping.md.

use h2::Reason;
use http::{HeaderMap, StatusCode};

pub const OK: i32 = 0;
pub const CANCELLED: i32 = 1;
pub const UNKNOWN: i32 = 2;
pub const DEADLINE_EXCEEDED: i32 = 4;
pub const PERMISSION_DENIED: i32 = 7;
pub const RESOURCE_EXHAUSTED: i32 = 8;
pub const UNIMPLEMENTED: i32 = 12;
pub const INTERNAL: i32 = 13;
pub const UNAVAILABLE: i32 = 14;
pub const UNAUTHENTICATED: i32 = 16;

/// A status of gRPC: its code and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub code: i32,
    pub details: String,
}

impl Status {
    pub fn new(code: i32, details: impl Into<String>) -> Self {
        Self { code, details: details.into() }
    }

    pub fn deadline() -> Self {
        Self::new(DEADLINE_EXCEEDED, "Deadline Exceeded")
    }

    pub fn cancelled() -> Self {
        Self::new(CANCELLED, "Locally cancelled by application!")
    }

    pub fn closed() -> Self {
        Self::new(CANCELLED, "Channel closed!")
    }

    pub fn unavailable(details: impl Into<String>) -> Self {
        Self::new(UNAVAILABLE, details)
    }
}

/// Return the status that trailers hold, also one that gRPC does not define; None where they hold none.
pub fn from_trailers(trailers: &HeaderMap) -> Option<Status> {
    let raw = trailers.get("grpc-status")?;
    let details = trailers.get("grpc-message").map(|text| percent_decode(text.as_bytes())).unwrap_or_default();
    let code = raw.to_str().ok().and_then(|text| text.parse::<i32>().ok());
    Some(match code {
        Some(code @ 0..) => Status::new(code, details),
        _ => Status::new(UNKNOWN, details),
    })
}

/// Return the status of a response whose head is not gRPC's; None where it is.
pub fn from_head(status: StatusCode, headers: &HeaderMap) -> Option<Status> {
    if status != StatusCode::OK {
        let text = format!("Received http2 header with status: {}", status.as_u16());
        return Some(Status::new(code_of_http(status.as_u16()), text));
    }
    let is_grpc = |text: &http::HeaderValue| text.as_bytes().starts_with(b"application/grpc");
    match headers.get(http::header::CONTENT_TYPE) {
        Some(content) if !is_grpc(content) => {
            Some(Status::new(UNKNOWN, format!("the answer's content-type is {content:?}, not application/grpc")))
        }
        _ => None,
    }
}

fn code_of_http(status: u16) -> i32 {
    match status {
        400 | 431 => INTERNAL,
        401 => UNAUTHENTICATED,
        403 => PERMISSION_DENIED,
        404 => UNIMPLEMENTED,
        429 | 502..=504 => UNAVAILABLE,
        _ => UNKNOWN,
    }
}

/// Return the status of a stream's error; `end` is why its connection ended, where that is known.
pub fn from_error(error: &h2::Error, end: Option<Status>) -> Status {
    if error.is_reset() && error.is_remote() {
        let reason = error.reason().unwrap_or(Reason::INTERNAL_ERROR);
        let text = format!("Received RST_STREAM with error code {}", u32::from(reason));
        return Status::new(code_of_reset(reason), text);
    }
    if error.is_reset() {
        return Status::new(INTERNAL, format!("the answer breaks the rules of HTTP/2 ({error})"));
    }
    if let Some(end) = end {
        return end;
    }
    if error.is_go_away() {
        return Status::unavailable(go_away_text(error));
    }
    Status::unavailable(lost_text(error))
}

/// Return what the end of a connection by GOAWAY, from either side, is called.
pub fn go_away_text(error: &h2::Error) -> String {
    let code = error.reason().map_or(0, u32::from);
    if error.is_remote() {
        format!("GOAWAY received; Error code: {code}; Debug Text: {error}")
    } else {
        format!("Socket closed: the peer broke the rules of HTTP/2 ({error})")
    }
}

/// Return what the loss of a connection is called.
pub fn lost_text(error: &h2::Error) -> String {
    match error.get_io() {
        Some(io) if io.kind() == std::io::ErrorKind::ConnectionReset => "recvmsg:Connection reset by peer".into(),
        Some(io) if io.kind() == std::io::ErrorKind::BrokenPipe => "Socket closed".into(),
        Some(io) => format!("Socket closed ({io})"),
        None => format!("Socket closed ({error})"),
    }
}

fn code_of_reset(reason: Reason) -> i32 {
    match reason {
        Reason::REFUSED_STREAM => UNAVAILABLE,
        Reason::CANCEL => CANCELLED,
        Reason::ENHANCE_YOUR_CALM => RESOURCE_EXHAUSTED,
        Reason::INADEQUATE_SECURITY => PERMISSION_DENIED,
        _ => INTERNAL,
    }
}

/// Decode a value of `grpc-message`; what is not a valid escape stays as it is.
pub fn percent_decode(raw: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let escaped = (raw[at] == b'%').then(|| raw.get(at + 1..at + 3)).flatten().and_then(hex_byte);
        bytes.push(escaped.unwrap_or(raw[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_byte(pair: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(pair).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_decoded_and_broken_escapes_stay() {
        assert_eq!(percent_decode(b"caf%C3%A9 100%25"), "caf\u{e9} 100%");
        assert_eq!(percent_decode(b"50% %+1 %g1 %2"), "50% %+1 %g1 %2");
    }

    #[test]
    fn a_status_is_the_number_that_was_sent_and_unknown_where_that_is_none() {
        let mut trailers = HeaderMap::new();
        assert_eq!(from_trailers(&trailers), None);
        let numbers =
            [("7", PERMISSION_DENIED), ("1010", 1010), ("-1", UNKNOWN), ("soon", UNKNOWN), ("99999999999", UNKNOWN)];
        for (sent, code) in numbers {
            trailers.insert("grpc-status", sent.parse().unwrap());
            assert_eq!(from_trailers(&trailers).unwrap().code, code);
        }
    }
}
