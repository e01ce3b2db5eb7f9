"""Locust's own pattern: five users on a fast method, twenty on a slow one; prints each fast service time (ms)."""

from locust import constant, events, task  # first: it patches sockets before grpc loads

# isort: split
from typing import Any

from benchmarks.rig.ground import Ground
from benchmarks.rig.stock import StockUser
from harness.lab.proto import ledger_pb2, ledger_pb2_grpc

GROUND = Ground.here()
METADATA = GROUND.metadata()
fast_ms: list[float] = []


class Fast(StockUser):
    """Uses the fast method."""

    host = GROUND.target
    stub_class = ledger_pb2_grpc.LedgerStub
    wait_time = constant(0.02)
    fixed_count = 5

    @task
    def get_balance(self) -> None:
        """Make one call."""
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"), metadata=METADATA)


class Slow(StockUser):
    """Uses the slow method."""

    host = GROUND.target
    stub_class = ledger_pb2_grpc.LedgerStub
    wait_time = constant(0.02)
    fixed_count = 20

    @task
    def find_transfer(self) -> None:
        """Make one call."""
        self.stub.FindTransfer(ledger_pb2.FindRequest(nonce="n"), metadata=METADATA)


def keep(name: str, response_time: float, exception: Exception | None, **_: Any) -> None:
    if exception is None and name.endswith("GetBalance"):
        fast_ms.append(response_time)


events.request.add_listener(keep)


def tell(**_: Any) -> None:
    print("\n".join(f"fast {one:.3f}" for one in fast_ms), flush=True)


events.quitting.add_listener(tell)
