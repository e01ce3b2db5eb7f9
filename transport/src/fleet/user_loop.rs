//! A seat: one user of a fleet, whose declared calls follow one another.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Uri};
use tokio::time::Instant;

use crate::call::control::Control;
use crate::call::exchange::make_call;
use crate::call::outcome::Outcome;
use crate::call::request::{Body, CallRequest};
use crate::call::response::UnaryReply;
use crate::clock::now_ns;
use crate::connection::channel::Channel;
use crate::fleet::dispatch::{Fleet, Tried};
use crate::fleet::rows::Arrival;
use crate::wire::status::OK;

/// A good call, as its row tells it.
pub struct Made {
    pub token: u64,
    pub sent_ns: i64,
    pub end_ns: i64,
    pub ends_ns: i64,
    pub method: u8,
}

/// What serves one seat: takes its arrivals, and makes each call or hands it over.
pub struct Server {
    pub fleet: Arc<Fleet>,
    pub seat: usize,
    pub channel: Arc<Channel>,
    pub slot: usize,
    /// Of each declared call its address and its number in the journal.
    pub calls: Vec<(Uri, u8)>,
    pub control: Arc<Control>,
}

impl Server {
    pub async fn serve(self) {
        while let Some((arrival, pick)) = poll_fn(|cx| self.fleet.poll_take(self.seat, cx)).await {
            self.make(arrival, usize::from(pick)).await;
            if !self.fleet.think().is_zero() {
                tokio::time::sleep(self.fleet.think()).await;
            }
        }
    }

    async fn make(&self, arrival: Arrival, pick: usize) {
        let fleet = &self.fleet;
        let message = fleet.message(pick);
        let granted = message.and_then(|message| Some((message, fleet.granted(&arrival, self.slot)?)));
        let Some((message, (token, metadata, ends_ns))) = granted else {
            return fleet.hand_over(self.seat, arrival, None).await;
        };
        let (uri, method) = &self.calls[pick];
        let sent_ns = now_ns();
        let outcome = self.send(uri.clone(), metadata, message).await;
        let end_ns = outcome.ended_ns.max(sent_ns);
        if outcome.status.code == OK {
            fleet.record(self.seat, self.slot, &arrival, &Made { token, sent_ns, end_ns, ends_ns, method: *method });
        } else if !fleet.is_stopped() {
            let tried = Tried { token, sent_ns, end_ns, outcome: Box::new(outcome) };
            fleet.hand_over(self.seat, arrival, Some(tried)).await;
        }
    }

    async fn send(&self, uri: Uri, metadata: HeaderMap, message: Bytes) -> Outcome {
        let asked = CallRequest {
            uri,
            metadata,
            deadline: Some(Instant::now() + self.fleet.deadline()),
            wait_for_ready: false,
            encoding: self.channel.settings.encoding,
        };
        let mut reply = UnaryReply::default();
        let outcome = make_call(&self.channel, asked, Body::Whole(message), &self.control, &mut reply, || {}).await;
        reply.complete(outcome)
    }
}
