"""A stall: a hundred calls a second, and a service that once answers nobody for two seconds.

Question: do response times tell the stall, though calls wait for each other?
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
USERS = int(os.environ.get("USERS", "250"))

scenario = Scenario(
    load=constant_rate(100, duration_s=float(os.environ.get("DURATION_S", "60")), max_users=USERS, warm_up_s=3),
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
