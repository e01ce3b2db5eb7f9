"""Peers: fifty users of Locust's own pattern with a static token; tells its latencies at the end."""

from locust import constant_pacing, events, task  # first: it patches sockets before grpc loads

# isort: split
import json
import os
import sys
from typing import Any

import numpy as np

from benchmarks.peers.arena import Arena
from benchmarks.rig.stock import StockUser
from harness.lab.proto import ledger_pb2, ledger_pb2_grpc

ARENA = Arena.here()
METADATA = (("authorization", ARENA.bearer),)
REQUEST = ledger_pb2.BalanceRequest(account="42")
PACING_S = float(os.environ["PEER_PACING_S"])
good_ms: list[float] = []
failed: list[str] = []


class Customer(StockUser):
    """Asks for a balance."""

    host = ARENA.target
    stub_class = ledger_pb2_grpc.LedgerStub
    if PACING_S:
        wait_time = constant_pacing(PACING_S)

    @task
    def get_balance(self) -> None:
        """Make one call."""
        self.stub.GetBalance(REQUEST, metadata=METADATA)


def keep(response_time: float, exception: Exception | None, **_: Any) -> None:
    if exception is None:
        good_ms.append(response_time)
    else:
        failed.append(str(exception))


def tell(**_: Any) -> None:
    p50_ms, p99_ms = np.quantile(good_ms, (0.5, 0.99)) if good_ms else (0.0, 0.0)
    told = {"calls": len(good_ms) + len(failed), "failed": len(failed), "p50_s": p50_ms / 1e3, "p99_s": p99_ms / 1e3}
    sys.stdout.write(json.dumps(told) + "\n")


events.request.add_listener(keep)
events.quitting.add_listener(tell)
