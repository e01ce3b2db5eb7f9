"""Makes a map of the metadata: the last entry of a key wins."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.bearer import read_bearer
from harness.lab.target.gate import Metadata
from harness.results.row import Cause

FINDS = ("META-14", "META-23")


def change(target: Assembly) -> None:
    """Read the entry in another way."""

    def read(metadata: Metadata) -> str | Cause:
        return read_bearer(tuple(dict(metadata).items()))

    target.read = read
