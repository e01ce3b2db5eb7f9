"""What the probe cannot do to this target, and what to give so that it can; and a target that is gone."""

from harness.defects.borrowed import Beyond
from harness.errors import RunError

__all__ = [
    "NO_CLOCK",
    "NO_KEY",
    "NO_KEY_SET",
    "NO_REVOCATION",
    "NO_SECOND_KEY",
    "NO_STREAM",
    "Beyond",
    "GoneError",
]


class GoneError(RunError):
    """The target answers good calls no more; the text says since when."""


NO_KEY = "it needs a token of its own making; give --signing-key FILE"
NO_SECOND_KEY = "it needs another key that the issuer publishes, which the probe does not have"
NO_KEY_SET = "it needs the issuer's key set in the probe's hands; the lab's target is tried so"
NO_CLOCK = "it needs the target's clock in the probe's hands; the clock part measures what can be seen from outside"
NO_REVOCATION = "it needs the issuer's revocation in the probe's hands; revoke a token, and probe with it"
NO_STREAM = "it needs a bidi method that the probe may call; give --data for one"
