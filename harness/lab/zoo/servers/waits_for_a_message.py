"""Rejects in a unary handler: a stream is told after its first message, which may never come."""

from typing import Any

import grpc

from harness.lab.target.assembly import Assembly
from harness.lab.target.gate import Handler
from harness.results.row import Cause

FINDS = ("WIRE-04", "WIRE-07")


def change(target: Assembly) -> None:
    """Reject with a handler that reads the request first."""
    right = target.turn_away
    kept: dict[Cause, Handler] = {}

    def turn_away(cause: Cause) -> Handler:
        if cause not in kept:
            behaviour: Any = right(cause)
            kept[cause] = grpc.unary_unary_rpc_method_handler(behaviour.stream_stream)
        return kept[cause]

    target.turn_away = turn_away
