"""The end of a stream of replies that has none of its own: after some messages, or some seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Timer
from typing import Any

import grpc

from harness.endpoint.call import Call
from harness.endpoint.methods import Method
from harness.errors import UsageError


def require_stream(call: Call, method: Method) -> None:
    """Refuse an end of a call whose answer is one message; raises `UsageError`."""
    if call.ends_early and method.kind not in {"server-stream", "bidi"}:
        name = method.path.lstrip("/")
        raise UsageError(
            f"call {name} answers with one message, not a stream; drop end_after_messages= and end_after_s="
        )


def read(replies: Any, call: Call) -> None:
    """Read a stream to its end, or to the end that the call sets, and cancel it there; raises `grpc.RpcError`.

    A stream that is cancelled so has ended well: its row says CANCELLED, and is no failure.
    """
    with _cancelled_after(replies, call.end_after_s) as over:
        try:
            for number, _ in enumerate(replies, start=1):
                if number == call.end_after_messages:
                    replies.cancel()
                    return
        except grpc.RpcError:
            if not over.is_set():
                raise


@contextmanager
def _cancelled_after(replies: Any, seconds: float | None) -> Iterator[Event]:
    """Cancel a stream when its time is over; yield what tells whether that was so."""
    over = Event()
    if seconds is None:
        yield over
        return

    def end() -> None:
        over.set()
        replies.cancel()

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
