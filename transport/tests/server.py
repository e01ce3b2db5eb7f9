"""Server: an honest server of grpcio's, in threads of the tests' process, with all four kinds of call.

``Echo``, ``Chat``: what was sent, and the request's metadata back, initial (``back-…``) and trailing
(``trail-…``). ``Fail`` ends as its request says. ``Hang`` never answers. ``Count`` sends messages, ``Sum``
counts them. ``Seen`` tells what the server saw of a call.
"""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import Any

import grpc

THREADS = 40
LARGEST_BYTES = 64 << 20


class Server:
    """A running server; ``events`` holds what its handlers noticed, in order."""

    def __init__(
        self,
        address: str = "127.0.0.1:0",
        credentials: grpc.ServerCredentials | None = None,
        options: tuple[tuple[str, Any], ...] = (),
        compression: grpc.Compression | None = None,
    ) -> None:
        self.events: Queue[str] = Queue()
        self._go_on = threading.Event()
        self._grpc = grpc.server(
            ThreadPoolExecutor(THREADS),
            options=list({"grpc.max_receive_message_length": LARGEST_BYTES, **dict(options)}.items()),
            compression=compression,
        )
        self._grpc.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("jwtstorm.Trial", self._methods()),))
        if credentials is None:
            port = self._grpc.add_insecure_port(address)
        else:
            port = self._grpc.add_secure_port(address, credentials)
        self.address = address if address.startswith("unix:") else f"127.0.0.1:{port}"
        self._grpc.start()

    def stop(self, grace_s: float = 0.0) -> None:
        """Stop, and let handlers that wait go on."""
        self._go_on.set()
        self._grpc.stop(grace_s).wait()

    def go_on(self) -> None:
        """Let handlers that wait for it go on: ``Wait``, ``Slow``."""
        self._go_on.set()

    def wait_for(self, event: str, within_s: float = 20.0) -> None:
        """Wait until a handler noticed an event; others before it are dropped."""
        while self.events.get(timeout=within_s) != event:
            pass

    def _methods(self) -> dict[str, Any]:
        unary, many = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        return {
            "Echo": unary(_echo),
            "Fail": unary(_fail),
            "Seen": unary(_seen),
            "Hang": unary(self._hang),
            "Wait": unary(self._wait),
            "HangStream": many(self._hang_after_one),
            "Count": many(_count),
            "FailStream": many(_fail_after_messages),
            "Endless": many(self._endless),
            "Sum": grpc.stream_unary_rpc_method_handler(_sum),
            "Slow": grpc.stream_unary_rpc_method_handler(self._slow_sum),
            "Chat": grpc.stream_stream_rpc_method_handler(self._chat),
        }

    def _hang(self, _: bytes, context: grpc.ServicerContext) -> bytes:
        self._watched(context).wait()
        return b""

    def _watched(self, context: grpc.ServicerContext) -> threading.Event:
        """Note a call's start and its end; return what is set at its end."""
        over = threading.Event()

        def end() -> None:
            self.events.put("ended")
            over.set()

        self.events.put("started")
        _when_over(context, end)
        return over

    def _wait(self, request: bytes, _: grpc.ServicerContext) -> bytes:
        self.events.put("started")
        self._go_on.wait()
        return request

    def _hang_after_one(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        over = self._watched(context)
        yield request
        over.wait()

    def _endless(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        _when_over(context, lambda: self.events.put("ended"))
        while context.is_active():
            yield request

    def _slow_sum(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        self.events.put("started")
        self._go_on.wait()
        return _sum(requests, context)

    def _chat(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        _when_over(context, lambda: self.events.put("ended"))
        _send_back(context)
        yield from requests


def _when_over(context: grpc.ServicerContext, act: Callable[[], None]) -> None:
    if not context.add_callback(act):  # it was over before
        act()


def _echo(request: bytes, context: grpc.ServicerContext) -> bytes:
    _send_back(context)
    return request


def _send_back(context: grpc.ServicerContext) -> None:
    sent = [pair for pair in context.invocation_metadata() if pair[0].startswith("x-")]
    context.send_initial_metadata(tuple((f"back-{key}", value) for key, value in sent))
    context.set_trailing_metadata(tuple((f"trail-{key}", value) for key, value in sent))


def _fail(request: bytes, context: grpc.ServicerContext) -> bytes:
    wanted: dict[str, Any] = json.loads(request)
    context.set_trailing_metadata(tuple((key, bytes.fromhex(value)) for key, value in wanted.get("trailing", ())))
    context.set_code(_CODES[wanted["code"]])
    context.set_details(wanted.get("details", ""))
    return b""


def _seen(_: bytes, context: Any) -> bytes:
    metadata = [(key, value if isinstance(value, str) else value.hex()) for key, value in context.invocation_metadata()]
    seen = {"metadata": metadata, "left_s": context.time_remaining(), "peer": context.peer()}
    auth = {key: [value.decode() for value in values] for key, values in context.auth_context().items()}
    return json.dumps({**seen, "auth": auth}).encode()


def _count(request: bytes, _: grpc.ServicerContext) -> Iterator[bytes]:
    wanted = json.loads(request)
    for number in range(wanted["messages"]):
        yield bytes([number % 256]) * wanted["bytes"]


def _fail_after_messages(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
    yield from _count(request, context)
    context.abort(grpc.StatusCode.ABORTED, "enough")


def _sum(requests: Iterator[bytes], _: grpc.ServicerContext) -> bytes:
    sizes = [len(request) for request in requests]
    return json.dumps({"messages": len(sizes), "bytes": sum(sizes)}).encode()


_CODES: dict[str, grpc.StatusCode] = {code.name: code for code in grpc.StatusCode}
