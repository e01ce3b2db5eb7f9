"""Frames that break HTTP/2, and floods of frames that do not."""

from transport.tests.hostile import Case, Reply, answering
from transport.tests.peer import ACK, END_HEADERS, PADDED, Kind, Play, Wire, frame, message, number, settings

BROKEN = "UNKNOWN or UNAVAILABLE"
"""What grpcio says of a connection whose frames cannot be parsed: the second, where it was writing just then."""
FLOOD = 10_000
TOO_LARGE = bytes(16_385)
"""A byte more than a client takes in a frame unless it says otherwise; grpcio says more, so it is sent a megabyte."""
DATA, HEADERS, RST, SETTINGS, PUSH = Kind.DATA, Kind.HEADERS, Kind.RST_STREAM, Kind.SETTINGS, Kind.PUSH_PROMISE
PING, GOAWAY, WINDOW, CONTINUATION = Kind.PING, Kind.GOAWAY, Kind.WINDOW_UPDATE, Kind.CONTINUATION


def _first(data: bytes) -> Play:
    """Send bytes instead of a first SETTINGS frame, and take the call."""

    def play(wire: Wire) -> None:
        wire.send(data)
        wire.hold()

    return play


def _never_acknowledges(wire: Wire) -> None:
    wire.send(settings())
    wire.await_preface()
    wire.await_call()
    wire.send(wire.answer())
    wire.hold()


def _no_window(wire: Wire) -> None:
    wire.greet(s4=0)
    wire.hold()


def _no_calls(wire: Wire) -> None:
    wire.greet(s3=0)
    wire.hold()


def _flood(one: bytes, times: int = FLOOD) -> Reply:
    return lambda wire: one * times + wire.answer()


