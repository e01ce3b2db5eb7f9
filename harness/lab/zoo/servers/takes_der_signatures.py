"""Takes an ECDSA signature in DER as well."""

import contextlib
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from harness.lab.target.assembly import Assembly
from harness.lab.target.key_set import VerifyKey
from harness.lab.zoo.seams import put_steps

FINDS = ("SIGN-19",)


def change(target: Assembly) -> None:
    """Turn a signature that is DER into R and S."""
    right = target.steps

    def check_signature(found: Sequence[VerifyKey], message: bytes, signature: bytes) -> None:
        with contextlib.suppress(ValueError):
            r, s = decode_dss_signature(signature)
            signature = r.to_bytes(32) + s.to_bytes(32)
        right.check_signature(found, message, signature)

    put_steps(target, check_signature=check_signature)
