"""What a stream is beside its messages: its metadata early, its state, its callbacks; and codecs that raise."""

from typing import Any

import gevent
import grpc

from transport.tests.calling import PATIENCE_S, SERVICE, Outcome, Target, failure
from transport.tests.client import Client
from transport.tests.server import Server


def early_metadata(target: Target) -> tuple[list[str], list[bytes], str, int]:
    """Read the initial metadata of a stream before its messages, then the rest; return what was read."""
    channel = target.open()
    stream: Any = channel.stream_stream(SERVICE + "Chat", None, None)(
        iter([b"a", b"b"]), timeout=PATIENCE_S, metadata=(("x-one", "1"),)
    )
    keys = [key for key, _ in stream.initial_metadata()]
    messages = list(stream)
    trailing = [key for key, _ in stream.trailing_metadata()]
    channel.close()
    return keys, messages, stream.code().name, trailing.count("trail-x-one")


def test_initial_metadata_can_be_read_before_any_message(client: Client, server: Server) -> None:
    keys, messages, code, trailing = client.run(early_metadata, Target(server.address))
    assert "back-x-one" in keys
    assert (messages, code, trailing) == ([b"a", b"b"], "OK", 1)


def life(target: Target) -> dict[str, Any]:
    """Return what a stream says of itself while it lives and after it was cancelled."""
    channel = target.open()
    stream: Any = channel.unary_stream(SERVICE + "HangStream", None, None)(b"one", timeout=PATIENCE_S)
    over: list[bool] = []
    added = stream.add_callback(lambda: over.append(True))
    next(stream)
    living = stream.is_active(), 0 < stream.time_remaining() <= PATIENCE_S
    stream.cancel()
    gevent.sleep(0.2)
    told = {"added": added, "living": living, "dead": stream.is_active(), "over": over, "code": stream.code().name}
    channel.close()
    return told


def test_a_stream_says_whether_it_lives_and_calls_back_at_its_end(client: Client, server: Server) -> None:
    told = client.run(life, Target(server.address))
    assert told == {"added": True, "living": (True, True), "dead": False, "over": [True], "code": "CANCELLED"}


def codec(target: Target, which: str) -> Outcome:
    """Make a call whose serializer or deserializer raises."""
    channel = target.open()

    def raises(_: Any) -> Any:
        raise LookupError("no such thing")

    codecs = (raises, None) if which == "request" else (None, raises)
    try:
        channel.unary_unary(SERVICE + "Echo", *codecs)(b"x", timeout=PATIENCE_S)
    except grpc.RpcError as error:
        return failure(error)
    finally:
        channel.close()
    return Outcome("OK")


def test_a_codec_that_raises_fails_the_call_as_internal(client: Client, server: Server) -> None:
    outcomes = [client.run(codec, Target(server.address), which) for which in ("request", "reply")]
    assert [outcome.code for outcome in outcomes] == ["INTERNAL", "INTERNAL"]
    assert "serializing request" in outcomes[0].details
    assert "deserializing response" in outcomes[1].details


def codecs(target: Target) -> list[Any]:
    """Make calls of all kinds with codecs of their own; return what they gave."""
    channel = target.open()

    def write(text: str) -> bytes:
        return text.encode()

    def read(data: bytes) -> str:
        return data.decode()[::-1]

    many: Any = channel.stream_stream(SERVICE + "Chat", write, read)
    one: Any = channel.unary_unary(SERVICE + "Echo", write, read)
    given = [one("abc", timeout=PATIENCE_S), list(many(iter(["abc", "de"]), timeout=PATIENCE_S))]
    channel.close()
    return given


def test_codecs_write_and_read_every_message(client: Client, server: Server) -> None:
    assert client.run(codecs, Target(server.address)) == ["cba", ["cba", "ed"]]
