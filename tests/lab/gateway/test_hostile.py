"""Hostile peers at a gateway process: it goes on serving, forgets them, and grows by nothing."""

import contextlib
import random
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hpack import Encoder
from hyperframe.frame import HeadersFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame

from harness.lab.gateway.frames import PREFACE, FrameKind, frame
from tests.lab.gateway.bench import REQUEST
from tests.lab.gateway.serving import Gateway, calling, channel, echoing, gateway
from tests.lab.proxy.peers import RESET_LINGER, connect, eventually, upstream

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc"),
]
HELLO = PREFACE + SettingsFrame(0).serialize()
Attack = Callable[[socket.socket], None]


GOOD = 9


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, str]]:
    """Return a gateway and the address that is attacked; good calls go by another, to a server of their own."""
    folder = tmp_path_factory.mktemp("hostile")
    with echoing() as (attacked, _), echoing() as (good, _), gateway(folder, attacked) as one:
        one.control.open_listener(GOOD, upstream={"addresses": [good]})
        yield one, one.control.open_listener(0)


def opened(count: int, *, reset: bool = False, end: bool = False) -> bytes:
    """Return so many requests."""
    encoder, out = Encoder(), bytearray()
    for stream in range(1, 2 * count, 2):
        flags = ["END_HEADERS", *(["END_STREAM"] if end else [])]
        out += HeadersFrame(stream, encoder.encode(list(REQUEST)), flags=flags).serialize()
        if reset:
            out += RstStreamFrame(stream, 8).serialize()
    return bytes(out)


def send(data: bytes) -> Attack:
    return lambda client: client.sendall(data)


def noise(seed: int) -> Attack:
    def attack(client: socket.socket) -> None:
        dice = random.Random(seed)
        client.sendall(HELLO)
        for _ in range(200):
            payload = dice.randbytes(dice.choice((0, 4, 8, 50)))
            client.sendall(frame(dice.randrange(12), dice.choice((0, 1, 4, 5, 8, 0x25)), dice.randrange(8), payload))

    return attack


def reset(client: socket.socket) -> None:
    client.sendall(HELLO + opened(3))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_LINGER)


def half_closed(client: socket.socket) -> None:
    client.sendall(HELLO + opened(2))
    client.shutdown(socket.SHUT_WR)
    while client.recv(65536):
        pass


