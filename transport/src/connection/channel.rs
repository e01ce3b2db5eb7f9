//! The channel: one connection to one address, made when it is wanted and made anew when it is lost.
//!
//! Its states are grpc's. A failed attempt stays visible while further ones are made, so that calls that do not
//! wait fail at once. Source: grpc/grpc doc/connectivity-semantics-and-api.md and doc/connection-backoff.md.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use h2::client::{Connection, SendRequest};
use h2::{Ping, PingPong};
use http::HeaderValue;
use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::connection::connect::{Address, Tls, Wire, connect, handshake_text};
use crate::connection::receive_time::Heard;
use crate::connection::settings::{Keepalive, Settings};
use crate::wire::status::{Status, go_away_text, lost_text};

const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
/// Of calls that were left, so many are remembered, for so long: late answers to them break no rule.
const RESETS_REMEMBERED: usize = 100_000;
const RESETS_FOR: Duration = Duration::from_secs(30);
const CLOSED: &str = "Socket closed";
const JITTER: f64 = 0.2;
const GROWTH: f64 = 1.6;

/// A connection that calls can go out on.
#[derive(Clone)]
pub struct Line {
    id: u64,
    pub send: SendRequest<Bytes>,
    pub heard: Heard,
    why: Why,
}

impl Line {
    /// Return why the connection ended, where that is known better than its streams know it.
    pub fn why(&self) -> Option<Status> {
        self.why.0.lock().expect("no holder panics").clone()
    }
}

#[derive(Clone, Default)]
struct Why(Arc<Mutex<Option<Status>>>);

impl Why {
    fn say(&self, status: Status) {
        self.0.lock().expect("no holder panics").get_or_insert(status);
    }
}

#[derive(Clone)]
pub enum State {
    Idle,
    Connecting,
    Ready(Line),
    Failed(Arc<str>),
    Closed,
}

impl State {
    /// Return the state as grpc numbers it.
    pub fn number(&self) -> u8 {
        match self {
            Self::Idle => 0,
            Self::Connecting => 1,
            Self::Ready(_) => 2,
            Self::Failed(_) => 3,
            Self::Closed => 4,
        }
    }
}

pub struct Channel {
    pub settings: Settings,
    pub user_agent: HeaderValue,
    address: Address,
    tls: Option<Tls>,
    authority: Authority,
    state: watch::Sender<State>,
    wanted: Notify,
    lines: AtomicU64,
}

impl Channel {
    pub fn new(address: Address, tls: Option<Tls>, settings: Settings) -> Result<Arc<Self>, String> {
        let named = settings.authority.clone().or_else(|| settings.server_name.clone());
        let named = named.unwrap_or_else(|| address.authority());
        let authority = Authority::try_from(named.as_str()).map_err(|_| format!("{named:?} is no authority"))?;
        let (state, _) = watch::channel(State::Idle);
        let (wanted, lines) = (Notify::new(), AtomicU64::new(0));
        let user_agent = HeaderValue::from_str(&settings.user_agent).map_err(|_| "the user agent is no header")?;
        Ok(Arc::new(Self { settings, user_agent, address, tls, authority, state, wanted, lines }))
    }

    /// Return the URI of a method, `/package.Service/Method`.
    pub fn uri(&self, path: &str) -> Result<Uri, String> {
        let scheme = if self.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
        let path = PathAndQuery::try_from(path).map_err(|_| format!("{path:?} is no path of a method"))?;
        Uri::builder()
            .scheme(scheme)
            .authority(self.authority.clone())
            .path_and_query(path)
            .build()
            .map_err(|error| error.to_string())
    }

    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Ask for a connection, where there is none and nobody is making one.
    pub fn want(&self) {
        if matches!(*self.state.borrow(), State::Idle) {
            self.wanted.notify_one();
        }
    }

    /// Close the channel: calls in flight end with it.
    pub fn close(&self) {
        self.state.send_replace(State::Closed);
    }

    /// Return a connection to call on; waits while one is made, and beyond failures only where the call asks for that.
    pub async fn line(&self, wait_for_ready: bool) -> Result<Line, Status> {
        if let State::Ready(line) = &*self.state.borrow() {
            return Ok(line.clone());
        }
        let mut states = self.state.subscribe();
        loop {
            match &*states.borrow_and_update() {
                State::Ready(line) => return Ok(line.clone()),
                State::Closed => return Err(Status::closed()),
                State::Failed(text) if !wait_for_ready => return Err(Status::unavailable(&**text)),
                State::Idle => self.wanted.notify_one(),
                State::Connecting | State::Failed(_) => {}
            }
            states.changed().await.map_err(|_| Status::closed())?;
        }
    }

    /// Use a connection no more: its peer goes away. What is in flight on it goes on.
    pub fn retire(&self, line: &Line) {
        forget(&self.state, line.id);
    }

    /// Change the state, unless the channel is closed.
    fn become_(&self, next: State) {
        self.state.send_if_modified(|state| {
            let open = !matches!(state, State::Closed);
            if open {
                *state = next;
            }
            open
        });
    }

    /// Keep the channel connected while it is wanted; ends when it is closed.
    pub async fn drive(self: Arc<Self>) {
        tokio::select! {
            () = closed(self.state.subscribe()) => {}
            () = self.connect_for_ever() => {}
        }
    }

