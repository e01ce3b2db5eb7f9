"""Poison tokens: every defect of the catalogue that a client can send, mixed into good traffic.

Question: Does anything get in that should not, crash the verifier, or spoil its verdict on good neighbours?
Steady state: no false accept, no crash, failures of good calls under 0.1 %.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Scenario, Tokens, at, constant_rate, crashes, failure_ratio, false_accepts, response_time
from harness.faults import DefectMix
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=61,
    load=constant_rate(per_s=120, duration_s=60, max_users=60),
    tokens=Tokens(lifetime_s=120, refresh="proactive", before_s=10, callers=5),
    timeline=[at(4, DefectMix(), until_s=58, toxicity=0.2)],
    checks=[
        false_accepts(below=0.01),
        crashes(below=0.01),
        failure_ratio(below=0.001, when="all"),
        response_time(0.99, below_s=0.250, when="all"),
    ],
    hunts={
        "skips-exp": ("false_accepts",),
        "accepts-alg-none": ("false_accepts",),
        "trusts-the-embedded-key": ("false_accepts",),
        "crashes-at-infinity": ("crashes",),
    },
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
