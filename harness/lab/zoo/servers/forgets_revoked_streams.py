"""Cuts a stream when its token expires, and not when it is revoked: a timer is set once."""

from dataclasses import replace

from harness.lab.target.assembly import Assembly
from harness.lab.target.claim_checks import generation_lives

FINDS = ()
UNSEEN = "a target that declares to check once does the same; the storm immortal-stream holds it to its word"


def change(target: Assembly) -> None:
    """Leave revocation out of what open streams are judged by."""
    target.wrap_warden = lambda warden: replace(
        warden, checks=[check for check in warden.checks if check is not generation_lives]
    )
