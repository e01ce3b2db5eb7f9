"""Decodes base64 of any kind: padding, spare bits, the other alphabet."""

import base64
import re

from harness.lab.target.assembly import Assembly
from harness.lab.target.verdict import Rejected
from harness.lab.zoo.seams import put_steps
from harness.results.row import Cause

FINDS = ("SIGN-21", "SIGN-22")


def change(target: Assembly) -> None:
    """Decode as Python does by default."""

    def split(token: str) -> tuple[str, str, str]:
        parts = token.split(".")
        if len(parts) != 3 or not re.fullmatch(r"[A-Za-z0-9_+/=.-]+", token):
            raise Rejected(Cause.MALFORMED)
        return parts[0], parts[1], parts[2]

    def decode(segment: str) -> bytes:
        try:
            text = segment.replace("+", "-").replace("/", "_").rstrip("=")
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            raise Rejected(Cause.MALFORMED) from None

    put_steps(target, split=split, decode=decode)
