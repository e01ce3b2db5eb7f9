"""Fifty greenlets that call in a loop: what grpcio under gevent costs with nothing around it.

Metadata with a static token, no deadline, no record. ``--pool N`` sizes gevent's native pool.
"""

# ruff: noqa: E402 - sockets are patched before grpc loads
from gevent import monkey

monkey.patch_all()

# isort: split
import argparse

import gevent
import grpc
import grpc.experimental.gevent as grpc_gevent

from benchmarks.rig.ground import Ground
from benchmarks.rig.turns import Turns
from harness.lab.proto import ledger_pb2, ledger_pb2_grpc

CALLERS = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=int, default=10, help="native threads; gevent's own default is 10")
    gevent.get_hub().threadpool.maxsize = parser.parse_args().pool
    turns, ground = Turns(CALLERS), Ground.here()
    grpc_gevent.init_gevent()
    stub = ledger_pb2_grpc.LedgerStub(grpc.insecure_channel(ground.target))  # type: ignore[no-untyped-call]
    request, metadata = ledger_pb2.BalanceRequest(account="42"), ground.metadata()

    def call_for_ever() -> None:
        while True:
            turns.enter()
            stub.GetBalance(request, metadata=metadata)
            turns.calls += 1

    for _ in range(CALLERS):
        gevent.spawn(call_for_ever)
    turns.serve()


if __name__ == "__main__":
    main()
