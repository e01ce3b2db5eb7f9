"""IdP brownout: the issuer slows down, hangs, answers 503, and comes back.

Question: Do callers notice an issuer in trouble while their tokens live, and is it asked with ever longer pauses?
Steady state: failures under 0.1 %, p99 response time under 250 ms, all along.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Scenario, Tokens, amplification, at, constant_rate, failure_ratio, recovery, response_time
from harness.faults import Blackhole, IssuerErrors, IssuerSlow
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=29,
    load=constant_rate(per_s=100, duration_s=50, max_users=50),
    tokens=Tokens(lifetime_s=48, refresh="background", before_s=24, callers=10, backoff_max_s=3),
    timeline=[
        at(8, IssuerSlow(delay_s=5), until_s=14),
        at(14, Blackhole(link="issuer"), until_s=20),
        at(20, IssuerErrors(503), until_s=26),
    ],
    checks=[
        failure_ratio(below=0.001, when="all"),
        response_time(0.99, below_s=0.250, when="all"),
        recovery(within_s=2, after="issuer_errors"),
        amplification(below=15, after="issuer_errors"),
    ],
    hunts={
        "drops-the-old-token": ("failure_ratio all",),
        "asks-without-a-pause": ("amplification refreshes issuer_errors",),
    },
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
