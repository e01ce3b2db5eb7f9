"""Takes the value for the token where there is no scheme."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.bearer import read_bearer
from harness.lab.target.gate import Metadata
from harness.lab.zoo.seams import values_of
from harness.results.row import Cause

FINDS = ("META-07",)


def change(target: Assembly) -> None:
    """Read the entry in another way."""

    def read(metadata: Metadata) -> str | Cause:
        values = values_of(metadata, "authorization")
        return (
            values[0]
            if len(values) == 1 and values[0].count(".") == 2 and " " not in values[0]
            else read_bearer(metadata)
        )

    target.read = read
