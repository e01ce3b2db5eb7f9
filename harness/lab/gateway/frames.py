"""Frames of HTTP/2 as bytes: cut out of a stream of reads, and written again. No I/O, no judgement.

A frame is kept raw, so that one with a wrong length, an unknown type or undefined flags passes as it came:
`hyperframe`'s objects refuse the first and drop the last, and cost ten times as much. Rare frames that the
gateway makes itself, `hyperframe` writes. Source of all formats: RFC 9113, section 6.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from hyperframe.frame import GoAwayFrame, PingFrame, RstStreamFrame, SettingsFrame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD_BYTES = 9
LARGEST_FRAME_BYTES = 1 << 24
USUAL_FRAME_BYTES = 1 << 14
"""Largest payload that a peer takes which has not said otherwise, and the least it may say."""

_HEAD = struct.Struct(">HBBBL")
_ID = 0x7FFFFFFF


class FrameKind:
    """Types of frames; bare numbers, for an enum's members cost more to look up than a frame to write."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class FrameFlag:
    """Flags; which of them a frame may bear depends on its type."""

    ACK = 0x1
    END_STREAM = 0x1
    END_HEADERS = 0x4
    PADDED = 0x8
    PRIORITY = 0x20


class ErrorCode(IntEnum):
    """Why a stream or a connection ended. Source: RFC 9113, section 7."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


class Setting(IntEnum):
    """Settings that the gateway itself must understand; all others pass it."""

    HEADER_TABLE_SIZE = 1
    ENABLE_PUSH = 2
    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_FRAME_SIZE = 5


class Frame(NamedTuple):
    """One frame; ``kind`` and ``flags`` may be numbers that nobody has defined."""

    kind: int
    flags: int
    stream_id: int
    payload: bytes


class ConnectionFault(Exception):  # noqa: N818 - a peer's fault, not an error of ours
    """What a peer sent cannot be passed on, and its connection cannot go on. It carries an `ErrorCode`."""

    def __init__(self, code: ErrorCode, text: str) -> None:
        super().__init__(text)
        self.code = code


class FrameReader:
    """Cut reads into frames; ``largest_bytes`` is the largest payload that is taken."""

    def __init__(self) -> None:
        self.largest_bytes = USUAL_FRAME_BYTES
        self._rest = bytearray()
        self._wanted = 0

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that are whole now.

        Raises `ConnectionFault` for a frame that is too large, when its turn comes.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted:
                return
            data = bytes(self._rest)
        at, end = 0, len(data)
        wanted = HEAD_BYTES
        while end - at >= HEAD_BYTES:
            high, low, kind, flags, stream_id = _HEAD.unpack_from(data, at)
            size = high << 8 | low
            if size > self.largest_bytes:
                self._refuse(size, kind)
            wanted = HEAD_BYTES + size
            if end - at < wanted:
                break
            yield Frame(kind, flags, stream_id & _ID, data[at + HEAD_BYTES : at + wanted])
            at += wanted
            wanted = HEAD_BYTES
        self._rest = bytearray(data[at:])
        self._wanted = wanted

    def _refuse(self, size: int, kind: int) -> None:
        text = f"a frame of type {kind} has {size:,} bytes; at most {self.largest_bytes:,} were agreed on"
        raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, text)


def frame(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    """Return a frame's bytes."""
    size = len(payload)
    return _HEAD.pack(size >> 8, size & 0xFF, kind, flags, stream_id) + payload


def unpadded(payload: bytes) -> bytes:
    """Return the payload of a padded frame without its padding.

    Raises `ConnectionFault` where there is more padding than frame.
    """
    if not payload or payload[0] >= len(payload):
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a frame has more padding than bytes")
    return payload[1 : len(payload) - payload[0]]


def window_update(stream_id: int, increment: int) -> bytes:
    """Return a frame that lets a peer send ``increment`` bytes more; stream 0 means the connection."""
    return frame(FrameKind.WINDOW_UPDATE, 0, stream_id, increment.to_bytes(4))


def rst_stream(stream_id: int, code: int) -> bytes:
    """Return a frame that ends a stream at once."""
    return RstStreamFrame(stream_id, code).serialize()


def goaway(last_stream_id: int, code: int, text: str | bytes = b"") -> bytes:
    """Return a frame that ends a connection; its sender has looked at streams up to ``last_stream_id`` alone."""
    data = text.encode() if isinstance(text, str) else text
    return GoAwayFrame(0, last_stream_id, code, data).serialize()


def settings(pairs: "list[tuple[int, int]]") -> bytes:
    """Return a frame of settings, in their order and with their doubles."""
    return frame(FrameKind.SETTINGS, 0, 0, b"".join(_PAIR.pack(*pair) for pair in pairs))


def settings_ack() -> bytes:
    """Return the frame that says: your settings hold from here on."""
    return SettingsFrame(0, flags=["ACK"]).serialize()


def ping(data: bytes) -> bytes:
    """Return a ping with eight bytes of data."""
    return PingFrame(0, data).serialize()


_PAIR = struct.Struct(">HL")


def read_settings(payload: bytes) -> list[tuple[int, int]] | None:
    """Return the pairs of a frame of settings, or None where its length is wrong."""
    if len(payload) % _PAIR.size:
        return None
    return list(_PAIR.iter_unpack(payload))


class GoAway(NamedTuple):
    """What a peer said when it began to leave."""

    last_stream_id: int
    code: int
    debug: bytes

    @classmethod
    def read(cls, payload: bytes) -> "GoAway | None":
        """Return what a frame says, or None where it is cut short."""
        if len(payload) < 8:
            return None
        last, code = struct.unpack_from(">LL", payload)
        return cls(last & _ID, code, payload[8:])


def read_number(payload: bytes) -> int | None:
    """Return the one number of 32 bits that a frame holds, or None where its length is wrong."""
    return int.from_bytes(payload) if len(payload) == 4 else None
