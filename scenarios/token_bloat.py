"""Token bloat: tokens grow to 3, 5 and 7.5 KB, as groups and roles are added to them.

Question: From which size on are calls turned away, and is it all of them or, worse, some?
Steady state: failures under 0.1 % at each size: the limit of gRPC is 8 KiB of metadata.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Scenario, Tokens, at, constant_rate, failure_ratio, response_time
from harness.faults import ForceRefresh, TokenBloat
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=53,
    load=constant_rate(per_s=100, duration_s=50, max_users=50),
    tokens=Tokens(lifetime_s=120, refresh="proactive", before_s=10, callers=10),
    timeline=[
        at(6, TokenBloat(3_000), until_s=18),
        at(6.5, ForceRefresh()),
        at(18, TokenBloat(5_000), until_s=30),
        at(18.5, ForceRefresh()),
        at(30, TokenBloat(7_500), until_s=42),
        at(30.5, ForceRefresh()),
        at(42.5, ForceRefresh()),
    ],
    checks=[failure_ratio(below=0.001, when="all"), response_time(0.99, below_s=0.250, when="all")],
    hunts={"takes-little-metadata": ("failure_ratio all",)},
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
