"""Fast beside slow: five users on a fast method, twenty on a slow one, for twelve seconds.

Question: do slow calls make fast ones look slow?
Steady state: failures under 0.1 %.
"""

from locust import task  # first: it patches sockets before grpc loads

# isort: split
from benchmarks.rig.ground import Ground
from harness import Scenario, Tokens, closed_users
from harness.lab.proto import ledger_pb2
from harness.tokens.sources.token_file import TokenFile
from harness.users import GrpcUser

GROUND = Ground.here()

scenario = Scenario(
    load=closed_users(25, duration_s=12, think_s=0.02, warm_up_s=2),
    tokens=Tokens(callers=25),
    target=GROUND.target,
    issuer=TokenFile(GROUND.token_file),
    deadline_s=5,
)


class Fast(GrpcUser):
    """Uses the fast method."""

    fixed_count = 5

    @task
    def get_balance(self) -> None:
        """Make one call."""
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))


class Slow(GrpcUser):
    """Uses the slow method."""

    fixed_count = 20

    @task
    def find_transfer(self) -> None:
        """Make one call."""
        self.stub.FindTransfer(ledger_pb2.FindRequest(nonce="n"))
