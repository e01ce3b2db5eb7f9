"""Removes all white space from the value before it reads on."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.bearer import read_bearer
from harness.lab.target.gate import Metadata
from harness.lab.zoo.seams import values_of
from harness.results.row import Cause

FINDS = ("CLM-08",)


def change(target: Assembly) -> None:
    """Read the entry in another way."""

    def read(metadata: Metadata) -> str | Cause:
        values = values_of(metadata, "authorization")
        if len(values) == 1 and values[0].startswith("Bearer "):
            return "".join(values[0].removeprefix("Bearer ").split())
        return read_bearer(metadata)

    target.read = read
