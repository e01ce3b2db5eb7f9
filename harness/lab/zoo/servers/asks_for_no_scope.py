"""Lets every good token do everything."""

from harness.lab.target.assembly import Assembly

FINDS = ("CLM-06",)


def change(target: Assembly) -> None:
    """Ask for no scope."""
    target.scopes = {}
