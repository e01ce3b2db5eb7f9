"""Unpooled: a channel of grpcio whose calls wait in no thread of gevent's pool.

All four kinds of call end in the channel's one queue (`harness.transport.grpcio_completions`): unary ones are the
library's own but for how their end is waited for; the others are its futures and streams.

This needs private parts of grpcio, so `unusable` tries them first, with calls to nowhere; where one is absent or
behaves otherwise, `harness.transport.channels` stays on the library's public path. Channels are opened after any fork.
"""

# ruff: noqa: SLF001 - what grpcio has in public waits in gevent's pool

from functools import cache
from importlib import import_module
from time import perf_counter
from typing import Any, Self

import gevent
import grpc

from harness.endpoint.proxy import HEEDLESS
from harness.transport.grpcio_completions import Completions, Ended, cygrpc, questions

library: Any = import_module("grpc._channel")

NOWHERE = "127.0.0.1:1"
ANSWER_S = 1.0
"""How long calls to nowhere may take before this grpcio is held to have changed."""


@cache
def unusable() -> str | None:
    """Return why completions cannot be had this way here, or None. grpcio must work with gevent already."""
    try:
        if cygrpc.is_fork_support_enabled():
            return "GRPC_ENABLE_FORK_SUPPORT is set"
        with gevent.Timeout(ANSWER_S):
            return _tried(grpc.insecure_channel(NOWHERE, [("grpc.use_local_subchannel_pool", 1), *HEEDLESS]))
    except gevent.Timeout:
        return f"a call to nowhere did not fail within {ANSWER_S:g} s"
    except Exception as error:  # noqa: BLE001 - a library that has changed may raise anything
        return f"grpcio's private parts are not as expected ({type(error).__name__}: {error})"


def _tried(channel: Any) -> str | None:
    """Return what is wrong with calls to nowhere that take every step which real ones take, or None."""
    poll: Any = questions(channel._channel)[1]
    # In a thread: a library that has changed might wait for ever.
    pool: Any = gevent.get_hub().threadpool
    tag, event = pool.spawn(poll).get()
    if tag is not None or event.completion_type != cygrpc.CompletionType.queue_timeout:
        return f"an empty queue yields {event!r}"
    unpooled = UnpooledChannel(channel)
    for open_rpc, request in ((unpooled.unary_unary, b""), (unpooled.stream_unary, iter(()))):
        try:
            open_rpc("/jwtstorm.Preflight/Try", None, None)(request, timeout=0)
        except grpc.RpcError as error:
            if error.code() not in {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE}:
                return f"a call to nowhere ends in {error.code()}"
        else:
            return "a call to nowhere succeeds"
    unpooled.close()
    return None


class _UnaryUnary:
    """A unary RPC: the library's own, but for how its end is waited for."""

    def __init__(self, completions: Completions, inner: Any) -> None:
        self._completions = completions
        self._inner = inner
        self._hub = gevent.get_hub()
        self._method, self._target = inner._method.decode(), inner._target.decode()

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any:
        """Return the reply."""
        return self._send(request, timeout, metadata, with_call=False, **options)

    def with_call(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any:
        """Return the reply and the call."""
        return self._send(request, timeout, metadata, with_call=True, **options)

    def future(self, *args: Any, **options: Any) -> Any:
        """Return the library's own future of a call."""
        return self._inner.future(*args, **options)

    def _send(
        self,
        request: Any,
        timeout: float | None,
        metadata: Any,
        *,
        with_call: bool,
        credentials: Any = None,
        wait_for_ready: bool | None = None,
        compression: Any = None,
    ) -> Any:
        inner = self._inner
        state, operations, deadline, error = inner._prepare(request, timeout, metadata, wait_for_ready, compression)
        if state is None:
            raise error
        state.rpc_start_time, state.method, state.target = perf_counter(), self._method, self._target
        ended = Ended(self._hub)
        call = self._completions.integrated_call(
            cygrpc.PropagationConstants.GRPC_PROPAGATE_DEFAULTS,
            inner._method,
            None,
            deadline,
            metadata,
            None if credentials is None else credentials._credentials,
            ((operations, ended),),
            inner._context,
            inner._registered_call_handle,
        )
        try:
            event = ended.waiter.get()
        except BaseException:  # its greenlet is killed, or timed out
            call.cancel(cygrpc.StatusCode.cancelled, "Locally cancelled by application!")
            raise
        library._handle_event(event, state, inner._response_deserializer)
        return library._end_unary_response_blocking(state, call, with_call, None)


class _StreamUnary:
    """A client-stream RPC: the library's own future, waited for."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._hub = gevent.get_hub()

    def __call__(self, requests: Any, *args: Any, **options: Any) -> Any:
        """Return the reply."""
        return self.with_call(requests, *args, **options)[0]

    def with_call(self, requests: Any, *args: Any, **options: Any) -> Any:
        """Return the reply and the call."""
        future = self._inner.future(requests, *args, **options)
        ended = Ended(self._hub)
        future.add_done_callback(ended)
        try:
            return ended.waiter.get().result(), future
        finally:
            future.cancel()  # where its greenlet is killed; else it is over

    def future(self, *args: Any, **options: Any) -> Any:
        """Return the library's own future of a call."""
        return self._inner.future(*args, **options)


class UnpooledChannel(grpc.Channel):
    """A channel of the library whose calls wait in no thread of gevent's pool."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._channel = channel
        self._completions = Completions(channel)
        self._closed = False

    def unary_unary(self, *args: Any, **options: Any) -> Any:
        """Return a unary RPC."""
        return _UnaryUnary(self._completions, self._channel.unary_unary(*args, **options))

    def stream_unary(self, *args: Any, **options: Any) -> Any:
        """Return a client-stream RPC."""
        return _StreamUnary(self._channel.stream_unary(*args, **options))

    def unary_stream(self, *args: Any, **options: Any) -> Any:
        """Return a server-stream RPC."""
        return self._channel.unary_stream(*args, **options)

    def stream_stream(self, *args: Any, **options: Any) -> Any:
        """Return a bidi RPC."""
        return self._channel.stream_stream(*args, **options)

    def subscribe(self, *args: Any, **options: Any) -> None:
        """Tell of the channel's state."""
        self._channel.subscribe(*args, **options)

    def unsubscribe(self, *args: Any, **options: Any) -> None:
        """Tell no more."""
        self._channel.unsubscribe(*args, **options)

    def close(self) -> None:
        """Cancel the calls in flight, and close."""
        if not self._closed:
            self._closed = True
            self._channel.close()
            self._completions.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
