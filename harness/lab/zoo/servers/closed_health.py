"""Wants a token from probes, which have none."""

from harness.lab.target.assembly import Assembly

FINDS = ("WIRE-06",)


def change(target: Assembly) -> None:
    """Open nothing."""
    target.is_open = lambda method: False
