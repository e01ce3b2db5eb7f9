"""Calls in turns: fifty users of ours, with tokens, rows and traces.

Question: what does a call cost the generator?
Steady state: failures under 0.1 %.
"""

from locust import events, task  # first: it patches sockets before grpc loads

# isort: split
from typing import Any

import gevent

from benchmarks.rig.ground import Ground
from benchmarks.rig.turns import Turns
from harness import Scenario, Tokens, closed_users
from harness.lab.proto import ledger_pb2
from harness.tokens.sources.token_file import TokenFile
from harness.users import GrpcUser

GROUND = Ground.here()
REQUEST = ledger_pb2.BalanceRequest(account="42")
turns = Turns(50)

scenario = Scenario(
    load=closed_users(50, duration_s=3600, warm_up_s=1),
    tokens=Tokens(callers=10),
    target=GROUND.target,
    issuer=TokenFile(GROUND.token_file),
)


class Customer(GrpcUser):
    """Asks for a balance."""

    @task
    def get_balance(self) -> None:
        """Make one call."""
        turns.enter()
        self.stub.GetBalance(REQUEST)
        turns.calls += 1


def take_turns(**_: Any) -> None:
    gevent.spawn(turns.serve)


events.test_start.add_listener(take_turns)
