"""Offered load: two hundred calls a second on a service that takes a tenth of a second.

Question: does the generator send what was planned?
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

scenario = Scenario(
    load=constant_rate(200, duration_s=float(os.environ.get("DURATION_S", "20")), max_users=60, warm_up_s=3),
    tokens=Tokens(callers=60),
    target=GROUND.target,
    issuer=TokenFile(GROUND.token_file),
)


class Customer(GrpcUser):
    """Asks for a balance."""

    @task
    def get_balance(self) -> None:
        """Make one call."""
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
