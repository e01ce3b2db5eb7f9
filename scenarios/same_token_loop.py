"""Same token loop: within the margin, a caching issuer hands out the token that the client already has.

Question: Does a refresh that changed nothing make a client ask again at once, and again?
Steady state: failures under 0.1 %; one request per back-off and holder, not one per call.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Scenario, Tokens, amplification, at, constant_rate, failure_ratio, response_time
from harness.faults import SameTokenAgain
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=59,
    load=constant_rate(per_s=150, duration_s=50, max_users=50),
    tokens=Tokens(lifetime_s=40, refresh="proactive", before_s=14, jitter_s=2, callers=10, backoff_s=1),
    timeline=[at(12, SameTokenAgain(), until_s=26)],
    checks=[
        failure_ratio(below=0.001, when="all"),
        response_time(0.99, below_s=0.250, when="all"),
        amplification(below=30, after="same_token_again"),
    ],
    hunts={"loops-on-the-same-token": ("amplification refreshes same_token_again",)},
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
