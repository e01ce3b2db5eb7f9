"""Lets a stream live on when its token is dead, and declares that it cuts it."""

from harness.lab.target.assembly import Assembly

FINDS = ()
UNSEEN = "a target that declares to check once does the same; the storm immortal-stream holds it to its word"


def change(target: Assembly) -> None:
    """Judge a token when its stream begins, and never again."""
    target.wrap_warden = lambda _: None
