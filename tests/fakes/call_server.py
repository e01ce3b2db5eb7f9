"""A gRPC server of bytes for the contract of calls: each method does one thing that a client may meet."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc

SLOW_S = 30.0
"""How long a slow call lasts when nobody cancels it."""


class Methods(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """``/calls/<name>``; ``seen`` counts what clients did, by the value of their ``who``."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._kinds: dict[str, tuple[Any, Any]] = {
            "echo": (grpc.unary_unary_rpc_method_handler, self.echo),
            "refuse": (grpc.unary_unary_rpc_method_handler, self.refuse),
            "slow": (grpc.unary_unary_rpc_method_handler, self.slow),
            "cancelled": (grpc.unary_unary_rpc_method_handler, self.cancelled),
            "flaky": (grpc.unary_unary_rpc_method_handler, self.flaky),
            "large": (grpc.unary_unary_rpc_method_handler, lambda _, __: b"x" * 5000),
            "count": (grpc.unary_stream_rpc_method_handler, self.count),
            "join": (grpc.stream_unary_rpc_method_handler, self.join),
            "mirror": (grpc.stream_stream_rpc_method_handler, self.mirror),
        }

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        """Return a method's handler."""
        found = self._kinds.get(str(details.method).rpartition("/")[2])
        return found and found[0](found[1])

    def echo(self, request: bytes, context: Any) -> bytes:
        """Return request, with the caller's ``who`` in both metadata."""
        context.send_initial_metadata((("first", _who(context)),))
        context.set_trailing_metadata((("last", _who(context)), ("raw-bin", b"\x00\xff")))
        return request

    def refuse(self, request: bytes, context: Any) -> bytes:
        """Fail with a status, text and trailers."""
        context.set_trailing_metadata((("why", "because"), ("who", _who(context))))
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not now: é")
        return request

    def slow(self, request: bytes, context: Any) -> bytes:
        """Return late, unless the caller goes away."""
        gone = threading.Event()
        context.add_callback(gone.set)
        gone.wait(float(request or SLOW_S))
        if not context.is_active():
            with self._lock:
                self.seen[_who(context)] += 1
        return request

    def cancelled(self, request: bytes, _: Any) -> bytes:
        """Return how many calls of one caller went away, as soon as one has."""
        for _attempt in range(500):
            if self.seen[request.decode()]:
                break
            time.sleep(0.01)
        return str(self.seen[request.decode()]).encode()

    def flaky(self, _: bytes, context: Any) -> bytes:
        """Fail twice, then say how often it was asked."""
        with self._lock:
            self.seen[_who(context)] += 1
            asked = self.seen[_who(context)]
        if asked <= 2:
            context.abort(grpc.StatusCode.UNAVAILABLE, "come back")
        return str(asked).encode()

    def count(self, request: bytes, context: Any) -> Iterator[bytes]:
        """Send so many messages, then end, or fail where asked for more than five."""
        for i in itertools.islice(itertools.count(), min(int(request), 5)):
            yield str(i).encode()
        context.set_trailing_metadata((("last", "count"),))
        if int(request) > 5:
            context.abort(grpc.StatusCode.OUT_OF_RANGE, "five is enough")

    def join(self, requests: Iterator[bytes], context: Any) -> bytes:
        """Return all messages as one, or fail on an empty one."""
        parts = list(requests)
        context.set_trailing_metadata((("last", "join"),))
        if b"" in parts:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "an empty part")
        return b"+".join(parts)

    def mirror(self, requests: Iterator[bytes], _: Any) -> Iterator[bytes]:
        """Send back what comes."""
        yield from requests


def _who(context: Any) -> str:
    return str(dict(context.invocation_metadata()).get("who", ""))


@contextmanager
def serving() -> Iterator[str]:
    """Serve on a free port of loopback; yields the address."""
    server = grpc.server(ThreadPoolExecutor(100), handlers=[Methods()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait(5)
