"""SETTINGS between the sides: each peer hears the other's, and its acknowledgement goes back to the other.

So either peer knows exactly what it would know without a gateway. Four settings concern the gateway, too:
they size its tables, frames and windows. Limits that a fault sets stand in the place of the upstream's own.
"""

from dataclasses import dataclass

from harness.lab.gateway.frames import ConnectionFault, ErrorCode, Frame, Setting, read_settings, settings_ack
from harness.lab.gateway.header_codec import MOST_TABLE_BYTES
from harness.lab.gateway.lane import UNCAPPED, Lane
from harness.lab.gateway.side import MOST_FRAME_BYTES, Side
from harness.lab.gateway.stream import CLIENT

MOST_WINDOW_BYTES = (1 << 31) - 1
MOST_UNANSWERED = 10_000
_UNLIMITED = (1 << 32) - 1
_MOST: dict[int, int] = {Setting.HEADER_TABLE_SIZE: MOST_TABLE_BYTES, Setting.MAX_FRAME_SIZE: MOST_FRAME_BYTES}


@dataclass(frozen=True)
class Limits:
    """What the client is allowed, in the place of what the upstream allows; None leaves a limit as it is."""

    max_streams: int | None = None
    stream_window_bytes: int | None = None
    connection_window_bytes: int | None = None


class Agreement:
    """The settings of both peers; ``lanes`` are the directions, indexed by the side that they lead to."""

    def __init__(self, sides: tuple[Side, Side], lanes: tuple[Lane, Lane]) -> None:
        self.max_streams = _UNLIMITED
        """How many streams the client may have open because a fault says so; it has acknowledged that."""
        self._sides = sides
        self._lanes = lanes
        self._limits = Limits()
        self._announced_streams = _UNLIMITED
        self._awaited_limits: list[int] = []

    def hear(self, side: Side, frame: Frame) -> None:
        """Take a peer's settings over and tell the other; a frame that is no such list passes as it came."""
        other = self._sides[1 - side.index]
        pairs = read_settings(frame.payload)
        if pairs is None:
            other.pass_on(frame)
            return
        if len(other.awaited_acks) >= MOST_UNANSWERED:
            text = f"{MOST_UNANSWERED:,} settings came before the first of them was acknowledged"
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, text)
        for name, value in pairs:
            self._take_over(side, other, name, value)
        other.settings([self._retold(other, *pair) for pair in pairs], relayed=True)

    def acknowledge(self, side: Side, frame: Frame) -> None:
        """Tell the other peer that its settings hold, unless it was the gateway that set them."""
        other = self._sides[1 - side.index]
        if not side.awaited_acks:
            other.pass_on(frame)
        elif side.awaited_acks.popleft():
            other.out += settings_ack()
            other.encoder.allow(other.table_bytes)
        elif self._awaited_limits:
            self.max_streams = self._awaited_limits.pop(0)

    def limit(self, limits: Limits) -> None:
        """Let other limits hold for the client than the upstream's; ``Limits()`` gives those back."""
        client, upstream = self._sides
        lane = self._lanes[upstream.index]
        self._limits = limits
        lane.stream_cap_bytes = _or_none(limits.stream_window_bytes)
        lane.connection_cap_bytes = _or_none(limits.connection_window_bytes)
        streams = self._announced_streams if limits.max_streams is None else limits.max_streams
        self._tell_initial(client, upstream.initial_bytes)
        client.settings(
            [(Setting.MAX_CONCURRENT_STREAMS, streams), (Setting.INITIAL_WINDOW_SIZE, client.told_initial_bytes)],
            relayed=False,
        )
        self._awaited_limits.append(_UNLIMITED if limits.max_streams is None else limits.max_streams)
        lane.settle()
        for stream in list(client.streams.values()):
            lane.settle_stream(stream)

    def _take_over(self, side: Side, other: Side, name: int, value: int) -> None:
        if name == Setting.HEADER_TABLE_SIZE:
            side.table_bytes = min(value, MOST_TABLE_BYTES)
            side.encoder.allow(min(side.table_bytes, side.encoder.limit_bytes))
            other.decoder.allowed_bytes = max(other.decoder.allowed_bytes, side.table_bytes)
        elif name == Setting.MAX_FRAME_SIZE and value >= side.frame_bytes:
            side.frame_bytes = min(value, MOST_FRAME_BYTES)
            other.reader.largest_bytes = max(other.reader.largest_bytes, side.frame_bytes)
        elif name == Setting.INITIAL_WINDOW_SIZE and value <= MOST_WINDOW_BYTES:
            self._resize(side, other, value)
        elif name == Setting.MAX_CONCURRENT_STREAMS and other.index == CLIENT:
            self._announced_streams = value

    def _resize(self, side: Side, other: Side, initial_bytes: int) -> None:
        grown = initial_bytes - side.initial_bytes
        side.initial_bytes = initial_bytes
        lane = self._lanes[side.index]
        for stream in list(side.streams.values()):
            stream.flows[side.index].sink_bytes += grown
            lane.pump(stream)
        self._tell_initial(other, initial_bytes)

    def _tell_initial(self, other: Side, initial_bytes: int) -> None:
        """Note which window a peer will believe that a new stream has, and what that does to its open ones."""
        told = initial_bytes
        if other.index == CLIENT and self._limits.stream_window_bytes is not None:
            told = min(told, self._limits.stream_window_bytes)
        grown = told - other.told_initial_bytes
        other.told_initial_bytes = told
        for stream in other.streams.values():
            stream.flows[1 - other.index].source_bytes += grown

    def _retold(self, other: Side, name: int, value: int) -> tuple[int, int]:
        if other.index == CLIENT:
            if name == Setting.INITIAL_WINDOW_SIZE and value <= MOST_WINDOW_BYTES:
                return name, other.told_initial_bytes
            if name == Setting.MAX_CONCURRENT_STREAMS and self._limits.max_streams is not None:
                return name, self._limits.max_streams
        return name, min(value, _MOST.get(name, value))


def _or_none(bytes_: int | None) -> int:
    return UNCAPPED if bytes_ is None else bytes_
