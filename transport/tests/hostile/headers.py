"""Headers that do not decode, that HTTP or gRPC forbid, or that do not end."""

from transport.tests.hostile import Reply, answering
from transport.tests.hostile.frames import BROKEN
from transport.tests.peer import END_HEADERS, END_STREAM, GOOD, GRPC, Kind, Pairs, Wire, frame, message

CONTENT = ("content-type", "application/grpc")


def _block(data: bytes) -> Reply:
    """Reply with a block of headers as it is."""
    return lambda wire: frame(Kind.HEADERS, END_HEADERS, wire.stream, data)


def _with(*pairs: tuple[str, str]) -> Reply:
    """Reply well, with headers more."""
    return lambda wire: wire.headers((*GRPC, *pairs)) + wire.data(message(b"ok")) + wire.trailers()


def _instead(pairs: Pairs) -> Reply:
    """Reply well, with other headers."""
    return lambda wire: wire.headers(pairs) + wire.data(message(b"ok")) + wire.trailers()


def _ending(*pairs: tuple[str, str]) -> Reply:
    """Reply well, with trailers more."""
    return lambda wire: wire.headers() + wire.data(message(b"ok")) + wire.trailers((*GOOD, *pairs))


def _literal(name: bytes, value: bytes) -> bytes:
    """Return a header as a literal without indexing, for names that an encoder refuses. Source: RFC 7541, 6.2.2."""
    return b"\x00" + _text(name) + _text(value)


def _text(text: bytes) -> bytes:
    assert len(text) < 127
    return bytes([len(text)]) + text


def _raw(name: bytes, value: bytes) -> Reply:
    """Reply well, with a literal header more."""

    def reply(wire: Wire) -> bytes:
        block = wire.block(GRPC) + _literal(name, value)
        return frame(Kind.HEADERS, END_HEADERS, wire.stream, block) + wire.data(message(b"ok")) + wire.trailers()

    return reply


def _endless_continuation(part: bytes) -> Reply:
    def reply(wire: Wire) -> bytes:
        wire.send(frame(Kind.HEADERS, 0, wire.stream, wire.block(GRPC)))
        wire.send_while_read(frame(Kind.CONTINUATION, 0, wire.stream, part) * 16, 64 << 20)
        return b""

    return reply


def _interrupted(wire: Wire) -> bytes:
    block = wire.block(GRPC)
    start = frame(Kind.HEADERS, 0, wire.stream, block[:3]) + frame(Kind.PING, payload=bytes(8))
    return start + frame(Kind.CONTINUATION, END_HEADERS, wire.stream, block[3:])


def _in_bits(wire: Wire) -> bytes:
    """Reply well, with each byte of the headers in a frame of its own."""
    block = wire.block(GRPC)
    parts = b"".join(frame(Kind.CONTINUATION, 0, wire.stream, bytes([byte])) for byte in block)
    end = frame(Kind.CONTINUATION, END_HEADERS, wire.stream)
    return frame(Kind.HEADERS, 0, wire.stream) + parts + end + wire.data(message(b"ok")) + wire.trailers()


def _bomb(wire: Wire) -> bytes:
    """Put one large header into the table and name it by its index again and again. Source: RFC 7541, 6.1, 6.2.1."""
    large = b"\x40" + _text(b"x-bomb") + b"\x7f\x80\x1e" + b"b" * (0x7F + 0x1E * 128)
    indexed = b"\xbe" * 12_000
    return frame(Kind.HEADERS, END_HEADERS, wire.stream, wire.block(GRPC) + large + indexed) + wire.trailers()


def _informational(wire: Wire) -> bytes:
    return wire.headers(((":status", "103"),)) * 100 + wire.answer()


CASES = [
    answering("block that names an index that is not there", "INTERNAL", _block(b"\xff\x80\x7f")),
    answering("block with index 0", "INTERNAL", _block(b"\x80")),
    answering("block with a broken Huffman code", "INTERNAL", _block(b"\x00\x84\xff\xff\xff\xff\x01a")),
    answering("block cut in the middle of a header", "INTERNAL", _block(b"\x00\x7fabc")),
    answering("block with an integer that does not end", "INTERNAL", _block(b"\xff" + b"\xff" * 20)),
    answering("table larger than was allowed", "INTERNAL", _block(b"\x3f\xff\xff\xff\x07")),
    answering("empty block", "DEADLINE_EXCEEDED", _block(b"")),
    answering("name in capitals", "INTERNAL", _raw(b"X-Loud", b"1")),
    answering("name with a space", "INTERNAL", _raw(b"x loud", b"1")),
    answering("name with a colon", "INTERNAL", _raw(b"x:loud", b"1")),
    answering("empty name", "INTERNAL", _raw(b"", b"1")),
    answering("value with a newline", "OK", _raw(b"x-split", b"a\r\nb: c")),
    answering("value with a zero byte", "OK", _raw(b"x-zero", b"a\0b")),
    answering("value of bytes above ascii", "OK", _raw(b"x-high", b"\xe9\xff")),
    answering("pseudo header that nobody knows", "INTERNAL", _raw(b":loud", b"1")),
    answering("status after other headers", "OK", _instead((CONTENT, (":status", "200")))),
    answering("two statuses", "UNIMPLEMENTED", _instead(((":status", "200"), (":status", "404"), CONTENT))),
    answering("no status", "OK", _instead((CONTENT,))),
    answering("status that is no number", "INTERNAL", _instead(((":status", "good"), CONTENT))),
    answering("status of four digits", "UNKNOWN", _instead(((":status", "2000"), CONTENT))),
    answering("status in the trailers", "OK", _ending((":status", "200"))),
    answering("connection: close", "OK", _with(("connection", "close"))),
    answering("content-length that lies", "OK", _with(("content-length", "1"))),
    answering("content-length that is no number", "OK", _with(("content-length", "many"))),
    answering("a hundred kilobytes of headers", "RESOURCE_EXHAUSTED", _with(("x-long", "v" * 100_000))),
    answering("a thousand headers", "RESOURCE_EXHAUSTED", _with(*((f"x-{at}", "v") for at in range(1000)))),
    answering("bomb of indexed headers", "RESOURCE_EXHAUSTED", _bomb),
    answering(
        "continuation without end", "RESOURCE_EXHAUSTED", _endless_continuation(_literal(b"x-more", b"v" * 100) * 100)
    ),
    answering("empty continuations without end", "INTERNAL", _endless_continuation(b"")),
    answering("ping between headers and continuation", BROKEN, _interrupted),
    answering("headers in frames of one byte", "OK", _in_bits),
    answering("a hundred informational headers", "UNKNOWN", _informational),
    answering("binary metadata that is no base64", "INTERNAL", _with(("x-raw-bin", "***"))),
    answering("binary trailer that is no base64", "INTERNAL", _ending(("x-raw-bin", "***"))),
    answering("metadata with a reserved name", "OK", _with(("grpc-mystery", "1"))),
    answering("a hundred kilobytes of trailers", "RESOURCE_EXHAUSTED", _ending(("x-long", "v" * 100_000))),
    answering(
        "trailers that do not end the stream",
        BROKEN,
        lambda w: w.headers() + w.data(message(b"ok")) + w.headers(GOOD),
    ),
    answering(
        "headers that end the stream",
        "UNKNOWN",
        lambda w: frame(Kind.HEADERS, END_HEADERS | END_STREAM, w.stream, w.block(GRPC)),
    ),
]
