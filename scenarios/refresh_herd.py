"""Refresh herd: every client starts at the same second, and the issuer grants twenty tokens a second.

Question: Do clients that started together come back together, and how far is the worst second from the ideal?
Steady state: no failure; at most 6.5 times the ideal rate (one fetch per holder and life) in any second.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Scenario, Tokens, amplification, at, constant_rate, failure_ratio, response_time
from harness.faults import IssuerRateLimit, IssuerSlow
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=23,
    load=constant_rate(per_s=200, duration_s=66, max_users=100),
    tokens=Tokens(lifetime_s=20, refresh="proactive", before_s=4, jitter_s=9, callers=5),
    timeline=[
        at(2, IssuerSlow(delay_s=0.2), until_s=64),
        at(2, IssuerRateLimit(per_s=20), until_s=64),
    ],
    checks=[
        failure_ratio(below=0.001, when="all"),
        response_time(0.99, below_s=0.5, when="all"),
        amplification(below=6.5, of="peak", after="issuer_rate_limit"),
        amplification(below=2.5, of="expiries"),
    ],
    short=0.75,
    hunts={
        "renews-on-the-second": ("amplification peak issuer_rate_limit",),
        "thundering-herd": ("amplification peak issuer_rate_limit", "amplification expiries"),
    },
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
