"""Splits at the space, and ignores what stands before it."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.bearer import read_bearer
from harness.lab.target.gate import Metadata
from harness.lab.zoo.seams import values_of
from harness.results.row import Cause

FINDS = ("META-10",)


def change(target: Assembly) -> None:
    """Read the entry in another way."""

    def read(metadata: Metadata) -> str | Cause:
        values = values_of(metadata, "authorization")
        return values[0].partition(" ")[2] if len(values) == 1 and " " in values[0] else read_bearer(metadata)

    target.read = read
