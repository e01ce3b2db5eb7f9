"""Peers that begin TLS and do not finish it, or speak something else beneath it."""

import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from transport.tests.calling import Credentials, Target, ask
from transport.tests.certificates import Authority
from transport.tests.client import Client
from transport.tests.peer import Peer, Play, Wire

AUTHORITY = Authority()
KEY, CHAIN = AUTHORITY.leaf("localhost")
SHORT_S = 0.7


def silence(wire: Wire) -> None:
    wire.socket.recv(10_000)
    wire.silence()


def close(wire: Wire) -> None:
    wire.socket.recv(10_000)


def garbage(wire: Wire) -> None:
    wire.socket.recv(10_000)
    wire.send(b"\x16\x03\x03\x00\x40" + bytes(range(64)) * 4)
    wire.hold()


def alert(wire: Wire) -> None:
    wire.socket.recv(10_000)
    wire.send(b"\x15\x03\x03\x00\x02\x02\x28")
    wire.hold()


def zeros(wire: Wire) -> None:
    wire.socket.recv(10_000)
    wire.send(bytes(100_000))
    wire.hold()


PEERS = {
    "is silent": (silence, "DEADLINE_EXCEEDED"),
    "closes": (close, "UNAVAILABLE"),
    "sends a broken handshake": (garbage, "UNAVAILABLE"),
    "sends an alert": (alert, "UNAVAILABLE"),
    "sends zeros": (zeros, "UNAVAILABLE"),
}


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_that_does_not_finish_the_handshake(client: Client, play: Callable[[Play], Peer], name: str) -> None:
    script, code = PEERS[name]
    target = Target(play(script).address, tls=Credentials(AUTHORITY.pem))
    outcome = client.run(ask, target, timeout_s=SHORT_S if code == "DEADLINE_EXCEEDED" else 10.0)
    assert outcome.code == code, outcome


def terminating(folder: Path, protocols: list[str], play: Play) -> Play:
    """Return a script that finishes TLS with ALPN, then plays another one."""
    (folder / "key.pem").write_bytes(KEY)
    (folder / "chain.pem").write_bytes(CHAIN)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    if protocols:
        context.set_alpn_protocols(protocols)

    def encrypted(wire: Wire) -> None:
        wire.socket = context.wrap_socket(wire.socket, server_side=True)
        play(wire)

    return encrypted


def answer(wire: Wire) -> None:
    wire.greet()
    wire.await_call()
    wire.send(wire.answer())
    wire.hold()


def cut(wire: Wire) -> None:
    """Answer, and drop the connection without TLS's goodbye in the middle of the reply."""
    wire.greet()
    wire.await_call()
    wire.send(wire.headers() + wire.data(b"\0\0\0\0\x05ab"))
    time.sleep(0.05)


@pytest.mark.parametrize(
    ("protocols", "script", "code"),
    [
        (["h2"], answer, "OK"),
        (["http/1.1"], answer, "UNAVAILABLE"),
        ([], answer, "UNAVAILABLE"),
        (["h2"], cut, "UNAVAILABLE"),
    ],
)
def test_what_is_agreed_on_must_be_http2(
    client: Client, play: Callable[[Play], Peer], tmp_path: Path, protocols: list[str], script: Play, code: str
) -> None:
    peer = play(terminating(tmp_path, protocols, script))
    outcome = client.run(ask, Target(peer.address, tls=Credentials(AUTHORITY.pem)))
    assert outcome.code == code, outcome
