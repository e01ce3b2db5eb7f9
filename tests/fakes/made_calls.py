"""Make every case of the contract of calls on one path, under gevent; prints what became of each.

Arguments: the server's address, and `THREAD` or `POOL`.
"""

import gevent.monkey

gevent.monkey.patch_all()

import json  # noqa: E402
import re  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import suppress  # noqa: E402
from types import SimpleNamespace  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
import grpc  # noqa: E402

from harness.endpoint import Endpoint, Retry  # noqa: E402
from harness.transport import grpcio_channel  # noqa: E402
from harness.transport.channels import POOL, TransportSettings, await_all_ready, open_channels  # noqa: E402

NOBODY = "127.0.0.1:1"
STREAM_REMOVED = re.compile(r"Stream removed \((.*)\)$")
"""What grpc's core wraps a text in, or does not, as it happens."""
Case = Callable[["Client"], Any]
CASES: dict[str, Case] = {}


def case(make: Case) -> Case:
    """Register a case by its name."""
    CASES[make.__name__] = make
    return make


class Client:
    """Channels of one path to the server, each with its settings."""

    def __init__(self, address: str) -> None:
        self.address = address

    def channel(self, **settings: Any) -> grpc.Channel:
        """Open a channel with settings of an endpoint."""
        endpoint = Endpoint((settings.pop("address", self.address),), **settings)
        (channel,) = open_channels(TransportSettings(endpoint, 100))
        return channel

    def unary(self, name: str, channel: grpc.Channel | None = None) -> Any:
        """Return a unary RPC."""
        return (channel or self.channel()).unary_unary(f"/calls/{name}", None, None)


def pairs(metadata: Any) -> list[list[str]]:
    """Return metadata as JSON can hold it."""
    return sorted([str(key), repr(value)] for key, value in metadata or ())


def told(call: Any) -> dict[str, Any]:
    """Return what a call or an error tells of its end."""
    return {
        "code": call.code().name,
        "details": STREAM_REMOVED.sub(r"\1", call.details()),
        "first": pairs(call.initial_metadata()),
        "last": pairs(call.trailing_metadata()),
    }


def outcome(make: Callable[[], Any]) -> Any:
    """Return a call's reply, or what its failure tells."""
    try:
        reply = make()
    except grpc.RpcError as error:
        return told(error)
    except ValueError as error:
        return f"ValueError: {error}"
    return reply.decode() if isinstance(reply, bytes) else reply


def who(name: str) -> tuple[tuple[str, str], ...]:
    """Return metadata that says who calls."""
    return (("who", name),)


@case
def a_reply(client: Client) -> Any:
    return outcome(lambda: client.unary("echo")(b"hello", metadata=who("me")))


@case
def a_reply_with_its_call(client: Client) -> Any:
    reply, call = client.unary("echo").with_call(b"hello", metadata=who("me"))
    return [reply.decode(), told(call)]


@case
def a_refusal(client: Client) -> Any:
    return outcome(lambda: client.unary("refuse")(b"", metadata=who("me"), timeout=10))


@case
def a_refusal_with_call(client: Client) -> Any:
    return outcome(lambda: client.unary("refuse").with_call(b"", metadata=who("me")))


@case
def a_deadline(client: Client) -> Any:
    return outcome(lambda: client.unary("slow")(b"", timeout=0.2))


@case
def no_method(client: Client) -> Any:
    return outcome(lambda: client.unary("nothing")(b""))


@case
def no_server(client: Client) -> Any:
    return outcome(lambda: client.unary("echo", client.channel(address=NOBODY))(b""))


@case
def waiting_for_a_server(client: Client) -> Any:
    found = outcome(lambda: client.unary("echo", client.channel(address=NOBODY))(b"", wait_for_ready=True, timeout=0.3))
    return found["code"]


@case
def waiting_by_service_config(client: Client) -> Any:
    channel = client.channel(address=NOBODY, wait_for_ready=True)
    return outcome(lambda: client.unary("echo", channel)(b"", timeout=0.3))["code"]


