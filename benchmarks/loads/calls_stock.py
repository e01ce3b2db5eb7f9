"""Fifty users of Locust's own gRPC pattern, with a static token, in turns."""

from locust import events, task  # first: it patches sockets before grpc loads

# isort: split
from typing import Any

import gevent

from benchmarks.rig.ground import Ground
from benchmarks.rig.stock import StockUser
from benchmarks.rig.turns import Turns
from harness.lab.proto import ledger_pb2, ledger_pb2_grpc

GROUND = Ground.here()
METADATA = GROUND.metadata()
REQUEST = ledger_pb2.BalanceRequest(account="42")
turns = Turns(50)


class Customer(StockUser):
    host = GROUND.target
    stub_class = ledger_pb2_grpc.LedgerStub

    @task
    def get_balance(self) -> None:
        turns.enter()
        self.stub.GetBalance(REQUEST, metadata=METADATA)
        turns.calls += 1


@events.test_start.add_listener
def take_turns(**_: Any) -> None:
    gevent.spawn(turns.serve)
