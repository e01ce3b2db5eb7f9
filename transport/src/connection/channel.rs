//! The channel: one connection to one address, made when it is wanted and made again when it is lost.
//!
//! Its states are grpc's. A failed attempt stays visible while further ones are made, so that calls that do not
//! wait fail at once. Source: grpc/grpc doc/connectivity-semantics-and-api.md.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderValue;
use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::connection::address::Address;
use crate::connection::backoff::Backoff;
use crate::connection::http2::{Connection, Driver, handshake};
use crate::connection::settings::Settings;
use crate::connection::socket;
use crate::connection::tls::Tls;
use crate::wire::status::Status;

#[derive(Clone)]
pub enum State {
    Idle,
    Connecting,
    Ready(Connection),
    /// The last attempt failed, for this reason.
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

    fn is_ready_with(&self, id: u64) -> bool {
        matches!(self, Self::Ready(connection) if connection.id() == id)
    }
}

/// A channel to one address.
pub struct Channel {
    pub settings: Settings,
    pub user_agent: HeaderValue,
    address: Address,
    tls: Option<Tls>,
    authority: Authority,
    state: watch::Sender<State>,
    wanted: Notify,
    last_id: AtomicU64,
}

impl Channel {
    /// Return a channel that is idle; `drive` connects it. An error says which setting cannot be used.
    pub fn new(address: Address, tls: Option<Tls>, settings: Settings) -> Result<Arc<Self>, String> {
        let named = settings.authority.clone().or_else(|| settings.server_name.clone());
        let named = named.unwrap_or_else(|| address.authority());
        let authority = Authority::try_from(named.as_str()).map_err(|_| format!("{named:?} is no authority"))?;
        let user_agent = HeaderValue::from_str(&settings.user_agent).map_err(|_| "the user agent is no header")?;
        let (state, _) = watch::channel(State::Idle);
        let (wanted, last_id) = (Notify::new(), AtomicU64::new(0));
        Ok(Arc::new(Self { settings, user_agent, address, tls, authority, state, wanted, last_id }))
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

    /// Return what follows the channel's state.
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

    /// Return a connection to call on. Waits while one is made; after a failed attempt only with `wait_for_ready`.
    pub async fn connection(&self, wait_for_ready: bool) -> Result<Connection, Status> {
        if let State::Ready(connection) = &*self.state.borrow() {
            return Ok(connection.clone());
        }
        let mut states = self.state.subscribe();
        loop {
            match &*states.borrow_and_update() {
                State::Ready(connection) => return Ok(connection.clone()),
                State::Closed => return Err(Status::closed()),
                State::Failed(text) if !wait_for_ready => return Err(Status::unavailable(&**text)),
                State::Idle => self.wanted.notify_one(),
                State::Connecting | State::Failed(_) => {}
            }
            states.changed().await.map_err(|_| Status::closed())?;
        }
    }

    /// Send no further calls on a connection: its peer goes away. Calls in flight on it go on.
    pub fn retire(&self, connection: &Connection) {
        forget(&self.state, connection.id());
    }

    /// Change the state, unless the channel is closed.
    fn change_to(&self, next: State) {
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
            () = self.connect_whenever_wanted() => {}
        }
    }

    async fn connect_whenever_wanted(&self) {
        loop {
            self.wanted.notified().await;
            let (connection, driver) = self.connect_at_last().await;
            let id = connection.id();
            self.change_to(State::Ready(connection));
            let state = self.state.clone();
            tokio::spawn(async move {
                driver.run(closed(state.subscribe())).await;
                forget(&state, id);
            });
            self.state.subscribe().wait_for(|state| !state.is_ready_with(id)).await.ok();
        }
    }

    async fn connect_at_last(&self) -> (Connection, Driver) {
        let mut backoff = Backoff::new(self.settings.first_backoff, self.settings.max_backoff);
        self.change_to(State::Connecting);
        loop {
            let (begun, pause) = (Instant::now(), backoff.next_pause());
            let limit = pause.max(self.settings.min_attempt);
            let why = match timeout(limit, self.connect()).await {
                Ok(Ok(connected)) => return connected,
                Ok(Err(text)) => text,
                Err(_) => format!("{}: connect timed out, or the peer sent no settings frame", self.authority),
            };
            let text = format!("failed to connect to all addresses; last error: {why}");
            self.change_to(State::Failed(text.into()));
            sleep_until(begun + pause).await;
        }
    }

    async fn connect(&self) -> Result<(Connection, Driver), String> {
        let socket = socket::open(&self.address, self.tls.as_ref()).await?;
        handshake(socket, &self.settings, self.last_id.fetch_add(1, Ordering::Relaxed)).await
    }
}

/// A channel that closes when this is dropped. Its calls share the channel itself, which does not keep it open.
pub struct OpenChannel {
    pub channel: Arc<Channel>,
}

impl Drop for OpenChannel {
    fn drop(&mut self) {
        self.channel.close();
    }
}

/// Wait until a channel is closed.
async fn closed(mut states: watch::Receiver<State>) {
    states.wait_for(|state| matches!(state, State::Closed)).await.ok();
}

/// Make a channel idle, if the connection of that number is its present one.
fn forget(state: &watch::Sender<State>, id: u64) {
    state.send_if_modified(|state| {
        let current = state.is_ready_with(id);
        if current {
            *state = State::Idle;
        }
        current
    });
}
