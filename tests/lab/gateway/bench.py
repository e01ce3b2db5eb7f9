"""A relay between two peers in memory: frames by hyperframe, header blocks by hpack, time by hand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hpack import Decoder, Encoder, NeverIndexedHeaderTuple
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from harness.lab.gateway.call import RelayedCall
from harness.lab.gateway.frames import PREFACE
from harness.lab.gateway.header_codec import Fields
from harness.lab.gateway.relay import Relay
from harness.lab.gateway.stream import CLIENT, UPSTREAM
from harness.lab.gateway.treatment import Treatment

Pairs = tuple[tuple[str, str], ...]
REQUEST: Pairs = (
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/bank.Ledger/Get"),
    (":authority", "bank"),
    ("content-type", "application/grpc"),
    ("te", "trailers"),
    ("authorization", "Bearer one"),
)
RESPONSE: Pairs = ((":status", "200"), ("content-type", "application/grpc"))
TRAILERS: Pairs = (("grpc-status", "0"),)
MESSAGE = b"\x00\x00\x00\x00\x02hi"


class Peer:
    """One end; ``got`` holds the frames that reached it, header blocks decoded."""

    def __init__(self, feed: Callable[[bytes], None]) -> None:
        self.encoder = Encoder()
        self.decoder = Decoder(max_header_list_size=1 << 24)
        self.got: list[Any] = []
        self.raw = b""
        self._feed = feed
        self._greeted = False

    # --- what it sends -----------------------------------------------------------------------

    def send(self, *frames: Frame | bytes) -> None:
        self._feed(b"".join(one if isinstance(one, bytes) else one.serialize() for one in frames))

    def block(self, pairs: Any) -> bytes:
        return bytes(self.encoder.encode(list(pairs)))

    def headers(self, stream: int, pairs: Any = REQUEST, *, end: bool = False, **more: Any) -> None:
        flags = ["END_HEADERS", *(["END_STREAM"] if end else []), *more.pop("flags", [])]
        self.send(HeadersFrame(stream, self.block(pairs), flags=flags, **more))

    def data(self, stream: int, data: bytes = MESSAGE, *, end: bool = False, pad: int = 0) -> None:
        flags = [*(["END_STREAM"] if end else []), *(["PADDED"] if pad else [])]
        self.send(DataFrame(stream, data, flags=flags, pad_length=pad))

    def reset(self, stream: int, code: int = 8) -> None:
        self.send(RstStreamFrame(stream, code))

    def window(self, stream: int, increment: int) -> None:
        self.send(WindowUpdateFrame(stream, increment))

    def settings(self, **pairs: int) -> None:
        self.send(SettingsFrame(0, {getattr(SettingsFrame, name): value for name, value in pairs.items()}))

    def ack(self) -> None:
        self.send(SettingsFrame(0, flags=["ACK"]))

    def ping(self, data: bytes = b"12345678", *, ack: bool = False) -> None:
        self.send(PingFrame(0, data, flags=["ACK"] if ack else []))

    def goaway(self, last: int, code: int = 0, debug: bytes = b"") -> None:
        self.send(GoAwayFrame(0, last, code, debug))

    # --- what it gets ------------------------------------------------------------------------

    def read(self, data: bytes) -> None:
        self.raw += data
        data = data.removeprefix(PREFACE)
        while data:
            frame, length = Frame.parse_frame_header(memoryview(data[:9]))
            frame.parse_body(memoryview(data[9 : 9 + length]))
            data = data[9 + length :]
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        last = self.got[-1] if self.got else None
        if isinstance(frame, ContinuationFrame):
            assert isinstance(last, HeadersFrame)
            last.data += frame.data
            last.flags.add("END_HEADERS") if "END_HEADERS" in frame.flags else None
            self._decode(last)
            return
        self.got.append(frame)
        if isinstance(frame, HeadersFrame | PushPromiseFrame):
            self._decode(frame)

    def _decode(self, frame: Any) -> None:
        if "END_HEADERS" in frame.flags:
            frame.fields = list(self.decoder.decode(frame.data, raw=True))
            frame.pairs = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in frame.fields)

    def of(self, kind: type[Any], stream: int | None = None) -> list[Any]:
        return [one for one in self.got if isinstance(one, kind) and stream in {None, one.stream_id}]

    def blocks(self, stream: int) -> list[Pairs]:
        return [one.pairs for one in self.of(HeadersFrame, stream)]

    def body(self, stream: int) -> bytes:
        return b"".join(one.data for one in self.of(DataFrame, stream))

    def is_ended(self, stream: int) -> bool:
        return any("END_STREAM" in one.flags for one in self.got if one.stream_id == stream)

    def codes(self, stream: int) -> list[int]:
        return [one.error_code for one in self.of(RstStreamFrame, stream)]

    def windows(self, stream: int) -> int:
        return sum(one.window_increment for one in self.of(WindowUpdateFrame, stream))


@dataclass
class Calls:
    """Keeps what a relay tells of its calls."""

    over: list[RelayedCall] = field(default_factory=list)

    def begin(self, stream_id: int, now_ns: int, request: Fields) -> RelayedCall:
        return RelayedCall(stream_id, now_ns, request)

    def end(self, call: RelayedCall) -> None:
        self.over.append(call)


class Bench:
    """A relay with a peer on either side; ``now_s`` is moved by hand."""

    def __init__(self, treat: Callable[[int], Treatment | None] | None = None, *, greet: bool = True) -> None:
        self.calls = Calls()
        self.now_s = 1.0
        self.relay = Relay(None if treat is None else lambda stream_id, _: treat(stream_id), self.calls)
        self.client = Peer(lambda data: self._receive(CLIENT, data))
        self.upstream = Peer(lambda data: self._receive(UPSTREAM, data))
        if greet:
            self.client.send(PREFACE, SettingsFrame(0))
            self.upstream.send(SettingsFrame(0))
            self.client.ack()
            self.upstream.ack()
            for peer in (self.client, self.upstream):
                peer.got.clear()

    @property
    def now_ns(self) -> int:
        return int(self.now_s * 1e9)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self.relay.wake(self.now_ns)
        self.move()

    def move(self) -> None:
        self.client.read(self.relay.client.take())
        self.upstream.read(self.relay.upstream.take())

    def call(self, stream: int, pairs: Any = REQUEST) -> None:
        self.client.headers(stream, pairs)
        self.client.data(stream, end=True)

    def answer(self, stream: int) -> None:
        self.upstream.headers(stream, RESPONSE)
        self.upstream.data(stream)
        self.upstream.headers(stream, TRAILERS, end=True)

    def _receive(self, index: int, data: bytes) -> None:
        self.relay.receive(index, data, self.now_ns)
        self.move()


def never(name: str, value: str) -> NeverIndexedHeaderTuple:
    return NeverIndexedHeaderTuple(name, value)