    async fn connect_for_ever(&self) {
        loop {
            self.wanted.notified().await;
            let (line, connection) = self.connect_at_last().await;
            self.become_(State::Ready(line.clone()));
            tokio::spawn(connection);
            let mut states = self.state.subscribe();
            states.wait_for(|state| !matches!(state, State::Ready(now) if now.id == line.id)).await.ok();
        }
    }

    async fn connect_at_last(&self) -> (Line, impl Future<Output = ()> + Send + use<>) {
        let mut backoff = Backoff::new(self.settings.first_backoff, self.settings.max_backoff);
        self.become_(State::Connecting);
        loop {
            let (begun, pause) = (Instant::now(), backoff.next());
            let limit = pause.max(self.settings.min_attempt);
            let why = match timeout(limit, self.connect()).await {
                Ok(Ok(made)) => return made,
                Ok(Err(text)) => text,
                Err(_) => format!("{}: connect timed out, or the peer sent no settings frame", self.authority),
            };
            let text = format!("failed to connect to all addresses; last error: {why}");
            self.become_(State::Failed(text.into()));
            sleep_until(begun + pause).await;
        }
    }

    async fn connect(&self) -> Result<(Line, impl Future<Output = ()> + Send + use<>), String> {
        let mut wire = connect(&self.address, self.tls.as_ref()).await?;
        let (first_frame, heard) = (wire.first_frame(), wire.heard.clone());
        let (send, mut connection) = h2::client::Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(self.settings.max_metadata)
            .max_concurrent_reset_streams(RESETS_REMEMBERED)
            .max_local_error_reset_streams(None)
            .reset_stream_duration(RESETS_FOR)
            .enable_push(false)
            .handshake::<_, Bytes>(wire)
            .await
            .map_err(|error| lost_text(&error))?;
        tokio::select! {
            biased;
            heard = first_frame => heard.unwrap_or_else(|_| Err(CLOSED.into()))?,
            ended = &mut connection => return Err(ended.map_or_else(end_text, |()| CLOSED.into())),
        }
        let why = Why::default();
        let line = Line { id: self.lines.fetch_add(1, Ordering::Relaxed), send, heard, why: why.clone() };
        let keepalive = self.settings.keepalive.and_then(|keepalive| Some((keepalive, connection.ping_pong()?)));
        let (state, id) = (self.state.clone(), line.id);
        let whole_life = async move {
            tokio::select! {
                () = run(connection, keepalive, why.clone()) => {}
                () = closed(state.subscribe()) => why.say(Status::closed()),
            }
            forget(&state, id);
        };
        Ok((line, whole_life))
    }
}

/// Wait until a channel is closed.
async fn closed(mut states: watch::Receiver<State>) {
    states.wait_for(|state| matches!(state, State::Closed)).await.ok();
}

/// Make a channel idle, if the connection of that number is its present one.
fn forget(state: &watch::Sender<State>, id: u64) {
    state.send_if_modified(|state| {
        let current = matches!(state, State::Ready(now) if now.id == id);
        if current {
            *state = State::Idle;
        }
        current
    });
}

/// Carry a connection until it ends or is found dead, and say why.
async fn run(mut connection: Connection<Wire, Bytes>, keepalive: Option<(Keepalive, PingPong)>, why: Why) {
    let dead = async {
        match keepalive {
            Some((settings, pings)) => keep_alive(settings, pings).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = &mut connection => why.say(Status::unavailable(ended.map_or_else(end_text, |()| CLOSED.into()))),
        () = dead => why.say(Status::unavailable("ping timeout")),
    }
}

async fn keep_alive(settings: Keepalive, mut pings: PingPong) {
    loop {
        sleep(settings.every).await;
        if !matches!(timeout(settings.timeout, pings.ping(Ping::opaque())).await, Ok(Ok(_))) {
            return;
        }
    }
}

#[allow(clippy::needless_pass_by_value)] // as `map_or_else` hands it over
fn end_text(error: h2::Error) -> String {
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

/// Pauses between the beginnings of attempts: growing, with a fifth of jitter either way.
struct Backoff {
    next: f64,
    max: f64,
    dice: u64,
}

impl Backoff {
    fn new(first: Duration, max: Duration) -> Self {
        let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |time| time.as_nanos());
        Self {
            next: first.as_secs_f64(),
            max: max.as_secs_f64(),
            dice: u64::try_from(seed & 0xffff_ffff).unwrap_or(1) | 1,
        }
    }

    fn next(&mut self) -> Duration {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        #[allow(clippy::cast_precision_loss)]
        let share = (self.dice % 1_000_000) as f64 / 1_000_000.0;
        let pause = self.next.min(self.max);
        self.next = (self.next * GROWTH).min(self.max);
        Duration::from_secs_f64((pause * (1.0 - JITTER + 2.0 * JITTER * share)).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_their_limit_within_a_fifth() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        let pauses: Vec<f64> = (0..10).map(|_| backoff.next().as_secs_f64()).collect();
        for (pause, ideal) in pauses.iter().zip([0.1, 0.16, 0.256, 0.4096, 0.65536, 1.0, 1.0, 1.0, 1.0, 1.0]) {
            assert!((pause / ideal - 1.0).abs() <= JITTER + 1e-9, "{pause} beside {ideal}");
        }
    }
}
