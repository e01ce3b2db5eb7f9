"""Expiry storm: every token of every user dies in the same second.

Question: does one expired token cost one refresh, or one per call in flight?
Steady state: failures under 0.1 %, p99 response time under 250 ms.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Scenario, Tokens, at, constant_rate, failure_ratio, recovery, refreshes, response_time
from harness.faults import ExpireAll, Latency
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=7,
    load=constant_rate(per_s=200, duration_s=60, max_users=100),
    tokens=Tokens(lifetime_s=30, refresh="proactive", before_s=5, jitter_s=2, callers=10),
    timeline=[
        at(15, ExpireAll()),
        at(30, Latency(link="issuer", delay_s=0.4, jitter_s=0.1), until_s=45),
        at(35, ExpireAll()),
    ],
    checks=[
        failure_ratio(below=0.001, when="steady"),
        response_time(0.99, below_s=0.250),
        recovery(within_s=3),
        refreshes(below=15),
    ],
    hunts={"thundering-herd": ("refreshes",)},
)


class Storm(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