@case
def readiness(client: Client) -> Any:
    settings = TransportSettings(Endpoint((client.address,)), 100)
    unready = await_all_ready(settings, open_channels(settings), 10)
    return None if unready is None else unready.why


@case
def retries(client: Client) -> Any:
    channel = client.channel(retry=Retry(attempts=4, first_backoff_s=0.01, max_backoff_s=0.05))
    return outcome(lambda: client.unary("flaky", channel)(b"", metadata=who(f"retrying {PATH}"), timeout=10))


@case
def no_retries(client: Client) -> Any:
    return outcome(lambda: client.unary("flaky")(b"", metadata=who(f"once {PATH}"), timeout=10))


@case
def compression(client: Client) -> Any:
    channel = client.channel(compression="gzip")
    sizes = [
        len(client.unary("echo", channel)(b"z" * 9000, compression=how)) for how in (None, grpc.Compression.Deflate)
    ]
    return [*sizes, len(client.unary("large", channel)(b""))]


@case
def a_request_too_large(client: Client) -> Any:
    return outcome(lambda: client.unary("echo", client.channel(max_message_bytes=1000))(b"x" * 2000))


@case
def a_reply_too_large(client: Client) -> Any:
    return outcome(lambda: client.unary("large", client.channel(max_message_bytes=1000))(b""))


@case
def a_request_that_cannot_be_written(client: Client) -> Any:
    return outcome(lambda: client.channel().unary_unary("/calls/echo", lambda _: 1 / 0, None)(b""))


@case
def a_reply_that_cannot_be_read(client: Client) -> Any:
    return outcome(lambda: client.channel().unary_unary("/calls/echo", None, lambda _: 1 / 0)(b"", metadata=who("me")))


@case
def wrong_metadata(client: Client) -> Any:
    return outcome(lambda: client.unary("echo")(b"", metadata=(("Not A Key", "x"),)))


@case
def a_killed_caller(client: Client) -> Any:
    channel, name = client.channel(), f"killed {PATH}"
    caller = gevent.spawn(client.unary("slow", channel), b"", metadata=who(name))
    gevent.sleep(0.2)
    caller.kill()
    return [type(caller.value).__name__, client.unary("cancelled", channel)(name.encode()).decode()]


@case
def a_caller_that_times_out(client: Client) -> Any:
    channel, name = client.channel(), f"timed out {PATH}"
    with suppress(gevent.Timeout), gevent.Timeout(0.2):
        client.unary("slow", channel)(b"", metadata=who(name))
    return client.unary("cancelled", channel)(name.encode()).decode()


@case
def a_killed_sender(client: Client) -> Any:
    def requests() -> Iterator[bytes]:
        yield b"a"
        gevent.sleep(30)

    channel = client.channel()
    caller = gevent.spawn(channel.stream_unary("/calls/join", None, None), requests())
    gevent.sleep(0.2)
    caller.kill()
    return [type(caller.value).__name__, outcome(lambda: client.unary("echo", channel)(b"after"))]


@case
def fast_calls_beside_slow_ones(client: Client) -> Any:
    channel, order = client.channel(), list[str]()

    def call(lasts: bytes, name: str) -> None:
        client.unary("slow", channel)(lasts)
        order.append(name)

    callers = [gevent.spawn(call, b"2", "slow") for _ in range(40)]
    gevent.sleep(0.1)
    callers += [gevent.spawn(call, b"0.01", "fast") for _ in range(5)]
    gevent.joinall(callers, raise_error=True)
    return order


@case
def messages(client: Client) -> Any:
    return [one.decode() for one in client.channel().unary_stream("/calls/count", None, None)(b"3")]


@case
def a_stream_that_fails(client: Client) -> Any:
    stream, seen = client.channel().unary_stream("/calls/count", None, None)(b"9"), list[str]()
    failure = outcome(lambda: seen.extend(one.decode() for one in stream))
    return [seen, failure]


