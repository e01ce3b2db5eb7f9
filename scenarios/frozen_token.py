"""Frozen token: the target is away for seconds, and calls that wait for it hold tokens that die meanwhile.

Question: Are calls that waited for a connection sent with the token of their beginning, and lost for it?
Steady state: failures under 1 %, also of the calls that waited: a new token and a second attempt save them.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Scenario, Tokens, at, constant_rate, failure_ratio, recovery
from harness.faults import RestartTarget
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=71,
    load=constant_rate(per_s=60, duration_s=50, max_users=400),
    tokens=Tokens(lifetime_s=3, refresh="proactive", before_s=0.5, callers=10),
    deadline_s=10,
    timeline=[at(8, RestartTarget(), until_s=12), at(28, RestartTarget(), until_s=32)],
    checks=[
        failure_ratio(below=0.02, when="restart_target"),
        failure_ratio(below=0.01, when="all"),
        recovery(within_s=6),
    ],
    hunts={
        "keeps-the-token-of-its-creation": ("failure_ratio restart_target", "failure_ratio all"),
        "gives-up-at-once": ("failure_ratio restart_target", "failure_ratio all"),
    },
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"), wait_for_ready=True)
