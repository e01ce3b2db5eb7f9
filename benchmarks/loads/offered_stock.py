"""Locust's own pattern and its `poisson` wait: twenty users at ten calls a second each; prints each start (s)."""

from locust import events, poisson, task  # first: it patches sockets before grpc loads

# isort: split
import time
from typing import Any

from benchmarks.rig.ground import Ground
from benchmarks.rig.stock import StockUser
from harness.lab.proto import ledger_pb2, ledger_pb2_grpc

GROUND = Ground.here()
METADATA = GROUND.metadata()
starts_s: list[float] = []


class Customer(StockUser):
    """Asks for a balance."""

    host = GROUND.target
    stub_class = ledger_pb2_grpc.LedgerStub
    wait_time = poisson(10)

    @task
    def get_balance(self) -> None:
        """Make one call."""
        starts_s.append(time.monotonic())
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"), metadata=METADATA)


def tell(**_: Any) -> None:
    print("\n".join(f"start {one:.4f}" for one in starts_s), flush=True)


events.quitting.add_listener(tell)
