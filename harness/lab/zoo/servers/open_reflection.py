"""Tells strangers every method and message."""

from harness.lab.target.assembly import Assembly

FINDS = ("WIRE-07",)


def change(target: Assembly) -> None:
    """Open reflection, as health is."""
    right = target.is_open
    target.is_open = lambda method: right(method) or method.startswith("/grpc.reflection.")
