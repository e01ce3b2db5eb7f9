"""One gRPC call as bytes: it sends headers that no gRPC client would."""

import socket


def raw_call(address: str, *headers: tuple[bytes, bytes]) -> bytes:
    """Make a unary call over HTTP/2 by hand; return what the server sent until the stream ended.

    Headers go as literals without Huffman coding. Source: RFC 9113, section 4.1; RFC 7541, section 6.2.2.
    """
    usual = (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", b"/jwtstorm.lab.v1.Ledger/GetBalance"),
        (b":authority", b"lab"),
        (b"te", b"trailers"),
        (b"content-type", b"application/grpc"),
    )
    block = b"".join(b"\x00" + _text(name) + _text(value) for name, value in (*usual, *headers))
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        frames = _frame(4, 0, 0, b"") + _frame(1, 4, 1, block) + _frame(0, 1, 1, bytes(5))
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frames)
        seen = b""
        while b"grpc-message" not in seen:
            chunk = connection.recv(4096)
            if not chunk:
                break
            seen += chunk
        return seen


def _text(text: bytes) -> bytes:
    assert len(text) < 127
    return bytes([len(text)]) + text


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
