//! The call: one RPC from its request to its status, whatever the peer does.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{Reason, SendStream};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, TE, USER_AGENT};
use http::{HeaderMap, Method, Request, Uri, Version};
use tokio::time::Instant;

use crate::call::control::{Control, Outgoing};
use crate::call::response::{Outcome, Reader, receive};
use crate::connection::channel::{Channel, Line};
use crate::wire::framing::Encoding;
use crate::wire::status::{self, Status};

#[allow(clippy::declare_interior_mutable_const)]
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
#[allow(clippy::declare_interior_mutable_const)]
pub const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
#[allow(clippy::declare_interior_mutable_const)]
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// What a call asks for; `metadata` is the caller's own.
#[derive(Clone)]
pub struct Asked {
    pub uri: Uri,
    pub metadata: HeaderMap,
    pub deadline: Option<Instant>,
    pub wait_for_ready: bool,
    pub encoding: Encoding,
}

/// What a call sends after its head.
pub enum Sending {
    /// One message, framed.
    Whole(Bytes),
    /// Messages as they are written (`Control::send`).
    Stream,
}

/// Make a call and return what it came to; `sent` hears of each streamed message that left.
pub async fn make(
    channel: &Channel,
    asked: Asked,
    sending: Sending,
    control: &Arc<Control>,
    reader: &mut impl Reader,
    sent: impl Fn() + Send,
) -> Outcome {
    let deadline = asked.deadline;
    let late = async {
        match deadline {
            Some(deadline) => tokio::time::sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        outcome = exchange(channel, asked, sending, control, reader, sent) => outcome,
        () = poll_fn(|cx| control.poll_left(cx)) => Status::cancelled().into(),
        () = late => Status::deadline().into(),
    }
}

async fn exchange(
    channel: &Channel,
    asked: Asked,
    sending: Sending,
    control: &Arc<Control>,
    reader: &mut impl Reader,
    sent: impl Fn(),
) -> Outcome {
    match sending {
        Sending::Whole(message) => {
            let first = send_whole(channel, asked.clone(), message.clone(), reader).await;
            let Err(NotTaken(_)) = first else { return first.unwrap_or_else(|NotTaken(status)| status.into()) };
            // In a box: it is rare, and each call's task would be twice as large.
            let again = Box::pin(send_whole(channel, asked, message, reader)).await;
            again.unwrap_or_else(|NotTaken(status)| status.into())
        }
        Sending::Stream => Box::pin(send_stream(channel, asked, control, reader, sent)).await,
    }
}

/// The peer says that it has not looked at the call: sending it again, once, is safe. Source: gRFC A6.
struct NotTaken(Status);

/// Return whether an error says so.
fn is_of_not_taken(error: &h2::Error) -> bool {
    let reason = error.reason().filter(|_| error.is_remote());
    (error.is_go_away() && reason == Some(Reason::NO_ERROR))
        || (error.is_reset() && reason == Some(Reason::REFUSED_STREAM))
}

async fn send_whole(
    channel: &Channel,
    asked: Asked,
    message: Bytes,
    reader: &mut impl Reader,
) -> Result<Outcome, NotTaken> {
    let (response, mut stream, line) = match open(channel, asked).await {
        Ok(opened) => opened,
        Err(status) => return Ok(status.into()),
    };
    // An error here is the stream's, and its answer tells it better.
    stream.send_data(message, true).ok();
    match response.await {
        Ok(answer) => Ok(receive(answer, &line, channel.settings.max_receive, reader).await.heard(&line)),
        Err(error) => {
            let status = status::of_error(&error, line.why());
            if !is_of_not_taken(&error) {
                let outcome = Outcome::from(status);
                return Ok(if error.is_remote() { outcome.heard(&line) } else { outcome });
            }
            if error.is_go_away() {
                channel.retire(&line);
            }
            Err(NotTaken(status))
        }
    }
}

async fn send_stream(
    channel: &Channel,
    asked: Asked,
    control: &Arc<Control>,
    reader: &mut impl Reader,
    sent: impl Fn(),
) -> Outcome {
    let (response, mut stream, line) = match open(channel, asked).await {
        Ok(opened) => opened,
        Err(status) => return status.into(),
    };
    let answer = async {
        match response.await {
            Ok(answer) => receive(answer, &line, channel.settings.max_receive, reader).await,
            Err(error) => status::of_error(&error, line.why()).into(),
        }
    };
    let pump = async {
        pump(&mut stream, control, sent).await;
        std::future::pending().await
    };
    tokio::select! {
        biased;
        outcome = answer => outcome,
        outcome = pump => outcome,
    }
}

/// Send a call's head on the channel's connection, or on the next one where that one goes away.
async fn open(channel: &Channel, asked: Asked) -> Result<(ResponseFuture, SendStream<Bytes>, Line), Status> {
    loop {
        let mut line = channel.line(asked.wait_for_ready || channel.settings.wait_for_ready).await?;
        if poll_fn(|cx| line.send.poll_ready(cx)).await.is_err() {
            channel.retire(&line);
            continue;
        }
        let request = head(channel, asked);
        let (response, stream) =
            line.send.send_request(request, false).map_err(|error| status::of_error(&error, line.why()))?;
        return Ok((response, stream, line));
    }
}

fn head(channel: &Channel, asked: Asked) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.version_mut() = Version::HTTP_2;
    *request.uri_mut() = asked.uri;
    let headers = request.headers_mut();
    *headers = asked.metadata;
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(USER_AGENT, channel.user_agent.clone());
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity, deflate, gzip"));
    if asked.encoding != Encoding::Identity {
        headers.insert(ENCODING, HeaderValue::from_static(asked.encoding.name()));
    }
    if let Some(deadline) = asked.deadline {
        let left = deadline.saturating_duration_since(Instant::now());
        let text = status::timeout_text(left);
        headers.insert(TIMEOUT, HeaderValue::from_str(&text).expect("digits and a letter"));
    }
    request
}

/// Send a stream's messages, each when the peer has room for it.
async fn pump(stream: &mut SendStream<Bytes>, control: &Control, sent: impl Fn()) {
    loop {
        match poll_fn(|cx| control.poll_outgoing(cx)).await {
            Outgoing::End => {
                stream.send_data(Bytes::new(), true).ok();
                return;
            }
            Outgoing::Message(message) => {
                if send_when_there_is_room(stream, message).await.is_err() {
                    return; // the answer tells why
                }
                sent();
            }
        }
    }
}

async fn send_when_there_is_room(stream: &mut SendStream<Bytes>, mut message: Bytes) -> Result<(), h2::Error> {
    while !message.is_empty() {
        stream.reserve_capacity(message.len());
        let room = match poll_fn(|cx| stream.poll_capacity(cx)).await {
            Some(room) => room?,
            None => return Ok(()),
        };
        let chunk = message.split_to(room.min(message.len()));
        stream.send_data(chunk, false)?;
    }
    Ok(())
}
