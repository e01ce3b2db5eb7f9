//! One HTTP/2 connection: its handshake, its life, and why it ended.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Ping, PingPong};
use tokio::time::{sleep, timeout};

use crate::connection::receive_time::LastReceived;
use crate::connection::settings::{Keepalive, Settings};
use crate::connection::socket::{Socket, SocketStream};
use crate::connection::tls::handshake_text;
use crate::wire::status::{Status, go_away_text, lost_text};

const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
/// So many cancelled calls are remembered, for so long: late answers to them break no rule.
const RESETS_REMEMBERED: usize = 100_000;
const RESETS_FOR: Duration = Duration::from_secs(30);
const CLOSED: &str = "Socket closed";

/// A connection that calls can go out on.
#[derive(Clone)]
pub struct Connection {
    pub send: SendRequest<Bytes>,
    pub last_received: LastReceived,
    id: u64,
    end: End,
}

impl Connection {
    /// Return the number that it was given.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Return why the connection ended, where that is known better than its streams know it.
    pub fn end(&self) -> Option<Status> {
        self.end.0.lock().expect("no holder panics").clone()
    }
}

/// Why a connection ended; the first reason holds.
#[derive(Clone, Default)]
struct End(Arc<Mutex<Option<Status>>>);

impl End {
    fn set(&self, status: Status) {
        self.0.lock().expect("no holder panics").get_or_insert(status);
    }
}

/// What reads and writes a connection; it must run for calls to go anywhere.
pub struct Driver {
    connection: h2::client::Connection<SocketStream, Bytes>,
    keepalive: Option<(Keepalive, PingPong)>,
    end: End,
}

/// Begin HTTP/2 on a socket; an error says why the peer does not take it.
pub async fn handshake(socket: Socket, settings: &Settings, id: u64) -> Result<(Connection, Driver), String> {
    let Socket { stream, preface, last_received } = socket;
    let (send, mut connection) = h2::client::Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(settings.max_metadata)
        .max_concurrent_reset_streams(RESETS_REMEMBERED)
        .max_local_error_reset_streams(None)
        .reset_stream_duration(RESETS_FOR)
        .enable_push(false)
        .handshake::<_, Bytes>(stream)
        .await
        .map_err(|error| lost_text(&error))?;
    tokio::select! {
        biased;
        verdict = preface => verdict.unwrap_or_else(|_| Err(CLOSED.into()))?,
        ended = &mut connection => return Err(end_text(ended)),
    }
    let end = End::default();
    let keepalive = settings.keepalive.and_then(|keepalive| Some((keepalive, connection.ping_pong()?)));
    let driver = Driver { connection, keepalive, end: end.clone() };
    Ok((Connection { send, last_received, id, end }, driver))
}

impl Driver {
    /// Drive the connection until it ends, is found dead, or its channel is closed.
    pub async fn run(mut self, channel_closed: impl Future<Output = ()>) {
        let dead = async {
            match self.keepalive {
                Some((settings, pings)) => ping_until_dead(settings, pings).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = &mut self.connection => self.end.set(Status::unavailable(end_text(ended))),
            () = dead => self.end.set(Status::unavailable("ping timeout")),
            () = channel_closed => self.end.set(Status::closed()),
        }
    }
}

async fn ping_until_dead(settings: Keepalive, mut pings: PingPong) {
    loop {
        sleep(settings.every).await;
        if !matches!(timeout(settings.timeout, pings.ping(Ping::opaque())).await, Ok(Ok(_))) {
            return;
        }
    }
}

/// Return what the end of a connection is called.
fn end_text(ended: Result<(), h2::Error>) -> String {
    let Err(error) = ended else { return CLOSED.into() };
    if error.is_go_away() {
        return go_away_text(&error);
    }
    match error.get_io() {
        Some(io) if io.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>) => {
            handshake_text(io)
        }
        _ => lost_text(&error),
    }
}
