"""Compares HMACs with ==, which ends at the first byte that differs."""

import hmac
from collections.abc import Sequence

from harness.lab.target.assembly import Assembly
from harness.lab.target.key_set import VerifyKey
from harness.lab.target.verdict import Rejected
from harness.lab.zoo.seams import put_steps
from harness.results.row import Cause

FINDS = ()


ALGORITHM = "HS256"
UNSEEN = "Nanoseconds drown in the network: only reading the code, or millions of calls on one host, show it."


def change(target: Assembly) -> None:
    """Compare with ==."""

    def check_signature(found: Sequence[VerifyKey], message: bytes, signature: bytes) -> None:
        if not any(hmac.digest(one.key, message, "sha256") == signature for one in found):
            raise Rejected(Cause.BAD_SIGNATURE)

    put_steps(target, check_signature=check_signature)
