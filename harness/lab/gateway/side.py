"""One side of a relay: the connection with the client, or the one with the upstream, as frames see it."""

from collections import deque

from harness.lab.gateway.frames import (
    HEAD_BYTES,
    USUAL_FRAME_BYTES,
    ConnectionFault,
    ErrorCode,
    Frame,
    FrameFlag,
    FrameKind,
    FrameReader,
    frame,
    goaway,
    rst_stream,
    settings,
    unpadded,
)
from harness.lab.gateway.header_codec import USUAL_TABLE_BYTES, Fields, HeaderDecoder, HeaderEncoder
from harness.lab.gateway.stream import Stream

USUAL_WINDOW_BYTES = 65_535
MOST_FRAME_BYTES = 1 << 22
"""Larger frames are not agreed to: one is held whole before it goes on."""
MOST_BLOCK_BYTES = 1 << 20
"""Longest header block with the heads of its frames, so that a flood of empty CONTINUATION ends, too."""
_PRIORITY_BYTES = 5
_PROMISE_BYTES = 4


class Block:
    """A header block whose frames are still coming."""

    __slots__ = ("data", "end_stream", "kind", "priority", "promised", "seen_bytes", "stream_id")

    def __init__(self, first: Frame) -> None:
        payload = unpadded(first.payload) if first.flags & FrameFlag.PADDED else first.payload
        skipped = _PROMISE_BYTES if first.kind == FrameKind.PUSH_PROMISE else 0
        if first.kind == FrameKind.HEADERS and first.flags & FrameFlag.PRIORITY:
            skipped = _PRIORITY_BYTES
        if len(payload) < skipped:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "a frame of headers is cut short")
        self.kind = first.kind
        self.stream_id = first.stream_id
        self.end_stream = bool(first.kind == FrameKind.HEADERS and first.flags & FrameFlag.END_STREAM)
        self.priority = payload[:skipped] if skipped == _PRIORITY_BYTES else b""
        self.promised = int.from_bytes(payload[:skipped]) & 0x7FFFFFFF if skipped == _PROMISE_BYTES else 0
        self.data = payload[skipped:]
        self.seen_bytes = HEAD_BYTES + len(first.payload)

    def go_on(self, more: Frame) -> None:
        """Take the next frame; raises `ConnectionFault` where it is no part of this block, or one too many."""
        if more.kind != FrameKind.CONTINUATION or more.stream_id != self.stream_id:
            text = f"a frame of type {more.kind} stands within a header block"
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, text)
        self.data += more.payload
        self.seen_bytes += HEAD_BYTES + len(more.payload)
        if self.seen_bytes > MOST_BLOCK_BYTES:
            text = f"a header block has more than {MOST_BLOCK_BYTES:,} bytes and no end"
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, text)


class Side:
    """What is known of one peer, and the bytes that wait to be sent to it.

    ``awaited_acks`` holds, per SETTINGS that the peer has not acknowledged, whether the other peer waits for that.
    ``initial_bytes`` is the window of a new stream that this peer announced, ``told_initial_bytes`` what it was told.
    ``table_bytes`` is the table of header fields that it lets us use once it knows that we know.
    """

    def __init__(self, index: int) -> None:
        self.index = index
        self.reader = FrameReader()
        self.decoder = HeaderDecoder()
        self.encoder = HeaderEncoder()
        self.out = bytearray()
        self.block: Block | None = None
        self.streams: dict[int, Stream] = {}
        self.last_id = -1
        self.initial_bytes = USUAL_WINDOW_BYTES
        self.told_initial_bytes = USUAL_WINDOW_BYTES
        self.frame_bytes = USUAL_FRAME_BYTES
        self.awaited_acks: deque[bool] = deque()
        self.table_bytes = USUAL_TABLE_BYTES

    def headers(self, stream_id: int, fields: Fields, flags: int, priority: bytes = b"") -> None:
        """Send a header block, in as many frames as the peer wants."""
        payload = priority + self.encoder.encode(fields)
        if priority:
            flags |= FrameFlag.PRIORITY
        if len(payload) <= self.frame_bytes:
            self.out += frame(FrameKind.HEADERS, flags | FrameFlag.END_HEADERS, stream_id, payload)
        else:
            self._in_pieces(FrameKind.HEADERS, flags, stream_id, payload)

    def promise(self, stream_id: int, promised: int, fields: Fields) -> None:
        """Send a PUSH_PROMISE."""
        self._in_pieces(FrameKind.PUSH_PROMISE, 0, stream_id, promised.to_bytes(4) + self.encoder.encode(fields))

    def data(self, stream_id: int, payload: bytes, flags: int) -> None:
        """Send a frame of data as it is, padding and all."""
        self.out += frame(FrameKind.DATA, flags, stream_id, payload)

    def reset(self, stream_id: int, code: int) -> None:
        """Send an RST_STREAM."""
        self.out += rst_stream(stream_id, code)

    def goaway(self, last_id: int, code: int, text: str | bytes = b"") -> None:
        """Send a GOAWAY."""
        self.out += goaway(last_id, code, text)

    def settings(self, pairs: list[tuple[int, int]], *, relayed: bool) -> None:
        """Send SETTINGS; the other peer waits for their acknowledgement where they are ``relayed``."""
        self.out += settings(pairs)
        self.awaited_acks.append(relayed)

    def pass_on(self, frame_: Frame) -> None:
        """Send a frame as it came."""
        self.out += frame(*frame_)

    def take(self) -> bytes:
        """Return what waits to be sent, and forget it."""
        out, self.out = self.out, bytearray()
        return bytes(out)

    def _in_pieces(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        pieces = [payload[at : at + self.frame_bytes] for at in range(0, len(payload), self.frame_bytes)]
        for place, piece in enumerate(pieces):
            last = FrameFlag.END_HEADERS if place == len(pieces) - 1 else 0
            self.out += frame(
                FrameKind.CONTINUATION if place else kind, last | (0 if place else flags), stream_id, piece
            )
