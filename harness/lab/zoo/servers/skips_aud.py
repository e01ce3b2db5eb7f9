"""Never compares `aud`: a token for any service is good."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.claim_checks import audience_is_ours
from harness.lab.zoo.seams import swap_check

FINDS = ("CLM-01", "CLM-02", "CLM-12")


def change(target: Assembly) -> None:
    """Leave the check out."""
    swap_check(target, audience_is_ours)
