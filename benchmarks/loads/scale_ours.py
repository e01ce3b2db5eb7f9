"""Scale: a fixed rate for each worker, however many there are.

Question: do more workers make calls in proportion, with every row there?
Steady state: failures under 0.1 %.
"""

import os

from locust import task  # first: it patches sockets before grpc loads

# isort: split
from benchmarks.rig.ground import Ground
from harness import Scenario, Tokens, constant_rate
from harness.lab.proto import ledger_pb2
from harness.tokens.sources.token_file import TokenFile
from harness.users import GrpcUser

GROUND = Ground.here()
WORKERS = int(os.environ["WORKERS"])
PER_S = float(os.environ["PER_S"])
USERS = 20

scenario = Scenario(
    load=constant_rate(PER_S * WORKERS, duration_s=float(os.environ["FOR_S"]), max_users=USERS * WORKERS, warm_up_s=3),
    tokens=Tokens(callers=USERS),
    target=GROUND.target,
    issuer=TokenFile(GROUND.token_file),
    deadline_s=5,
)


class Customer(GrpcUser):
    """Asks for a balance."""

    @task
    def get_balance(self) -> None:
        """Make one call."""
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
