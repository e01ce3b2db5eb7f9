"""Reads the first entry of a key, whatever follows."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.bearer import read_bearer
from harness.lab.target.gate import Metadata
from harness.lab.zoo.seams import values_of
from harness.results.row import Cause

FINDS = ("META-13", "META-23")


def change(target: Assembly) -> None:
    """Read the entry in another way."""

    def read(metadata: Metadata) -> str | Cause:
        values = values_of(metadata, "authorization")
        return read_bearer([("authorization", value) for value in values[:1]])

    target.read = read
