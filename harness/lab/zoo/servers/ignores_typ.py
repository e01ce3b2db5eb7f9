"""Takes any token of the issuer's for an access token."""

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.seams import put_steps

FINDS = ("HEAD-10",)


def change(target: Assembly) -> None:
    """Check the header as if `typ` were right."""
    right = target.steps
    put_steps(target, check_header=lambda header: right.check_header({**header, "typ": "at+jwt"}))
