"""Fail open: half of all calls carry a stranger's signature, while the target hangs, and wakes to a crowd.

Question: Does a verifier under pressure, with its issuer gone, let in what it would turn away at rest?
Steady state: no false accept, failures of good calls under 1 %: they wait, and are served.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import LabSettings, Scenario, Tokens, at, constant_rate, failure_ratio, false_accepts
from harness.faults import JwksDown, PauseTarget, TokenDefect
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=67,
    load=constant_rate(per_s=150, duration_s=50, max_users=450),
    tokens=Tokens(lifetime_s=120, refresh="proactive", before_s=10, callers=5),
    lab=LabSettings(keys_lifetime_s=5, keys_timeout_s=0.5),
    deadline_s=4,
    timeline=[
        at(4, TokenDefect("SIGN-12"), until_s=48, toxicity=0.5),
        at(10, PauseTarget(), until_s=12),
        at(18, JwksDown(), until_s=44),
        at(24, PauseTarget(), until_s=26),
        at(34, PauseTarget(), until_s=36),
    ],
    checks=[false_accepts(below=0.01), failure_ratio(below=0.01, when="all")],
    short=0.5,
    hunts={"lets-in-under-load": ("false_accepts",)},
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
