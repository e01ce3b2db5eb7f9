"""Fresh tokens: every call fetches a token of its own, for the last one is dead by then.

Question: what do failing token requests cost, where no older token bridges them?
Steady state: failures under 0.5 %.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Matters, Scenario, Tokens, constant_rate, failure_ratio
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=7,
    load=constant_rate(per_s=60, duration_s=10, warm_up_s=4, max_users=240),  # each calls every 4 s
    tokens=Tokens(lifetime_s=2, refresh="proactive", before_s=0.5, jitter_s=0, callers=1),
    checks=[failure_ratio(below=0.005, when="steady")],
    matters=Matters(primaries=("p50 steady", "p99 steady", "failed all")),
)


class Customer(GrpcUser):
    """Reads a balance."""

    @task
    def get_balance(self) -> None:
        """Make one call."""
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
