"""Lets a client-stream live on when its token is dead, and cuts all others: it answers once, at its end."""

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.seams import leave_open

FINDS = ()
UNSEEN = "a target that declares to check once does the same; the storm immortal-stream holds it to its word"


def change(target: Assembly) -> None:
    """Forget streams that the client only writes."""
    leave_open(target, lambda handler: handler.request_streaming and not handler.response_streaming)
