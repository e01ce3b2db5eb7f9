"""Replies that are HTTP/2 and no gRPC: messages, statuses, orders of frames."""

import gzip

from transport.tests.hostile import CRASH, Case, Reply, answering
from transport.tests.peer import GOOD, GRPC, Kind, Reset, Wire, frame, message, number

LIMIT = (("grpc.max_receive_message_length", 1_000_000),)
ZIPPED = (*GRPC, ("grpc-encoding", "gzip"))


def _body(data: bytes, *, zipped: bool = False) -> Reply:
    """Reply with bytes as the body, and good trailers."""
    return lambda wire: wire.headers(ZIPPED if zipped else GRPC) + _cut(wire, data) + wire.trailers()


def _cut(wire: Wire, data: bytes) -> bytes:
    return b"".join(wire.data(data[at : at + 16_384]) for at in range(0, len(data), 16_384))


def _ending(*trailers: tuple[str, str]) -> Reply:
    """Reply with a message and other trailers."""
    return lambda wire: wire.headers() + wire.data(message(b"ok")) + wire.trailers(trailers)


def _only(*headers: tuple[str, str]) -> Reply:
    """Reply with headers alone."""
    return lambda wire: wire.headers(headers, end=True)


def _http(status: str) -> Reply:
    """Reply as a web server or a proxy does."""
    headers = ((":status", status), ("content-type", "text/html"))
    return lambda wire: wire.headers(headers) + wire.data(b"<html>no</html>", end=True)


def _reset(code: int, *, early: bool) -> Reply:
    return lambda wire: (
        (b"" if early else wire.headers()) + frame(Kind.RST_STREAM, stream=wire.stream, payload=number(code))
    )


def _goaway(code: int) -> Reply:
    """Leave with a code in the middle of the call, and never finish it."""
    return lambda wire: frame(Kind.GOAWAY, payload=number(wire.stream) + number(code) + b"debug")


def _bomb() -> bytes:
    return message(gzip.compress(bytes(100_000_000), mtime=0), 1)


JSON = ((":status", "200"), ("content-type", "application/grpc+json"))
STATUSES = {
    "302": "UNKNOWN",
    "400": "INTERNAL",
    "401": "UNAUTHENTICATED",
    "403": "PERMISSION_DENIED",
    "404": "UNIMPLEMENTED",
    "429": "UNAVAILABLE",
    "500": "UNKNOWN",
    "502": "UNAVAILABLE",
    "503": "UNAVAILABLE",
    "504": "UNAVAILABLE",
}
WRONG_STATUSES = [
    ("out of range", "77", "UNKNOWN"),
    ("negative", "-1", "INTERNAL"),
    ("of words", "bad", "INTERNAL"),
    ("empty", "", "INTERNAL"),
    ("very long", "9" * 50, "INTERNAL"),
]
RESETS = (*Reset, 99)
MEANINGS = {
    Reset.REFUSED_STREAM: "UNAVAILABLE",
    Reset.CANCEL: "CANCELLED",
    Reset.ENHANCE_YOUR_CALM: "RESOURCE_EXHAUSTED",
    Reset.INADEQUATE_SECURITY: "PERMISSION_DENIED",
}
"""What a reset says, where it is not INTERNAL."""
CRASHING = 13
"""The first code of a GOAWAY that grpcio 1.85 aborts its process at."""


def _name(code: int) -> str:
    return code.name if isinstance(code, Reset) else "of no name"


def _meaning(code: int) -> str:
    return MEANINGS.get(Reset(code), "INTERNAL") if code in set(Reset) else "INTERNAL"


def case(name: str, code: str, reply: Reply) -> Case:
    """Return a case whose client takes no more than a megabyte."""
    return answering(name, code, reply, options=LIMIT)


