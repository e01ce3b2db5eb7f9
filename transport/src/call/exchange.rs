//! The exchange: one RPC from its request to its outcome, whatever the peer does.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{Reason, SendStream};

use crate::call::control::{Control, Outgoing};
use crate::call::outcome::Outcome;
use crate::call::request::{Body, CallRequest};
use crate::call::response::{Sink, receive};
use crate::connection::channel::Channel;
use crate::connection::http2::Connection;
use crate::wire::status::{self, Status};

/// Make a call and return its outcome; `sent` is called for each streamed message that left.
pub async fn make_call(
    channel: &Channel,
    request: CallRequest,
    body: Body,
    control: &Arc<Control>,
    sink: &mut impl Sink,
    sent: impl Fn() + Send,
) -> Outcome {
    let deadline = request.deadline;
    let expired = async {
        match deadline {
            Some(deadline) => tokio::time::sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        outcome = exchange(channel, request, body, control, sink, sent) => outcome,
        () = poll_fn(|cx| control.poll_cancelled(cx)) => Status::cancelled().into(),
        () = expired => Status::deadline().into(),
    }
}

async fn exchange(
    channel: &Channel,
    request: CallRequest,
    body: Body,
    control: &Arc<Control>,
    sink: &mut impl Sink,
    sent: impl Fn(),
) -> Outcome {
    match body {
        Body::Whole(message) => {
            let first = send_whole(channel, request.clone(), message.clone(), sink).await;
            let Err(Unprocessed(_)) = first else { return first.unwrap_or_else(|Unprocessed(status)| status.into()) };
            // In a box: it is rare, and each call's task would be twice as large.
            let again = Box::pin(send_whole(channel, request, message, sink)).await;
            again.unwrap_or_else(|Unprocessed(status)| status.into())
        }
        Body::Stream => Box::pin(send_stream(channel, request, control, sink, sent)).await,
    }
}

/// The peer says that it has not processed the call, so it is safe to send it again, once.
/// Source: gRFC A6, Transparent Retries.
struct Unprocessed(Status);

/// Tell whether an error says so.
fn is_unprocessed(error: &h2::Error) -> bool {
    let reason = error.reason().filter(|_| error.is_remote());
    (error.is_go_away() && reason == Some(Reason::NO_ERROR))
        || (error.is_reset() && reason == Some(Reason::REFUSED_STREAM))
}

async fn send_whole(
    channel: &Channel,
    request: CallRequest,
    message: Bytes,
    sink: &mut impl Sink,
) -> Result<Outcome, Unprocessed> {
    let (response, mut stream, connection) = match open(channel, request).await {
        Ok(opened) => opened,
        Err(status) => return Ok(status.into()),
    };
    // An error here is the stream's, and the response says more about it.
    stream.send_data(message, true).ok();
    match response.await {
        Ok(response) => {
            let outcome = receive(response, &connection, channel.settings.max_receive, sink).await;
            Ok(outcome.ended_at(connection.last_received.ns()))
        }
        Err(error) => {
            let status = status::from_error(&error, connection.end());
            if !is_unprocessed(&error) {
                let outcome = Outcome::from(status);
                return Ok(if error.is_remote() { outcome.ended_at(connection.last_received.ns()) } else { outcome });
            }
            if error.is_go_away() {
                channel.retire(&connection);
            }
            Err(Unprocessed(status))
        }
    }
}

async fn send_stream(
    channel: &Channel,
    request: CallRequest,
    control: &Arc<Control>,
    sink: &mut impl Sink,
    sent: impl Fn(),
) -> Outcome {
    let (response, mut stream, connection) = match open(channel, request).await {
        Ok(opened) => opened,
        Err(status) => return status.into(),
    };
    let outcome = async {
        match response.await {
            Ok(response) => receive(response, &connection, channel.settings.max_receive, sink).await,
            Err(error) => status::from_error(&error, connection.end()).into(),
        }
    };
    let pump = async {
        pump(&mut stream, control, sent).await;
        std::future::pending().await
    };
    tokio::select! {
        biased;
        outcome = outcome => outcome,
        outcome = pump => outcome,
    }
}

/// Send a call's head on the channel's connection, or on the next one where that one goes away.
async fn open(
    channel: &Channel,
    request: CallRequest,
) -> Result<(ResponseFuture, SendStream<Bytes>, Connection), Status> {
    loop {
        let mut connection = channel.connection(request.wait_for_ready || channel.settings.wait_for_ready).await?;
        if poll_fn(|cx| connection.send.poll_ready(cx)).await.is_err() {
            channel.retire(&connection);
            continue;
        }
        let head = request.into_head(channel.user_agent.clone());
        let (response, stream) =
            connection.send.send_request(head, false).map_err(|error| status::from_error(&error, connection.end()))?;
        return Ok((response, stream, connection));
    }
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
                    return; // the response says why
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
