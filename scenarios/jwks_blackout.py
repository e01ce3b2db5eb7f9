"""JWKS blackout: the key set is down, then a page of HTML, then empty, then slow to come.

Question: Do known keys keep working while nobody can be asked, and does nothing unknown get in?
Steady state: failures under 0.1 %, no false accept, p99 response time under 700 ms.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import LabSettings, Scenario, Tokens, at, constant_rate, failure_ratio, false_accepts, response_time
from harness.faults import JwksDown, JwksEmpty, JwksSlow, UnknownKidFlood
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=43,
    load=constant_rate(per_s=150, duration_s=60, max_users=100),
    tokens=Tokens(lifetime_s=60, refresh="proactive", before_s=10, jitter_s=5, callers=10),
    lab=LabSettings(keys_lifetime_s=5, keys_timeout_s=0.5),
    timeline=[
        at(4, UnknownKidFlood(), until_s=56, toxicity=0.1),
        at(8, JwksDown(), until_s=18),
        at(22, JwksDown(answer="html"), until_s=30),
        at(34, JwksEmpty(), until_s=42),
        at(46, JwksSlow(delay_s=5), until_s=54),
    ],
    checks=[
        failure_ratio(below=0.001, when="all"),
        response_time(0.99, below_s=0.7, when="all"),
        false_accepts(below=0.03),
    ],
    hunts={
        "drops-its-keys": ("failure_ratio all",),
        "fails-open-without-keys": ("false_accepts",),
    },
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
