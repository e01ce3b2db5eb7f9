"""Expiry cliff: one token for all, no margin, and a network slow enough for tokens to die on it.

Question: How many calls carry a token that dies on the way, and does each cost one retry and no failure?
Steady state: failures under 0.1 %; what dies on the way is delay / life, 1.5 % here.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Scenario, Tokens, amplification, at, attempts, constant_rate, failure_ratio, response_time
from harness.faults import Latency
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=19,
    load=constant_rate(per_s=150, duration_s=60, max_users=100),
    tokens=Tokens(lifetime_s=10, refresh="proactive", before_s=0, callers=100),
    timeline=[at(10, Latency(link="target", delay_s=0.15, toward="upstream"), until_s=55)],
    checks=[
        failure_ratio(below=0.001, when="all"),
        attempts(per_call_below=1.06, when="latency"),
        response_time(0.99, below_s=0.8, when="latency"),
        amplification(below=2, of="expiries"),
    ],
    hunts={
        "gives-up-at-once": ("failure_ratio all",),
        "keeps-the-token-of-its-creation": ("failure_ratio all",),
    },
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
