"""Forced refresh: clients drop their tokens, then the server revokes them all.

Question: what does a refresh cost the caller, and does a revocation cost more than one retry?
Steady state: failures under 0.1 %, p99 response time under 250 ms.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Scenario, Tokens, at, constant_rate, failure_ratio, lag, recovery, refreshes, response_time
from harness.faults import ForceRefresh, RevokeAll
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=13,
    load=constant_rate(per_s=200, duration_s=50, max_users=100),
    tokens=Tokens(lifetime_s=300, refresh="background", before_s=20, callers=10),
    timeline=[
        at(10, ForceRefresh()),
        at(25, RevokeAll()),
        at(40, ForceRefresh()),
    ],
    checks=[
        failure_ratio(below=0.001, when="all"),
        response_time(0.99, below_s=0.250, when="all"),
        recovery(within_s=2),
        refreshes(below=15),
        lag("revocation", below_s=1),
    ],
    hunts={
        "gives-up-at-once": ("failure_ratio all",),
        "ignores-revocation": ("lag revocation",),
    },
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
