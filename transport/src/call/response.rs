//! The response to a call: the peer's headers, messages and trailers, and the status that they come to.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::RecvStream;
use http::header::HeaderValue;
use http::{HeaderMap, Response, StatusCode};

use crate::call::outcome::Outcome;
use crate::connection::http2::Connection;
use crate::wire::framing::{Deframer, ENCODING};
use crate::wire::metadata::is_decodable;
use crate::wire::status::{self, INTERNAL, OK, Status, UNIMPLEMENTED, UNKNOWN};

/// Where the messages of a response go as they come.
pub trait Sink: Send {
    /// Take the server's initial metadata.
    fn initial(&mut self, metadata: &HeaderMap);
    /// Wait until there is room for one more message.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()>;
    /// Take one message; an error ends the call.
    fn message(&mut self, message: Bytes) -> Result<(), Status>;
}

/// The one reply of a unary call.
#[derive(Default)]
pub struct UnaryReply(Option<Bytes>);

impl UnaryReply {
    /// Return the outcome of the call with its reply in it: a call that went well must have one.
    pub fn complete(self, mut outcome: Outcome) -> Outcome {
        if outcome.status.code == OK {
            match self.0 {
                Some(message) => outcome.message = Some(message),
                None => outcome.status = Status::new(UNIMPLEMENTED, "No message returned for a unary request"),
            }
        }
        outcome
    }
}

impl Sink for UnaryReply {
    fn initial(&mut self, _: &HeaderMap) {}

    fn poll_room(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn message(&mut self, message: Bytes) -> Result<(), Status> {
        match self.0.replace(message) {
            None => Ok(()),
            Some(_) => Err(Status::new(INTERNAL, "Received more than one message for a unary reply")),
        }
    }
}

/// Read a response to its end; its messages, of at most `limit` bytes each, go to the sink.
pub async fn receive(
    response: Response<RecvStream>,
    connection: &Connection,
    limit: Option<usize>,
    sink: &mut impl Sink,
) -> Outcome {
    let (head, mut body) = response.into_parts();
    if body.is_end_stream() {
        return trailers_only(head.status, head.headers);
    }
    let refused = status::from_head(head.status, &head.headers).or_else(|| metadata_error(&head.headers));
    if let Some(status) = refused {
        return Outcome { initial: head.headers, ..status.into() };
    }
    sink.initial(&head.headers);
    let encoding = head.headers.get(ENCODING).map(HeaderValue::as_bytes);
    let mut deframer = Deframer::new(encoding, limit);
    let (status, trailing) = match read_messages(&mut body, &mut deframer, sink, connection).await {
        Ok(trailers) => {
            let status = metadata_error(&trailers).unwrap_or_else(|| final_status(&trailers, &deframer));
            (status, trailers)
        }
        Err(status) => (status, HeaderMap::new()),
    };
    Outcome { initial: head.headers, trailing, ..status.into() }
}

/// Return the error of metadata that cannot be decoded, in grpcio's words.
fn metadata_error(headers: &HeaderMap) -> Option<Status> {
    (!is_decodable(headers)).then(|| Status::new(INTERNAL, "illegal base64 encoding in binary metadata"))
}

fn trailers_only(http: StatusCode, headers: HeaderMap) -> Outcome {
    let status = status::from_trailers(&headers).or_else(|| status::from_head(http, &headers));
    let status = status.unwrap_or_else(no_status);
    Outcome { trailing: headers, ..status.into() }
}

fn final_status(trailers: &HeaderMap, deframer: &Deframer) -> Status {
    match status::from_trailers(trailers) {
        Some(status) if status.code == OK && !deframer.is_empty() => {
            Status::new(INTERNAL, "the stream ended in the middle of a message")
        }
        Some(status) => status,
        None => no_status(),
    }
}

fn no_status() -> Status {
    Status::new(UNKNOWN, "Stream removed: the answer ended without grpc-status")
}

/// Read messages to the end of the stream; return its trailers.
async fn read_messages(
    body: &mut RecvStream,
    deframer: &mut Deframer,
    sink: &mut impl Sink,
    connection: &Connection,
) -> Result<HeaderMap, Status> {
    let to_status = |error: h2::Error| status::from_error(&error, connection.end());
    while let Some(chunk) = body.data().await {
        let chunk = chunk.map_err(to_status)?;
        body.flow_control().release_capacity(chunk.len()).ok();
        deframer.push(chunk);
        while let Some(message) = deframer.next_message()? {
            poll_fn(|cx| sink.poll_room(cx)).await;
            sink.message(message)?;
        }
    }
    Ok(body.trailers().await.map_err(to_status)?.unwrap_or_default())
}
