"""Immortal stream: streams that run longer than their token lives, on a target that says it cuts them.

Question: Is a stream cut when its token ends, and does its user come back with a new one?
Steady state: no stream goes on for more than a second after its token, and its user is back within another.
"""

from collections.abc import Iterator

from locust import task  # first: it patches sockets before grpc loads

# isort: split
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
    hunts={"immortal-stream": ("lag stream cut",)},
)
ORDERS = 30
MOST_STREAMS = 10


class Trader(GrpcUser):
    """Each order waits for the receipt of the one before; a stream that is cut goes on in the next."""

    @task
    def trade(self) -> None:
        left = ORDERS
        for _ in range(MOST_STREAMS):
            try:
                for _ in self.stub.StreamTransfers(self.orders(left)):
                    left -= 1
            except grpc.RpcError:
                continue
            return

    def orders(self, count: int) -> Iterator[ledger_pb2.TransferRequest]:
        for place in range(count):
            time.sleep(0.4)
            nonce = f"{id(self)}-{time.monotonic_ns()}-{place}"
            yield ledger_pb2.TransferRequest(from_account="42", to_account="7", cents=1, nonce=nonce)
