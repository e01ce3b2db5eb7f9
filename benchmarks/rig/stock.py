"""The gRPC user that Locust's documentation shows, with a static token.

Written anew after "Testing other systems/protocols" of that documentation: a channel per user, one
client interceptor that fires the request event, the native pool as gevent makes it (ten threads).
The documentation's interceptor comes from the grpc-interceptor package; this one is grpcio's own.
"""

from locust import User  # first: it patches sockets before grpc loads
from locust.env import Environment

# isort: split
import time
from collections.abc import Callable
from typing import Any, ClassVar

import grpc
import grpc.experimental.gevent as grpc_gevent

grpc_gevent.init_gevent()


class TellLocust(grpc.UnaryUnaryClientInterceptor):  # type: ignore[type-arg]
    """Time each call and tell Locust of it."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        """Make the call."""
        start_s = time.perf_counter()
        failure: grpc.RpcError | None = None
        size = 0
        call = None
        try:
            call = continuation(details, request)
            size = call.result().ByteSize()
        except grpc.RpcError as error:
            failure = error
        self._environment.events.request.fire(
            request_type="grpc",
            name=details.method,
            response_time=(time.perf_counter() - start_s) * 1000,
            response_length=size,
            response=call,
            context=None,
            exception=failure,
        )
        return call


class StockUser(User):
    """A user with a channel and a stub of its own."""

    abstract = True
    host = ""
    stub_class: ClassVar[type[Any]]

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        channel = grpc.insecure_channel(str(self.host))
        self.stub = self.stub_class(grpc.intercept_channel(channel, TellLocust(environment)))
