"""Calm: authenticated calls and no fault.

Question: how fast and how reliable is the service when nothing goes wrong?
Steady state: failures under 0.1 %, p99 response time under 250 ms.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Scenario, Tokens, constant_rate, failure_ratio, response_time
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=7,
    load=constant_rate(per_s=200, duration_s=50, max_users=100),
    tokens=Tokens(lifetime_s=30, refresh="proactive", before_s=5, jitter_s=2, callers=10),
    checks=[failure_ratio(below=0.001, when="steady"), response_time(0.99, below_s=0.250)],
    hunts={"loses-its-keys-now-and-then": ("failure_ratio steady",)},
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
