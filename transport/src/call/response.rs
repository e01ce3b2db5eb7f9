//! The answer: a peer's headers, messages and trailers, and what they say of a call.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::RecvStream;
use http::header::HeaderValue;
use http::{HeaderMap, Response};

use crate::call::exchange::ENCODING;
use crate::connection::channel::Line;
use crate::fleet::timer::now_ns;
use crate::wire::binary::{BINARY, decode};
use crate::wire::framing::Deframer;
use crate::wire::status::{self, INTERNAL, OK, Status, UNIMPLEMENTED};

/// What a call came to; `message` is a unary reply.
#[derive(Debug)]
pub struct Outcome {
    pub status: Status,
    pub message: Option<Bytes>,
    pub initial: HeaderMap,
    pub trailing: HeaderMap,
    /// When it was over, in nanoseconds of the monotonic clock: when the peer's last bytes came, where they ended it.
    pub ended_ns: i64,
}

impl Outcome {
    /// Say that it ended with the last bytes of its connection.
    #[must_use]
    pub fn heard(self, line: &Line) -> Self {
        Self { ended_ns: line.heard.ns(), ..self }
    }
}

impl From<Status> for Outcome {
    fn from(status: Status) -> Self {
        let (initial, trailing) = (HeaderMap::new(), HeaderMap::new());
        Self { status, message: None, initial, trailing, ended_ns: now_ns() }
    }
}

/// Where a call's messages go as they come.
pub trait Reader: Send {
    /// Take the server's first metadata.
    fn initial(&mut self, metadata: &HeaderMap);
    /// Wait until one more message is wanted.
    fn poll_wanted(&mut self, cx: &mut Context<'_>) -> Poll<()>;
    /// Take one message; an error ends the call.
    fn message(&mut self, message: Bytes) -> Result<(), Status>;
}

/// The one reply of a unary call.
#[derive(Default)]
pub struct OneReply {
    pub message: Option<Bytes>,
}

impl Reader for OneReply {
    fn initial(&mut self, _: &HeaderMap) {}

    fn poll_wanted(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn message(&mut self, message: Bytes) -> Result<(), Status> {
        match self.message.replace(message) {
            None => Ok(()),
            Some(_) => Err(Status::new(INTERNAL, "Received more than one message for a unary reply")),
        }
    }
}

/// Return what an answer comes to; its messages go to the reader.
pub async fn receive(
    answer: Response<RecvStream>,
    line: &Line,
    limit: Option<usize>,
    reader: &mut impl Reader,
) -> Outcome {
    let (head, mut body) = answer.into_parts();
    if body.is_end_stream() {
        return trailers_only(head.status, head.headers);
    }
    if let Some(status) = status::of_head(head.status, &head.headers) {
        return Outcome { initial: head.headers, ..status.into() };
    }
    if let Some(status) = metadata_error(&head.headers) {
        return Outcome { initial: head.headers, ..status.into() };
    }
    reader.initial(&head.headers);
    let encoding = head.headers.get(ENCODING).map(HeaderValue::as_bytes);
    let mut deframer = Deframer::new(encoding, limit);
    let ended = read(&mut body, &mut deframer, reader, line).await;
    let (status, trailing) = match ended {
        Ok(trailing) => {
            let status = metadata_error(&trailing).unwrap_or_else(|| final_status(&trailing, &deframer));
            (status, trailing)
        }
        Err(status) => (status, HeaderMap::new()),
    };
    Outcome { initial: head.headers, trailing, ..status.into() }
}

/// Return what is wrong with binary metadata, as grpcio says it.
fn metadata_error(headers: &HeaderMap) -> Option<Status> {
    let mut binary = headers.iter().filter(|(name, _)| name.as_str().ends_with(BINARY));
    let sound =
        binary.all(|(_, value)| value.as_bytes().split(|byte| *byte == b',').all(|part| decode(part).is_some()));
    (!sound).then(|| Status::new(INTERNAL, "illegal base64 encoding in binary metadata"))
}

fn trailers_only(http: http::StatusCode, headers: HeaderMap) -> Outcome {
    let found = status::of_trailers(&headers).or_else(|| status::of_head(http, &headers));
    let status = found.unwrap_or_else(no_status);
    Outcome { trailing: headers, ..status.into() }
}

fn final_status(trailers: &HeaderMap, deframer: &Deframer) -> Status {
    match status::of_trailers(trailers) {
        Some(status) if status.code == OK && !deframer.is_empty() => {
            Status::new(INTERNAL, "the stream ended in the middle of a message")
        }
        Some(status) => status,
        None => no_status(),
    }
}

fn no_status() -> Status {
    Status::new(status::UNKNOWN, "Stream removed: the answer ended without grpc-status")
}

/// Read messages to the end of the stream; return its trailers.
async fn read(
    body: &mut RecvStream,
    deframer: &mut Deframer,
    reader: &mut impl Reader,
    line: &Line,
) -> Result<HeaderMap, Status> {
    let of_error = |error: h2::Error| status::of_error(&error, line.why());
    while let Some(chunk) = body.data().await {
        let chunk = chunk.map_err(of_error)?;
        body.flow_control().release_capacity(chunk.len()).ok();
        deframer.push(chunk);
        while let Some(message) = deframer.next_message()? {
            poll_fn(|cx| reader.poll_wanted(cx)).await;
            reader.message(message)?;
        }
    }
    Ok(body.trailers().await.map_err(of_error)?.unwrap_or_default())
}

/// Return what a unary call came to, with its reply.
pub fn with_reply(mut outcome: Outcome, reply: OneReply) -> Outcome {
    if outcome.status.code == OK {
        match reply.message {
            Some(message) => outcome.message = Some(message),
            None => outcome.status = Status::new(UNIMPLEMENTED, "No message returned for a unary request"),
        }
    }
    outcome
}
