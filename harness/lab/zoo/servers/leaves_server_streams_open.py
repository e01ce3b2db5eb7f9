"""Lets a server-stream live on when its token is dead, and cuts all others: a client that only listens is forgotten."""

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.seams import leave_open

FINDS = ()
UNSEEN = "a target that declares to check once does the same; the storm immortal-stream holds it to its word"


def change(target: Assembly) -> None:
    """Forget streams that the client only reads."""
    leave_open(target, lambda handler: handler.response_streaming and not handler.request_streaming)
