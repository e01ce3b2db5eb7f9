"""The relay: what a client and an upstream send each other, frame by frame, with a stream table between.

Logic without I/O: bytes go in by `Relay.receive`, and come out of ``client.out`` and ``upstream.out``. One
client connection has one upstream connection, so that a GOAWAY, a PING and a SETTINGS mean what they say.
Nothing is judged: a wrong frame or header passes as it came, and the peer that it is meant for answers it. Only
what cannot be passed on (a frame too large, a header block that cannot be decoded) ends a connection here.
"""

import heapq
from itertools import count

from harness.lab.gateway.agreement import Agreement, Limits
from harness.lab.gateway.frames import (
    PREFACE,
    ConnectionFault,
    ErrorCode,
    Frame,
    FrameFlag,
    FrameKind,
    GoAway,
    ping,
    read_number,
)
from harness.lab.gateway.greeting import Greeting, check_server
from harness.lab.gateway.header_codec import Fields
from harness.lab.gateway.lane import Lane
from harness.lab.gateway.leaving import mapped_last, refused_by
from harness.lab.gateway.side import Block, Side
from harness.lab.gateway.stream import CLIENT, UPSTREAM, HeadersPart, ResetPart, Stream
from harness.lab.gateway.table import Plan, StreamTable, Watch
from harness.lab.gateway.treatment import TreatmentMoment
from harness.results.wire_row import WireEnding

NEVER_NS = 1 << 62
LAST_OF_ALL = (1 << 31) - 1
_DRAIN_PING = b"jwtstorm"
_FEW_HOLDS = 256


