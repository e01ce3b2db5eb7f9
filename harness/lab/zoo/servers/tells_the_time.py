"""Answers with the library's text, and the server's clock in it."""

import grpc

from harness.lab.target.assembly import Assembly
from harness.lab.target.gate import TEXTS, Handler, rejection
from harness.results.row import Cause

FINDS = ("WIRE-13",)


def change(target: Assembly) -> None:
    """Put the time into the text."""
    kept: dict[Cause, Handler] = {}

    def turn_away(cause: Cause) -> Handler:
        text = f"{TEXTS[cause]}: it is {int(target.clock())} now"
        code = grpc.StatusCode.PERMISSION_DENIED if cause is Cause.DENIED else grpc.StatusCode.UNAUTHENTICATED
        return kept.setdefault(cause, rejection(code, text, cause))

    target.turn_away = turn_away
