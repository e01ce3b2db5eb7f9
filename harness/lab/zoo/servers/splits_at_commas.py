"""Splits a value at its commas, and takes the first piece that has the right form."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.bearer import read_bearer
from harness.lab.target.gate import Metadata
from harness.lab.zoo.seams import values_of
from harness.results.row import Cause

FINDS = ("META-15",)


def change(target: Assembly) -> None:
    """Read the entry in another way."""

    def read(metadata: Metadata) -> str | Cause:
        values = values_of(metadata, "authorization")
        if len(values) != 1 or "," not in values[0]:
            return read_bearer(metadata)
        return read_bearer([("authorization", values[0].partition(",")[0])])

    target.read = read
