"""Answers UNAUTHENTICATED for a missing scope: clients refresh in a loop."""

from harness.lab.target.assembly import Assembly
from harness.results.row import Cause

FINDS = ("CLM-06",)


def change(target: Assembly) -> None:
    """Turn a denial into a rejection."""
    right = target.turn_away
    target.turn_away = lambda cause: right(Cause.UNAUTHENTICATED if cause is Cause.DENIED else cause)
