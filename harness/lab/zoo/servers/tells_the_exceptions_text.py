"""Answers with the text of the exception, as a handler does that lets it through."""

import grpc

from harness.lab.target.assembly import Assembly
from harness.lab.target.gate import Handler, rejection
from harness.results.row import Cause

FINDS = ("WIRE-13",)


def change(target: Assembly) -> None:
    """Put the exception into the text."""
    kept: dict[Cause, Handler] = {}

    def turn_away(cause: Cause) -> Handler:
        text = f"Unexpected <class 'jwt.exceptions.DecodeError'>: {cause.name.lower()}"
        code = grpc.StatusCode.PERMISSION_DENIED if cause is Cause.DENIED else grpc.StatusCode.UNAUTHENTICATED
        return kept.setdefault(cause, rejection(code, text, cause))

    target.turn_away = turn_away
