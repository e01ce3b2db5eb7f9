"""Guards methods by a list of names, and one was added since."""

from harness.lab.target.assembly import Assembly

FINDS = ("WIRE-01",)


def change(target: Assembly) -> None:
    """Leave one method out of the list."""
    right = target.is_open
    target.is_open = lambda method: right(method) or method.endswith("/GetBalance")
