"""Strange key: beside the good keys the issuer publishes one that the verifier does not know, and then rotates.

Question: Does one key of a new algorithm, or a broken one, cost the good keys beside it?
Steady state: failures under 0.1 % all along; a new key is found in the set although a strange one stands before it.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import LabSettings, Scenario, Tokens, at, constant_rate, failure_ratio, response_time
from harness.faults import PublishKey, RotateKeys, StrangeKey
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=44,
    load=constant_rate(per_s=100, duration_s=50, max_users=60),
    tokens=Tokens(lifetime_s=20, refresh="proactive", before_s=5, jitter_s=5, callers=6),
    lab=LabSettings(keys_lifetime_s=3),
    timeline=[
        at(4, StrangeKey("new algorithm"), until_s=16),
        at(6, PublishKey()),
        at(12, RotateKeys()),  # whoever gave the set up does not know this key
        at(18, StrangeKey("for encryption", first=False), until_s=24),
        at(26, StrangeKey("broken member"), until_s=32),
        at(34, StrangeKey("without id"), until_s=39),
        at(41, StrangeKey("same id"), until_s=46),
    ],
    checks=[
        failure_ratio(below=0.001, when="all"),
        response_time(0.99, below_s=0.25, when="all"),
    ],
    hunts={"gives-up-on-a-strange-key": ("failure_ratio all",)},
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
