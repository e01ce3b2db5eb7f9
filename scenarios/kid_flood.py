"""Kid flood: two of three calls carry a key id that nobody has ever published.

Question: How often is the issuer asked for keys that do not exist, and do good calls pay for it?
Steady state: failures of good calls under 0.1 %, their p99 under 250 ms, one key-set request per cooldown.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Scenario, Tokens, amplification, at, constant_rate, failure_ratio, false_accepts, response_time
from harness.faults import UnknownKidFlood
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=47,
    load=constant_rate(per_s=150, duration_s=45, max_users=100),
    tokens=Tokens(lifetime_s=60, refresh="proactive", before_s=10, jitter_s=5, callers=10),
    timeline=[at(8, UnknownKidFlood(), until_s=38, toxicity=0.66)],
    checks=[
        failure_ratio(below=0.001, when="all"),
        response_time(0.99, below_s=0.250, when="all"),
        false_accepts(below=0.01),
        amplification(below=2, of="key sets"),
    ],
    hunts={"fetches-for-every-unknown-key": ("amplification key sets",)},
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
