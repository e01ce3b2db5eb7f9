"""Brief storm: ten seconds at a low rate, in which every token dies once.

Question: does the verdict find a change of the target that is there, and none that is not?
Steady state: failures under 5 %.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Matters, Scenario, Tokens, at, constant_rate, failure_ratio
from harness.faults import ExpireAll
from harness.lab.proto import ledger_pb2
from harness.scenario.scenario import LabSettings
from harness.users import GrpcUser

scenario = Scenario(
    seed=7,
    load=constant_rate(per_s=60, duration_s=10, warm_up_s=4, max_users=40),
    tokens=Tokens(lifetime_s=60, refresh="proactive", before_s=5, jitter_s=2, callers=40),
    timeline=[at(6, ExpireAll())],
    checks=[failure_ratio(below=0.05, when="steady")],
    lab=LabSettings(work_s=0.2),  # a tenth of it, 20 ms, is more than a busy machine's scheduler adds
    matters=Matters(primaries=("p50 steady", "p99 steady", "failed all")),  # 600 calls are too few for typical p99
)


class Customer(GrpcUser):
    """Reads a balance."""

    @task
    def get_balance(self) -> None:
        """Make one call."""
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