def _endless(one: bytes) -> Play:
    """Send a frame again and again while the client reads, at most 64 MiB."""

    def play(wire: Wire) -> None:
        wire.greet()
        wire.await_call()
        wire.send_while_read(one * (65_536 // len(one) + 1), 64 << 20)
        wire.hold()

    return play


def _ignores_the_window(wire: Wire) -> bytes:
    return wire.headers() + wire.data(message(b"", length=64 << 20)) + wire.data(bytes(16_384)) * 1024


CASES = [
    Case("first frame is no settings", "UNAVAILABLE", _first(frame(PING, payload=bytes(8)))),
    Case("settings of odd length", "UNAVAILABLE", _first(frame(SETTINGS, payload=bytes(5)))),
    Case("settings on a stream", "UNAVAILABLE", _first(frame(SETTINGS, stream=1))),
    Case("settings: window over the limit", "UNAVAILABLE", _first(settings(s4=0x80000000))),
    Case("settings: frame size 0", "UNAVAILABLE", _first(settings(s5=0))),
    Case("settings: push may be 2", "UNAVAILABLE", _first(settings(s2=2))),
    Case("settings of 16 MiB announced", "UNAVAILABLE", _first(frame(SETTINGS, length=0xFFFFFF))),
    answering("acknowledgement with a payload", BROKEN, lambda _: frame(SETTINGS, ACK, payload=bytes(6))),
    answering("acknowledgements never asked for", BROKEN, lambda _: frame(SETTINGS, ACK) * 3),
    Case("settings never acknowledged", "OK", _never_acknowledges),
    Case("settings: no window, for ever", "DEADLINE_EXCEEDED", _no_window),
    Case("settings: no calls at once, for ever", "DEADLINE_EXCEEDED", _no_calls),
    answering("settings take the window away", "OK", lambda wire: settings(s4=0) + settings(s4=65_535) + wire.answer()),
    answering("ping of 7 bytes", BROKEN, lambda _: frame(PING, payload=bytes(7))),
    answering("ping on a stream", "DEADLINE_EXCEEDED", lambda _: frame(PING, stream=1, payload=bytes(8))),
    answering("pong that nobody asked for", "DEADLINE_EXCEEDED", lambda _: frame(PING, ACK, payload=bytes(8))),
    answering("goaway of 4 bytes", BROKEN, lambda _: frame(GOAWAY, payload=bytes(4))),
    answering("goaway on a stream", "UNAVAILABLE", lambda w: frame(GOAWAY, stream=w.stream, payload=bytes(8))),
    answering("frame of a kind that nobody knows", "OK", lambda w: frame(0xBE, 0xFF, w.stream, b"?") + w.answer()),
    answering("frame over the largest size", BROKEN, lambda w: w.headers() + frame(DATA, 0, w.stream, bytes(0xFFFFFF))),
    answering("frame of 16 MiB announced", BROKEN, lambda w: w.headers() + frame(DATA, 0, w.stream, b"x", 0xFFFFFF)),
    answering("data on stream 0", "DEADLINE_EXCEEDED", lambda w: w.data(b"x", stream=0)),
    answering("headers on stream 0", "DEADLINE_EXCEEDED", lambda w: w.headers(stream=0)),
    answering("reset on stream 0", "DEADLINE_EXCEEDED", lambda _: frame(RST, payload=number(8))),
    answering("reset of 3 bytes", BROKEN, lambda w: frame(RST, stream=w.stream, payload=bytes(3))),
    answering("continuation without headers", BROKEN, lambda w: frame(CONTINUATION, END_HEADERS, w.stream)),
    answering("continuation on stream 0", BROKEN, lambda _: frame(CONTINUATION, END_HEADERS)),
    answering("headers on a stream never opened", "DEADLINE_EXCEEDED", lambda w: w.headers(stream=99)),
    answering("headers on a stream of even number", "DEADLINE_EXCEEDED", lambda w: w.headers(stream=2)),
    answering("data on a stream never opened", "DEADLINE_EXCEEDED", lambda w: w.data(b"x", stream=99)),
    answering(
        "reset of a stream never opened", "DEADLINE_EXCEEDED", lambda _: frame(RST, stream=99, payload=number(8))
    ),
    answering(
        "push promise",
        "DEADLINE_EXCEEDED",
        lambda w: frame(PUSH, END_HEADERS, w.stream, number(2) + w.block(((":method", "GET"),))),
    ),
    answering(
        "padding longer than the frame", "INTERNAL", lambda w: w.headers() + frame(DATA, PADDED, w.stream, b"\xffxx")
    ),
    answering("padding without a length", "INTERNAL", lambda w: w.headers() + frame(DATA, PADDED, w.stream)),
    answering(
        "padding that is fair",
        "INTERNAL",
        lambda w: w.headers() + frame(DATA, PADDED, w.stream, b"\x04" + message(b"ok") + bytes(4)) + w.trailers(),
    ),
    answering(
        "priority of 4 bytes", "DEADLINE_EXCEEDED", lambda w: frame(Kind.PRIORITY, stream=w.stream, payload=bytes(4))
    ),
    answering(
        "stream depends on itself",
        "OK",
        lambda w: frame(Kind.PRIORITY, stream=w.stream, payload=number(w.stream) + b"\x10") + w.answer(),
    ),
    answering("window grows by 0", BROKEN, lambda _: frame(WINDOW, payload=number(0))),
    answering("window of the call grows by 0", BROKEN, lambda w: frame(WINDOW, stream=w.stream, payload=number(0))),
    answering("window update of 3 bytes", BROKEN, lambda _: frame(WINDOW, payload=bytes(3))),
    answering("window overflows", "DEADLINE_EXCEEDED", lambda _: frame(WINDOW, payload=number(0x7FFFFFFF)) * 2),
    answering(
        "window of the call overflows",
        "DEADLINE_EXCEEDED",
        lambda w: frame(WINDOW, stream=w.stream, payload=number(0x7FFFFFFF)) * 2,
    ),
    answering("more data than the window allows", "RESOURCE_EXHAUSTED", _ignores_the_window),
    answering("flood of settings", "OK", _flood(settings())),
    answering("flood of pings", "OK", _flood(frame(PING, payload=bytes(8)))),
    answering("flood of window updates", "OK", _flood(frame(WINDOW, payload=number(1)))),
    answering("flood of resets of a stream never opened", "OK", _flood(frame(RST, stream=99, payload=number(8)))),
    answering(
        "flood of resets of the call", "CANCELLED", lambda w: frame(RST, stream=w.stream, payload=number(8)) * FLOOD
    ),
    answering(
        "flood of empty data", "OK", lambda w: w.headers() + w.data(b"") * FLOOD + w.data(message(b"ok")) + w.trailers()
    ),
    answering(
        "flood of priorities",
        "OK",
        lambda w: frame(Kind.PRIORITY, stream=w.stream, payload=bytes(5)) * FLOOD + w.answer(),
    ),
    answering(
        "flood of frames that nobody knows", "OK", lambda w: frame(0xBE, 0, w.stream, b"?" * 100) * FLOOD + w.answer()
    ),
    Case("pings without end", "DEADLINE_EXCEEDED", _endless(frame(PING, payload=bytes(8)))),
    Case("settings without end", "DEADLINE_EXCEEDED", _endless(settings(s4=65_535))),
    Case("unknown frames without end", "DEADLINE_EXCEEDED", _endless(frame(0xBE, 0, 0, bytes(8000)))),
]
