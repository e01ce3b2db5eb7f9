"""Drift ramp: the verifier's clock steps ahead and behind, within the leeway and beyond it.

Question: How much skew do leeway and margin really cover, and is a dead token dead all along?
Steady state: failures under 0.1 %; the leeway is 2 s on both sides, the margin covers what lies beyond on the far one.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import LabSettings, Scenario, Tokens, at, attempts, constant_rate, failure_ratio, false_accepts
from harness.faults import ClockSkew, TokenDefect
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=31,
    load=constant_rate(per_s=150, duration_s=58, max_users=60),
    tokens=Tokens(lifetime_s=24, refresh="proactive", before_s=8, jitter_s=2, callers=10),
    lab=LabSettings(leeway_s=2),
    timeline=[
        at(2, TokenDefect("TIME-02", variant="59 s"), until_s=56, toxicity=0.1),
        at(8, ClockSkew(of="verifier", skew_s=1), until_s=16),
        at(22, ClockSkew(of="verifier", skew_s=-1.9), until_s=30),
        at(36, ClockSkew(of="verifier", skew_s=4), until_s=44),  # beyond the leeway: the margin has to cover it
    ],
    checks=[
        failure_ratio(below=0.001, when="all"),
        attempts(per_call_below=1.01, when="all"),
        false_accepts(below=0.03),
    ],
    hunts={
        "forgives-nothing": ("failure_ratio all",),
        "forgives-five-minutes": ("false_accepts",),
    },
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
