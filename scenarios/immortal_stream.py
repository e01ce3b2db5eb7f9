"""Immortal stream: streams that run longer than their token lives, on a target that says it cuts them.

Question: Is a stream of each kind cut when its token ends, and does its user come back with a new one?
Steady state: no stream goes on for more than a second after its token, and its user is back within another.
"""

from collections.abc import Iterator

from locust import task  # first: it patches sockets before grpc loads

# isort: split
import random
import time

import grpc

from harness import LabSettings, Scenario, Tokens, constant_rate, failure_ratio, lag
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=73,
    load=constant_rate(per_s=4, duration_s=60, max_users=200),
    tokens=Tokens(lifetime_s=10, refresh="proactive", before_s=2, callers=20),
    lab=LabSettings(streams="cut at expiry"),
    deadline_s=30,
    checks=[
        lag("stream cut", below_s=1.5),
        lag("reconnect", below_s=1),
        failure_ratio(below=0.9),  # a stream that was cut is a failed call: three of four are
    ],
    hunts={
        "immortal-stream": ("lag stream cut",),
        "leaves-server-streams-open": ("lag stream cut",),
        "leaves-client-streams-open": ("lag stream cut",),
        "leaves-bidi-streams-open": ("lag stream cut",),
    },
)
ORDERS = 30
PAUSE_S = 0.4
MOST_STREAMS = 10


class Streamer(GrpcUser):
    """A user of long streams; one that is cut goes on in the next, with what it had no time for."""

    @task(2)
    def trade(self) -> None:
        """Wait for the receipt of each order before the next."""
        left = ORDERS
        for _ in range(MOST_STREAMS):
            try:
                for _ in self.stub.StreamTransfers(orders(left)):
                    left -= 1
            except grpc.RpcError:
                continue
            return

    @task
    def watch(self) -> None:
        """Read what others traded, and say nothing after the first word."""
        left = ORDERS
        for _ in range(MOST_STREAMS):
            request = ledger_pb2.ListRequest(account="42", limit=left, interval_s=PAUSE_S)
            try:
                for _ in self.stub.ListTransfers(request):
                    left -= 1
            except grpc.RpcError:
                continue
            return

    @task
    def bring_in(self) -> None:
        """Hand orders in, and hear once, at the end."""
        left = ORDERS

        def handed_in() -> Iterator[ledger_pb2.TransferRequest]:
            nonlocal left
            for order in orders(left):
                left -= 1
                yield order

        for _ in range(MOST_STREAMS):
            try:
                self.stub.ImportTransfers(handed_in())
            except grpc.RpcError:
                continue
            return


def orders(count: int) -> Iterator[ledger_pb2.TransferRequest]:
    """Yield orders as they come in."""
    for place in range(count):
        time.sleep(PAUSE_S)
        nonce = f"{time.monotonic_ns()}-{random.getrandbits(64)}-{place}"
        yield ledger_pb2.TransferRequest(from_account="42", to_account="7", cents=1, nonce=nonce)