ATTACKS: dict[str, Attack] = {
    "nothing": lambda _: None,
    "half a preface": send(PREFACE[:10]),
    "noise": send(bytes(range(1, 256)) * 100),
    "http/1": send(b"GET / HTTP/1.1\r\n\r\n" * 50),
    "tls on a plaintext port": send(b"\x16\x03\x01\x02\x00" + bytes(200)),
    "a frame of 16 MiB": send(HELLO + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01"),
    "endless headers": send(HELLO + frame(1, 0, 1, b"\x82") + frame(9, 0, 1, b"\x00\x01a\x01b" * 2000) * 200),
    "empty continuations": send(HELLO + frame(1, 0, 1, b"\x82") + frame(9, 0, 1, b"") * 200_000),
    "a bomb of headers": send(HELLO + frame(1, 4, 1, b"\x40\x01a\x7f\xa1\x1e" + b"v" * 4000 + b"\xbe" * 16_000)),
    "a flood of resets": send(HELLO + opened(5000, reset=True)),
    "a flood of pings": send(HELLO + frame(6, 0, 0, bytes(8)) * 20_000),
    "a flood of settings": send(HELLO + SettingsFrame(0, {4: 1}).serialize() * 5000),
    "windows of nothing": send(PREFACE + SettingsFrame(0, {4: 0}).serialize() + opened(50, end=True)),
    "windows above the most": send(HELLO + WindowUpdateFrame(0, 2**31 - 1).serialize() * 3),
    "a call without end": send(HELLO + opened(1)),
    "a reset connection": reset,
    "a half-closed connection": half_closed,
    **{f"random frames {seed}": noise(seed) for seed in range(8)},
}


def serves(one: Gateway) -> bool:
    with channel(one.control.state()["listeners"][str(GOOD)]) as good:
        return bool(calling(good)(b"still here", timeout=30) == b"still here")


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_hostile_client_is_forgotten_and_others_are_served(running: tuple[Gateway, str], attack: Attack) -> None:
    one, address = running
    with connect(address) as client:
        with contextlib.suppress(OSError):
            attack(client)
        assert serves(one)
    eventually(lambda: one.control.state()["connections"] == 0, "the connection was forgotten")
    eventually(lambda: one.control.state()["streams"] == 0, "its calls were forgotten")


def test_many_hostile_clients_leave_no_descriptor_and_little_memory(running: tuple[Gateway, str]) -> None:
    one, address = running
    assert serves(one)
    eventually(lambda: one.control.state()["connections"] == 0, "the good client was forgotten")
    files, memory = one.open_files(), one.memory_bytes()
    for turn in range(200):
        with connect(address) as client, contextlib.suppress(OSError):
            noise(turn)(client)
    eventually(lambda: one.control.state()["connections"] == 0, "all connections were forgotten")
    assert one.open_files() <= files + 2
    assert one.memory_bytes() - memory < 30 << 20


def test_a_client_that_never_reads_fills_no_memory(running: tuple[Gateway, str]) -> None:
    one, address = running
    before = one.memory_bytes()
    with connect(address) as client:
        client.settimeout(2)
        client.sendall(HELLO)
        flood = frame(FrameKind.PING, 0, 0, b"12345678") * 10_000
        with contextlib.suppress(OSError):
            for _ in range(400):
                client.sendall(flood)
        assert one.memory_bytes() - before < 40 << 20
        assert serves(one)


def _flood(accepted: socket.socket) -> None:
    accepted.sendall(SettingsFrame(0).serialize())
    with contextlib.suppress(OSError):
        while True:
            accepted.sendall(frame(FrameKind.PING, 0, 0, b"12345678") * 10_000)


def _garbage(accepted: socket.socket) -> None:
    accepted.recv(100)
    accepted.sendall(b"\xff" * 1000)


def _http1(accepted: socket.socket) -> None:
    accepted.recv(100)
    accepted.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def _silent(accepted: socket.socket) -> None:
    accepted.recv(100)
    time.sleep(1)


def _reset_at_once(accepted: socket.socket) -> None:
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    accepted.close()


SERVERS = {"a flood": _flood, "garbage": _garbage, "http/1": _http1, "silence": _silent, "a reset": _reset_at_once}


@pytest.mark.parametrize("handler", SERVERS.values(), ids=SERVERS)
def test_a_hostile_upstream_harms_only_its_own_clients(
    running: tuple[Gateway, str], handler: Callable[[socket.socket], None]
) -> None:
    one, _ = running
    before = one.memory_bytes()
    with upstream(handler) as hostile:
        own = one.control.open_listener(1, upstream={"addresses": [hostile.address]})
        with connect(own) as client:
            client.sendall(HELLO + opened(2, end=True))
            assert serves(one)
        one.control.close_listener(1, drain=False)
    eventually(lambda: one.control.state()["connections"] == 0, "the connection was forgotten")
    assert one.memory_bytes() - before < 40 << 20


def test_an_upstream_that_speaks_http_1_is_named(tmp_path: Path) -> None:
    with upstream(_http1) as hostile, gateway(tmp_path, hostile.address) as one:
        with connect(one.control.open_listener(0)) as client:
            client.sendall(HELLO)
            assert client.recv(100) == b""
        assert "the upstream answers in HTTP/1" in one.log


def test_a_client_that_says_nothing_is_closed_in_the_end(tmp_path: Path) -> None:
    with echoing() as (address, _), gateway(tmp_path, address) as one:
        with connect(one.control.open_listener(0)) as client:
            client.settimeout(60)
            assert client.recv(1) == b""
        assert one.count("silent") == 1
