"""Peers that do not get as far as HTTP/2, or stop speaking."""

from transport.tests.hostile import Case
from transport.tests.peer import PREFACE, Kind, Play, Wire, frame, settings

TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
"""A fatal alert, handshake failure. Source: RFC 8446, section 6."""


def _close(wire: Wire) -> None:
    """Close at once."""


def _reset(wire: Wire) -> None:
    wire.reset()


def _close_after_preface(wire: Wire) -> None:
    wire.socket.recv(len(PREFACE))


def _silence(wire: Wire) -> None:
    wire.silence()


def _settings_and_silence(wire: Wire) -> None:
    wire.send(settings())
    wire.silence()


def _silence_after_the_call(wire: Wire) -> None:
    wire.greet()
    wire.await_call()
    wire.silence()


def _headers_and_silence(wire: Wire) -> None:
    wire.greet()
    wire.await_call()
    wire.send(wire.headers())
    wire.silence()


def _close_after_the_call(wire: Wire) -> None:
    wire.greet()
    wire.await_call()


def _reset_after_the_call(wire: Wire) -> None:
    wire.greet()
    wire.await_call()
    wire.reset()


def _close_in_the_reply(wire: Wire) -> None:
    wire.greet()
    wire.await_call()
    wire.send(wire.answer(b"m" * 1000)[:-500])


def _close_before_the_trailers(wire: Wire) -> None:
    wire.greet()
    wire.await_call()
    wire.send(wire.headers() + wire.data(b"\0\0\0\0\2ok"))


def _drip(wire: Wire) -> None:
    wire.greet()
    wire.await_call()
    for byte in wire.answer(b"m" * 100_000):
        wire.send(bytes([byte]))
        wire.pause(0.02)


def _saying(text: bytes, *, hold: bool = False) -> Play:
    def play(wire: Wire) -> None:
        wire.send(text)
        if hold:
            wire.silence()

    return play


HTTP_400 = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

CASES = [
    Case("closes right after accepting", "UNAVAILABLE", _close),
    Case("resets right after accepting", "UNAVAILABLE", _reset),
    Case("closes after the preface", "UNAVAILABLE", _close_after_preface),
    Case("accepts and is silent", "DEADLINE_EXCEEDED", _silence),
    Case("sends settings and is silent", "DEADLINE_EXCEEDED", _settings_and_silence),
    Case("takes the call and is silent", "DEADLINE_EXCEEDED", _silence_after_the_call),
    Case("sends headers and is silent", "DEADLINE_EXCEEDED", _headers_and_silence),
    Case("closes after the call", "UNAVAILABLE", _close_after_the_call),
    Case("resets after the call", "UNAVAILABLE", _reset_after_the_call),
    Case("closes in the middle of the reply", "UNAVAILABLE", _close_in_the_reply),
    Case("closes before the trailers", "UNAVAILABLE", _close_before_the_trailers),
    Case("drips a byte at a time", "DEADLINE_EXCEEDED", _drip),
    Case("answers HTTP/1.1 400 and closes", "UNAVAILABLE", _saying(HTTP_400)),
    Case("answers HTTP/1.1 400 and stays", "UNAVAILABLE", _saying(HTTP_400, hold=True)),
    Case("answers with a TLS alert", "DEADLINE_EXCEEDED", _saying(TLS_ALERT, hold=True)),
    Case("answers as an SSH server", "UNAVAILABLE", _saying(b"SSH-2.0-OpenSSH_9.9\r\n", hold=True)),
    Case("answers zeros for ever", "UNAVAILABLE", _saying(bytes(1 << 20), hold=True)),
    Case("sends half a frame and closes", "UNAVAILABLE", _saying(settings() + frame(Kind.PING, payload=bytes(8))[:12])),
    Case(
        "sends half a frame and stays",
        "DEADLINE_EXCEEDED",
        _saying(settings() + frame(Kind.PING, payload=bytes(8))[:12], hold=True),
    ),
]
