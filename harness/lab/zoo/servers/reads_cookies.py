"""Takes a token from a cookie."""

import re

from harness.lab.target.assembly import Assembly
from harness.lab.target.bearer import read_bearer
from harness.lab.target.gate import Metadata
from harness.lab.zoo.seams import values_of
from harness.results.row import Cause

FINDS = ("META-05",)


def change(target: Assembly) -> None:
    """Read the entry in another way."""

    def read(metadata: Metadata) -> str | Cause:
        found = read_bearer(metadata)
        cookies = re.findall(r"access_token=([^;]+)", " ".join(values_of(metadata, "cookie")))
        return cookies[0] if found is Cause.MISSING_METADATA and cookies else found

    target.read = read
