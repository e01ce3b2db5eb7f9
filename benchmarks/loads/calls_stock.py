"""Fifty users of Locust's own gRPC pattern, with a static token, in turns; ``--pool N`` sizes the native pool."""

from locust import events, task  # first: it patches sockets before grpc loads
from locust.env import Environment

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
    """Asks for a balance."""

    host = GROUND.target
    stub_class = ledger_pb2_grpc.LedgerStub

    @task
    def get_balance(self) -> None:
        """Make one call."""
        turns.enter()
        self.stub.GetBalance(REQUEST, metadata=METADATA)
        turns.calls += 1


def take_turns(environment: Environment, **_: Any) -> None:
    """Size the pool before the first user is there."""
    gevent.get_hub().threadpool.maxsize = environment.parsed_options.pool  # type: ignore[union-attr]
    gevent.spawn(turns.serve)


def add_pool(parser: Any, **_: Any) -> None:
    """Take ``--pool``; gevent's own default is ten threads."""
    parser.add_argument("--pool", type=int, default=10)


events.init_command_line_parser.add_listener(add_pool)
events.test_start.add_listener(take_turns)