CASES = [
    case("data before headers", "OK", lambda w: w.data(message(b"ok")) + w.headers() + w.trailers()),
    case("data after trailers", "OK", lambda w: w.answer() + w.data(message(b"late"))),
    case("headers after trailers", "OK", lambda w: w.answer() + w.headers()),
    case("reset after trailers", "OK", lambda w: w.answer() + _reset(Reset.NO_ERROR, early=True)(w)),
    case("data that ends the stream", "UNKNOWN", lambda w: w.headers() + w.data(message(b"ok"), end=True)),
    case("no status in the trailers", "UNKNOWN", _ending(("x-other", "1"))),
    case("two statuses of grpc", "NOT_FOUND", _ending(("grpc-status", "0"), ("grpc-status", "5"))),
    case(
        "status in the headers and in the trailers",
        "OK",
        lambda w: w.headers((*GRPC, ("grpc-status", "5"))) + w.data(message(b"ok")) + w.trailers(),
    ),
    case("status alone, good, no message", "OK", _only(*GRPC, *GOOD)),
    case("status alone, bad", "NOT_FOUND", _only(*GRPC, ("grpc-status", "5"), ("grpc-message", "not%20here"))),
    case("nothing but headers", "UNKNOWN", _only(*GRPC)),
    case("a bad status after a message", "NOT_FOUND", _ending(("grpc-status", "5"))),
    case("no message", "OK", _body(b"")),
    case("two messages", "DEADLINE_EXCEEDED", _body(message(b"one") + message(b"two"))),
    case("a thousand messages", "DEADLINE_EXCEEDED", _body(message(b"x") * 1000)),
    case("message cut short", "OK", _body(message(b"ok", length=10))),
    case("prefix cut short", "OK", _body(b"\0\0\0")),
    case(
        "message cut short by the end of data",
        "UNKNOWN",
        lambda w: w.headers() + w.data(message(b"ok", length=10), end=True),
    ),
    case("message of 4 GiB announced", "RESOURCE_EXHAUSTED", _body(message(b"ok", length=0xFFFFFFFF))),
    case("message of 5 MB", "RESOURCE_EXHAUSTED", _body(message(bytes(5_000_000)))),
    case("compressed without an encoding", "INTERNAL", _body(message(b"ok", 1))),
    case("flag of 2", "OK", _body(message(b"ok", 2))),
    case("flag of 255", "OK", _body(message(b"ok", 255))),
    case("gzip that is none", "INTERNAL", _body(message(b"not gzip", 1), zipped=True)),
    case("gzip cut short", "INTERNAL", _body(message(gzip.compress(b"ok" * 100, mtime=0)[:-10], 1), zipped=True)),
    case(
        "gzip with more behind it", "INTERNAL", _body(message(gzip.compress(b"ok", mtime=0) + b"more", 1), zipped=True)
    ),
    case("gzip of nothing", "OK", _body(message(b"", 1), zipped=True)),
    case("gzip bomb", "RESOURCE_EXHAUSTED", _body(_bomb(), zipped=True)),
    case(
        "encoding that nobody knows",
        "INTERNAL",
        lambda w: w.headers((*GRPC, ("grpc-encoding", "lzma"))) + w.data(message(b"xx", 1)) + w.trailers(),
    ),
    case(
        "details with a broken escape", "NOT_FOUND", _ending(("grpc-status", "5"), ("grpc-message", "100%, %zz %e9 %"))
    ),
    case("details that are no UTF-8", "NOT_FOUND", _ending(("grpc-status", "5"), ("grpc-message", "%ff%fe"))),
    case("details of 50 kB", "RESOURCE_EXHAUSTED", _ending(("grpc-status", "5"), ("grpc-message", "x" * 50_000))),
    case("web page with 200", "UNKNOWN", _http("200")),
    case("no content-type", "OK", lambda w: w.headers(((":status", "200"),)) + w.data(message(b"ok")) + w.trailers()),
    case("content-type of gRPC and json", "OK", lambda w: w.headers(JSON) + w.data(message(b"ok")) + w.trailers()),
    case("status of grpc with HTTP 503", "NOT_FOUND", _only((":status", "503"), GRPC[1], ("grpc-status", "5"))),
    *(case(f"HTTP {status}", code, _http(status)) for status, code in STATUSES.items()),
    *(case(f"grpc-status {name}", code, _ending(("grpc-status", status))) for name, status, code in WRONG_STATUSES),
    *(case(f"reset {_name(code)}", _meaning(code), _reset(code, early=True)) for code in RESETS),
    *(case(f"reset {_name(code)} after headers", _meaning(code), _reset(code, early=False)) for code in RESETS),
    *(case(f"goaway {_name(code)}", "DEADLINE_EXCEEDED", _goaway(code)) for code in RESETS if code < CRASHING),
    *(case(f"goaway {_name(code)}", CRASH, _goaway(code)) for code in RESETS if code >= CRASHING),
]
