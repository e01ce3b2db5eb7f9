"""Key rotation: once in the right order (publish, then sign), once with the old key gone at once.

Question: How soon is an old key forgotten, and what does a new one cost the callers?
Steady state: failures under 0.1 %, even where tokens die with their key: one retry cures them.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import LabSettings, Scenario, Tokens, at, constant_rate, failure_ratio, lag, recovery, refreshes
from harness.faults import PublishKey, RotateKeys
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=41,
    load=constant_rate(per_s=150, duration_s=56, max_users=60),
    tokens=Tokens(lifetime_s=30, refresh="proactive", before_s=5, jitter_s=5, callers=3),
    lab=LabSettings(keys_lifetime_s=5),
    timeline=[
        at(4, PublishKey()),
        at(8, RotateKeys()),
        at(40, RotateKeys(overlap=False)),  # by now every token of the first key was replaced
    ],
    checks=[
        failure_ratio(below=0.001, when="all"),
        recovery(within_s=4),
        refreshes(below=45, after="rotate_keys"),
        lag("removed key", below_s=5.5),
    ],
    short=0.5,
    hunts={
        "never-forgets-a-key": ("lag removed key",),
        "gives-up-at-once": ("failure_ratio all",),
    },
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
