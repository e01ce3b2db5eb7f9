"""Compression both ways: what is sent, what is understood, what is announced."""

import zlib
from collections.abc import Callable

import grpc
import pytest

from transport.tests.calling import Target, ask
from transport.tests.client import Client
from transport.tests.peer import GOOD, GRPC, Kind, Peer, Play, Wire, message
from transport.tests.server import Server

COMPRESSIONS = [grpc.Compression.NoCompression, grpc.Compression.Deflate, grpc.Compression.Gzip]
BODY = b"compressible " * 1000


@pytest.mark.parametrize("requests", COMPRESSIONS)
@pytest.mark.parametrize("replies", COMPRESSIONS)
def test_messages_survive_compression_both_ways(
    client: Client, start: Callable[..., Server], requests: grpc.Compression, replies: grpc.Compression
) -> None:
    server = start(compression=replies)
    outcome = client.run(ask, Target(server.address, compression=requests), BODY)
    assert (outcome.code, outcome.messages) == ("OK", (BODY,))
    stream = client.run(ask, Target(server.address, compression=requests), [BODY, b"", b"x"], "Chat", "stream_stream")
    assert (stream.code, stream.messages) == ("OK", (BODY, b"", b"x"))


def test_a_client_says_what_it_understands(client: Client, server: Server) -> None:
    outcome = client.run(ask, Target(server.address), b"", "Seen")
    assert outcome.code == "OK"
    accepts: list[str] = []

    def listen(wire: Wire) -> None:
        wire.greet()
        wire.await_call()
        accepts.extend(wire.request["grpc-accept-encoding"].replace(" ", "").split(","))
        wire.send(wire.answer())
        wire.hold()

    peer = Peer(listen)
    assert client.run(ask, Target(peer.address)).code == "OK"
    peer.stop()
    assert {"identity", "gzip"} <= set(accepts)


def spied(seen: list[tuple[str | None, int, int]]) -> Play:
    """Answer a call, and note its encoding, its message's flag and its length."""

    def listen(wire: Wire) -> None:
        wire.greet()
        wire.await_call(whole=False)
        body = b""
        for sent in wire.frames():
            if sent.kind == Kind.DATA:
                body += sent.payload
                if sent.flags & 1:
                    break
        seen.append((wire.request.get("grpc-encoding"), body[0], len(body) - 5))
        wire.send(wire.answer())
        wire.hold()

    return listen


def test_a_request_is_smaller_when_it_is_compressed(client: Client, play: Callable[[Play], Peer]) -> None:
    seen: list[tuple[str | None, int, int]] = []
    peer = play(spied(seen))
    assert client.run(ask, Target(peer.address, compression=grpc.Compression.Gzip), BODY).code == "OK"
    encoding, flag, size = seen[0]
    assert (encoding, flag) == ("gzip", 1)
    assert size < len(BODY) / 10


def test_one_call_may_ask_for_what_its_channel_does_not(client: Client, play: Callable[[Play], Peer]) -> None:
    seen: list[tuple[str | None, int, int]] = []
    peer = play(spied(seen))
    assert client.run(ask, Target(peer.address), BODY, compression=grpc.Compression.Gzip).code == "OK"
    assert seen[0][:2] == ("gzip", 1)


def test_without_compression_a_request_goes_as_it_is(client: Client, play: Callable[[Play], Peer]) -> None:
    seen: list[tuple[str | None, int, int]] = []
    peer = play(spied(seen))
    assert client.run(ask, Target(peer.address), BODY).code == "OK"
    assert seen == [(seen[0][0], 0, len(BODY))]
    assert seen[0][0] in {None, "identity"}


def replying(encoding: str, flag: int, body: bytes) -> Play:
    """Reply with one message in an encoding."""

    def reply(wire: Wire) -> None:
        wire.greet()
        wire.await_call()
        headers = wire.headers((*GRPC, ("grpc-encoding", encoding)))
        wire.send(headers, wire.data(message(body, flag)), wire.trailers(GOOD))
        wire.hold()

    return reply


def test_an_encoding_that_the_client_does_not_have_is_an_error(client: Client, play: Callable[[Play], Peer]) -> None:
    assert client.run(ask, Target(play(replying("lzma", 1, b"xxxx")).address)).code in {"UNIMPLEMENTED", "INTERNAL"}


def test_a_message_may_go_plain_on_a_compressed_call(client: Client, play: Callable[[Play], Peer]) -> None:
    outcome = client.run(ask, Target(play(replying("gzip", 0, b"plain")).address))
    assert (outcome.code, outcome.messages) == ("OK", (b"plain",))


def test_the_limit_counts_the_bytes_after_decompression(client: Client, play: Callable[[Play], Peer]) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = packer.compress(bytes(10_000_000)) + packer.flush()
    target = Target(play(replying("gzip", 1, bomb)).address, (("grpc.max_receive_message_length", 1_000_000),))
    assert client.run(ask, target).code == "RESOURCE_EXHAUSTED"
