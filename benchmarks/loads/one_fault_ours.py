"""One fault: a hundred calls a second on the right target with right clients, and one fault in the middle.

Question: does a target that does nothing wrong pass, whichever fault meets it?
Steady state: failures under 0.1 %.
"""

import json
import os

from locust import task  # first: it patches sockets before grpc loads

# isort: split
from harness import LabSettings, Scenario, Tokens, at, constant_rate, failure_ratio
from harness.faults import fault_from_json
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

FROM_S, UNTIL_S, DURATION_S = 5, 8, 20
fault = fault_from_json(os.environ.get("FAULT", "restart_target"), json.loads(os.environ.get("SETTINGS", "{}")))

scenario = Scenario(
    load=constant_rate(100, duration_s=DURATION_S, max_users=300, warm_up_s=4),
    tokens=Tokens(lifetime_s=30, before_s=5, callers=10),
    lab=LabSettings(leeway_s=2, keys_lifetime_s=3),
    timeline=[at(FROM_S, fault, None if fault.instant else UNTIL_S)],
    checks=[failure_ratio(below=0.001, when="steady")],
)


class Customer(GrpcUser):
    """Asks for a balance."""

    @task
    def get_balance(self) -> None:
        """Make one call."""
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
