//! A user's loop: its declared calls, one after another.

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
use crate::fleet::arrival::{Arrival, FailedAttempt, GoodCall};
use crate::fleet::dispatch::Fleet;
use crate::wire::status::OK;

/// Takes a user's arrivals, and makes each call or hands it over.
struct UserLoop {
    fleet: Arc<Fleet>,
    user: usize,
    channel: Arc<Channel>,
    slot: usize,
    calls: Vec<(Uri, u16)>,
    control: Arc<Control>,
}

/// Add a user who calls on a channel, with a slot's token; return its number and its loop.
///
/// `calls` has the address of each declared call, and the journal's number of its method.
pub fn add_user(
    fleet: &Arc<Fleet>,
    channel: Arc<Channel>,
    slot: usize,
    calls: Vec<(Uri, u16)>,
) -> (usize, impl Future<Output = ()> + Send + 'static) {
    let control = Arc::new(Control::default());
    let user = fleet.add_user(Arc::clone(&control));
    (user, UserLoop { fleet: Arc::clone(fleet), user, channel, slot, calls, control }.run())
}

impl UserLoop {
    async fn run(self) {
        while let Some((arrival, pick)) = poll_fn(|cx| self.fleet.poll_take(self.user, cx)).await {
            self.call(arrival, usize::from(pick)).await;
            if !self.fleet.think().is_zero() {
                tokio::time::sleep(self.fleet.think()).await;
            }
        }
    }

    async fn call(&self, arrival: Arrival, pick: usize) {
        let fleet = &self.fleet;
        let message = fleet.message(pick);
        let ready = message.and_then(|message| Some((message, fleet.grant(&arrival, self.slot)?)));
        let Some((message, grant)) = ready else {
            return fleet.hand_over(self.user, arrival, None).await;
        };
        let (uri, method) = (self.calls[pick].0.clone(), self.calls[pick].1);
        let (token, expires_ns) = (grant.token, grant.expires_ns);
        let sent_ns = now_ns();
        let outcome = self.send(uri, grant.metadata, message).await;
        let ended_ns = outcome.ended_ns.max(sent_ns);
        if outcome.status.code == OK {
            let call = GoodCall { token, expires_ns, sent_ns, ended_ns, method };
            fleet.record(self.user, self.slot, &arrival, &call);
        } else if !fleet.is_closing() {
            let failed = FailedAttempt { token, sent_ns, ended_ns, outcome: Box::new(outcome) };
            fleet.hand_over(self.user, arrival, Some(failed)).await;
        }
    }

    async fn send(&self, uri: Uri, metadata: HeaderMap, message: Bytes) -> Outcome {
        let request = CallRequest {
            uri,
            metadata,
            deadline: Some(Instant::now() + self.fleet.deadline()),
            wait_for_ready: false,
            encoding: self.channel.settings.encoding,
        };
        let mut reply = UnaryReply::default();
        let body = Body::Whole(message);
        let outcome = make_call(&self.channel, request, body, &self.control, &mut reply, || {}).await;
        reply.complete(outcome)
    }
}
