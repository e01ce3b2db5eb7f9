"""Looks for the token under other keys, too."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.bearer import read_bearer
from harness.lab.target.gate import Metadata
from harness.lab.zoo.seams import values_of
from harness.results.row import Cause

FINDS = ("META-03",)


def change(target: Assembly) -> None:
    """Read the entry in another way."""

    def read(metadata: Metadata) -> str | Cause:
        found = read_bearer(metadata)
        others = values_of(metadata, "x-authorization", "token", "jwt")
        return read_bearer([("authorization", others[0])]) if found is Cause.MISSING_METADATA and others else found

    target.read = read