class Relay:
    """Relay one connection.

    ``plan`` is asked once per call, ``watch`` keeps account of each; both may be None. ``broken`` is the side whose
    peer sent what cannot be passed on, and why.
    """

    def __init__(self, plan: Plan | None = None, watch: Watch | None = None) -> None:
        self.client = Side(CLIENT)
        self.upstream = Side(UPSTREAM)
        self.sides = (self.client, self.upstream)
        self.table = StreamTable(self.sides, self._schedule, plan, watch)
        self.lanes = self.table.lanes
        self.agreement = Agreement(self.sides, self.lanes)
        self.broken: tuple[int, ConnectionFault] | None = None
        self.now_ns = 0
        self.greeting = Greeting()
        self._heard_upstream = False
        self._last_told = LAST_OF_ALL
        self._refused_above = LAST_OF_ALL
        self._drain_asked = False
        self._left = False
        self._holds: list[tuple[int, int, Lane, Stream]] = []
        self._most_holds = _FEW_HOLDS
        self._serial = count()
        self._handlers = {
            FrameKind.DATA: self._data,
            FrameKind.HEADERS: self._block,
            FrameKind.PUSH_PROMISE: self._block,
            FrameKind.RST_STREAM: self._reset,
            FrameKind.SETTINGS: self._settings,
            FrameKind.PING: self._ping,
            FrameKind.GOAWAY: self._goaway,
            FrameKind.WINDOW_UPDATE: self._window_update,
        }

    # --- what happens to it ------------------------------------------------------------------

    def receive(self, index: int, data: bytes, now_ns: int) -> None:
        """Take what a peer sent.

        Raises `NotHttp2` where it speaks something else.
        """
        self._tick(now_ns)
        side = self.sides[index]
        try:
            for frame in side.reader.feed(self._greeted(index, data)):
                self._handle(side, frame)
        except ConnectionFault as fault:
            self._break(side, fault)

    def wake(self, now_ns: int) -> None:
        """Let go what holds kept back until now."""
        self._tick(now_ns)
        while self._holds and self._holds[0][0] <= now_ns:
            _, _, lane, stream = heapq.heappop(self._holds)
            lane.release(stream)

    def due_ns(self) -> int:
        """Return when `wake` has something to do."""
        return self._holds[0][0] if self._holds else NEVER_NS

    def lose(self, ending: WireEnding, now_ns: int) -> None:
        """End all calls: a peer is gone, or the gateway ends."""
        self._tick(now_ns)
        for stream in list(self.client.streams.values()):
            self.table.finish(stream, ending)
            self.table.remove(stream)

    @property
    def over(self) -> bool:
        """Return whether the client's connection is to be closed once everything has been sent."""
        return self._left or (self._refused_above < LAST_OF_ALL and not self.client.streams)

    @property
    def open_streams(self) -> int:
        """Return how many streams the client has open."""
        return len(self.client.streams)

    # --- what the gateway does itself --------------------------------------------------------

    def limit(self, limits: Limits, now_ns: int) -> None:
        """Change what the client is allowed, now."""
        self._tick(now_ns)
        self.agreement.limit(limits)

    def drain(self, now_ns: int) -> None:
        """Ask the client to take its next calls elsewhere; those that it has begun go on to their end.

        Two GOAWAYs with a ping between, so that no call that is on its way is lost. Source: RFC 9113, section 6.8.
        """
        self._tick(now_ns)
        if not self._drain_asked:
            self._drain_asked = True
            self._tell_last(LAST_OF_ALL, ErrorCode.NO_ERROR, b"jwtstorm gateway drains")
            self.client.out += ping(_DRAIN_PING)

    def go_away(self, last_stream_id: int, code: int, text: str, now_ns: int) -> None:
        """End the client's connection without grace; calls above ``last_stream_id`` count as never looked at."""
        self._tick(now_ns)
        self._tell_last(last_stream_id, code, text.encode())
        self.lose(WireEnding.RESET_BY_GATEWAY, now_ns)
        self._left = True

    # --- frames ------------------------------------------------------------------------------

    def _tick(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self.table.tick(now_ns)

    def _greeted(self, index: int, data: bytes) -> bytes:
        if index == UPSTREAM:
            if not self._heard_upstream:
                check_server(data)
                self._heard_upstream = True
        elif not self.greeting.whole:
            data = self.greeting.feed(data)
            if self.greeting.whole:
                self.upstream.out += PREFACE
        return data

    def _handle(self, side: Side, frame: Frame) -> None:
        if side.block is None:
            self._handlers.get(frame.kind, self._other)(side, frame)
        else:
            side.block.go_on(frame)
            self._whole(side, side.block, frame.flags)

    def _data(self, side: Side, frame: Frame) -> None:
        stream = side.streams.get(frame.stream_id)
        lane = self.lanes[1 - side.index]
        if stream is None:
            self._stray_data(lane, frame)
        elif stream.answered:
            lane.swallow(len(frame.payload))
            if frame.flags & FrameFlag.END_STREAM:
                self.table.half_close(stream, stream.flows[UPSTREAM])
        elif (
            side is self.upstream
            and frame.flags & FrameFlag.END_STREAM
            and self.table.cut_at(stream, TreatmentMoment.END)
        ):
            lane.swallow(len(frame.payload))
        else:
            lane.data(stream, frame)

    def _block(self, side: Side, frame: Frame) -> None:
        side.block = Block(frame)
        self._whole(side, side.block, frame.flags)

    def _whole(self, side: Side, block: Block, flags: int) -> None:
        if not flags & FrameFlag.END_HEADERS:
            return
        side.block = None
        fields = side.decoder.decode(block.data)
        if block.kind == FrameKind.PUSH_PROMISE:
            self._promise(side, block, fields)
        elif (stream := side.streams.get(block.stream_id)) is not None:
            self.table.more_headers(side, stream, HeadersPart(fields, block.end_stream, block.priority))
        elif side is self.client and block.stream_id & 1 and block.stream_id > side.last_id:
            self._open(HeadersPart(fields, block.end_stream, block.priority), block.stream_id)
        elif not self.table.strays_end_here:
            flags = FrameFlag.END_STREAM if block.end_stream else 0
            self.sides[1 - side.index].headers(block.stream_id, fields, flags, block.priority)

    def _open(self, part: HeadersPart, stream_id: int) -> None:
        if stream_id > self._refused_above:  # the client was told so: it goes elsewhere with this call
            self.table.strays_end_here = True
            return
        self.table.max_streams = self.agreement.max_streams
        self.table.open(stream_id, part)

    def _reset(self, side: Side, frame: Frame) -> None:
        stream = side.streams.get(frame.stream_id)
        code = read_number(frame.payload)
        if stream is None or code is None:
            self._other(side, frame)
        elif side is self.upstream:
            self._reset_by_upstream(stream, code)
        else:
            if stream.ids[UPSTREAM]:
                self.upstream.reset(stream.ids[UPSTREAM], code)
            self.table.finish(stream, WireEnding.RESET_BY_CLIENT, code)
            self.table.remove(stream)

    def _reset_by_upstream(self, stream: Stream, code: int) -> None:
        lane = self.lanes[CLIENT]
        if stream.flows[CLIENT].gate_ns <= self.now_ns:
            lane.forget(stream)
        lane.arrive(stream, ResetPart(code))

    def _settings(self, side: Side, frame: Frame) -> None:
        if frame.flags & FrameFlag.ACK:
            self.agreement.acknowledge(side, frame)
        else:
            self.agreement.hear(side, frame)

    def _ping(self, side: Side, frame: Frame) -> None:
        if side is self.client and self._drain_asked and frame.flags & FrameFlag.ACK and frame.payload == _DRAIN_PING:
            self._refused_above = max(side.last_id, 0)
            self._tell_last(self._refused_above, ErrorCode.NO_ERROR, b"jwtstorm gateway drains")
        else:
            self._other(side, frame)

    def _goaway(self, side: Side, frame: Frame) -> None:
        leaving = GoAway.read(frame.payload)
        if leaving is None or side is self.client:
            self._other(side, frame)
            return
        streams = self.client.streams.values()
        last = mapped_last(leaving.last_stream_id, streams, self.client.last_id)
        self._tell_last(last, leaving.code, leaving.debug)
        for stream in refused_by(leaving.last_stream_id, streams):
            if stream.ids[CLIENT] <= last:
                self.client.reset(stream.ids[CLIENT], ErrorCode.REFUSED_STREAM)
            self.table.finish(stream, WireEnding.RESET_BY_UPSTREAM, ErrorCode.REFUSED_STREAM)
            self.table.remove(stream)

    def _window_update(self, side: Side, frame: Frame) -> None:
        increment = read_number(frame.payload)
        if not increment:
            self._other(side, frame)
        elif not frame.stream_id:
            self.lanes[side.index].allow_connection(increment & LAST_OF_ALL)
        elif (stream := side.streams.get(frame.stream_id)) is not None:
            self.lanes[side.index].allow(stream, increment & LAST_OF_ALL)
        else:
            self._other(side, frame)

    def _other(self, side: Side, frame: Frame) -> None:
        """Pass a frame as it came, under the number that its stream has at the other side."""
        other = self.sides[1 - side.index]
        stream = side.streams.get(frame.stream_id)
        if stream is not None:
            if stream_id := stream.ids[other.index]:
                other.pass_on(frame._replace(stream_id=stream_id))
        elif not frame.stream_id or not self.table.strays_end_here:
            other.pass_on(frame)

    def _stray_data(self, lane: Lane, frame: Frame) -> None:
        if self.table.strays_end_here:
            lane.swallow(len(frame.payload))
        else:
            lane.pass_stray(frame)

    def _promise(self, side: Side, block: Block, fields: Fields) -> None:
        """Pass a pushed stream on under its own number: gRPC forbids them, and the client is to say so."""
        parent = side.streams.get(block.stream_id)
        other = self.sides[1 - side.index]
        parent_id = parent.ids[other.index] if parent is not None else block.stream_id
        if parent_id:
            other.promise(parent_id, block.promised, fields)

    # --- the end -----------------------------------------------------------------------------

    def _tell_last(self, last_stream_id: int, code: int, debug: bytes) -> None:
        """Send a GOAWAY; the number in it may never rise. Source: RFC 9113, section 6.8."""
        self._last_told = min(self._last_told, last_stream_id)
        self.client.goaway(self._last_told, code, debug)

    def _break(self, side: Side, fault: ConnectionFault) -> None:
        self.broken = (side.index, fault)
        last = max(side.last_id, 0) if side is self.client else 0
        side.goaway(last, fault.code, f"jwtstorm gateway: {fault}")
        self.lose(WireEnding.CLIENT_LOST if side is self.client else WireEnding.UPSTREAM_LOST, self.now_ns)

    def _schedule(self, due_ns: int, lane: Lane, stream: Stream) -> None:
        if len(self._holds) >= self._most_holds:
            self._holds = [hold for hold in self._holds if not hold[-1].over]
            heapq.heapify(self._holds)
            self._most_holds = max(2 * len(self._holds), _FEW_HOLDS)
        heapq.heappush(self._holds, (due_ns, next(self._serial), lane, stream))
