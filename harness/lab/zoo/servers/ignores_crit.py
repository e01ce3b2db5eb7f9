"""Reads past `crit`: what must be understood is not."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.steps import Header
from harness.lab.zoo.seams import put_steps

FINDS = ("HEAD-06",)


def change(target: Assembly) -> None:
    """Check the header as if it had no `crit`."""
    right = target.steps

    def check_header(header: Header) -> tuple[str, str]:
        return right.check_header({name: value for name, value in header.items() if name != "crit"})

    put_steps(target, check_header=check_header)