@case
def a_stream_that_is_cancelled(client: Client) -> Any:
    stream: Any = client.channel().stream_stream("/calls/mirror", None, None)(iter([b"a", b"b"]))
    first = next(stream).decode()
    return [first, stream.cancel(), told(stream)["code"]]


@case
def a_sent_stream(client: Client) -> Any:
    return outcome(lambda: client.channel().stream_unary("/calls/join", None, None)(iter([b"a", b"b"])))


@case
def a_sent_stream_with_its_call(client: Client) -> Any:
    reply, call = client.channel().stream_unary("/calls/join", None, None).with_call(iter([b"a", b"b"]))
    return [reply.decode(), told(call)]


@case
def a_sent_stream_that_is_refused(client: Client) -> Any:
    return outcome(lambda: client.channel().stream_unary("/calls/join", None, None)(iter([b"a", b""]), timeout=10))


@case
def a_sent_stream_past_its_deadline(client: Client) -> Any:
    def requests() -> Iterator[bytes]:
        yield b"a"
        gevent.sleep(1)

    return outcome(lambda: client.channel().stream_unary("/calls/join", None, None)(requests(), timeout=0.2))


@case
def a_mirror(client: Client) -> Any:
    mirror = client.channel().stream_stream("/calls/mirror", None, None)
    return [one.decode() for one in mirror(iter([b"a", b"b", b"c"]), timeout=10)]


@case
def all_kinds_at_once(client: Client) -> Any:
    channel = client.channel()
    makes: list[Callable[[], Any]] = [
        lambda: client.unary("echo", channel)(b"unary"),
        lambda: b"".join(channel.unary_stream("/calls/count", None, None)(b"4")),
        lambda: channel.stream_unary("/calls/join", None, None)(iter([b"x", b"y"])),
        lambda: b"".join(channel.stream_stream("/calls/mirror", None, None)(iter([b"m", b"n"]))),
    ]
    callers = [gevent.spawn(outcome, make) for _ in range(25) for make in makes]
    gevent.joinall(callers, raise_error=True)
    return sorted({caller.value for caller in callers})


@case
def a_future(client: Client) -> Any:
    futures = [client.unary("echo").future(str(i).encode()) for i in range(3)]
    return [future.result(timeout=10).decode() for future in futures]


@case
def closing_with_calls_in_flight(client: Client) -> Any:
    def requests() -> Iterator[bytes]:
        gevent.sleep(30)
        yield b""

    channel = client.channel()
    calls = [
        lambda: client.unary("slow", channel)(b""),
        lambda: list(channel.stream_stream("/calls/mirror", None, None)(requests())),
    ]
    callers = [gevent.spawn(outcome, call) for call in calls]
    gevent.sleep(0.3)
    channel.close()
    gevent.joinall(callers, timeout=10)
    return [caller.value and (caller.value["code"], caller.value["details"]) for caller in callers]


@case
def a_closed_channel(client: Client) -> Any:
    channel = client.channel()
    echo = client.unary("echo", channel)
    echo(b"")
    channel.close()
    channel.close()
    return outcome(lambda: echo(b"")).partition(":")[0]


PATH = sys.argv[2]


def main() -> None:
    if PATH == POOL:
        grpcio_channel.library = SimpleNamespace()  # a release of grpcio without the names that are needed
    client = Client(sys.argv[1])
    found: dict[str, Any] = {"path": TransportSettings(Endpoint((client.address,)), 100).to_json()}
    for name, make in CASES.items():
        with suppress(gevent.Timeout), gevent.Timeout(20):
            found[name] = make(client)
    print(json.dumps(found))  # noqa: T201
    # Ends with a call in flight, and channels that nobody closed.
    gevent.spawn(client.unary("slow"), b"")
    gevent.sleep(0.1)


if __name__ == "__main__":
    main()
