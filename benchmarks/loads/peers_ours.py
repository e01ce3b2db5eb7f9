"""Peers: fifty users of ours, closed or at a rate, with tokens renewed every five seconds.

Question: what does a call cost the generator?
Steady state: failures under 0.1 %.
"""

from locust import task  # first: it patches sockets before grpc loads

# isort: split
import os

from benchmarks.peers.arena import IN_FLIGHT, RENEW_S, Arena
from harness import Scenario, Tokens, closed_users, constant_rate
from harness.lab.proto import ledger_pb2
from harness.tokens.sources.client_auth import ClientSecret
from harness.tokens.sources.client_credentials import ClientCredentials
from harness.users import GrpcUser

ARENA = Arena.here()
PER_S, FOR_S = float(os.environ["PEER_PER_S"]), float(os.environ["PEER_FOR_S"])
REQUEST = ledger_pb2.BalanceRequest(account="42")

scenario = Scenario(
    load=constant_rate(PER_S, duration_s=FOR_S, max_users=IN_FLIGHT, warm_up_s=1)
    if PER_S
    else closed_users(IN_FLIGHT, duration_s=3600, warm_up_s=1),
    tokens=Tokens(lifetime_s=2 * RENEW_S, before_s=RENEW_S, callers=IN_FLIGHT),
    target=ARENA.target,
    issuer=ClientCredentials(ARENA.token_url, ARENA.client_id, auth=ClientSecret(file=ARENA.secret_file)),
    deadline_s=10,
)


class Customer(GrpcUser):
    """Asks for a balance."""

    @task
    def get_balance(self) -> None:
        """Make one call."""
        self.stub.GetBalance(REQUEST)
