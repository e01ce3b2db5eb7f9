"""One direction of a relay: data, its flow control, and what waits.

Windows pass through: a sender may send exactly what its receiver has allowed, so that a stream whose reader
has stopped holds no byte here, and stops no other stream. Only what faults hold back, and answers of the
gateway itself, can find less room at the receiver than its sender was promised; that waits. A sender that
breaks its limits is passed on as it is: the receiver is the judge.
"""

from collections.abc import Callable

from harness.lab.gateway.frames import ConnectionFault, Frame, FrameFlag, unpadded, window_update
from harness.lab.gateway.side import USUAL_WINDOW_BYTES, Side
from harness.lab.gateway.stream import DataPart, HeadersPart, Part, Stream, StreamFlow

UNCAPPED = 1 << 62


class Lane:
    """Carry what ``source`` sends to ``sink``.

    ``on_part`` is told of each part as it leaves; ``schedule`` is asked to call `release` at a time; ``dial``
    gives a stream its number at the sink. ``stream_cap_bytes`` and ``connection_cap_bytes`` keep the windows that
    the source is given small.
    """

    def __init__(
        self,
        source: Side,
        sink: Side,
        *,
        on_part: Callable[[Stream, "Lane", Part], None],
        schedule: Callable[[int, "Lane", Stream], None],
        dial: Callable[[Stream], int],
    ) -> None:
        self.source = source
        self.sink = sink
        self.source_bytes = USUAL_WINDOW_BYTES
        self.sink_bytes = USUAL_WINDOW_BYTES
        self.stream_cap_bytes = UNCAPPED
        self.connection_cap_bytes = UNCAPPED
        self.queued_bytes = 0
        self.now_ns = 0
        self._on_part = on_part
        self._schedule = schedule
        self._dial = dial
        self._blocked: dict[Stream, None] = {}

    # --- what the source sends ---------------------------------------------------------------

    def data(self, stream: Stream, frame: Frame) -> None:
        """Pass a frame of data on, or let it wait."""
        flow = stream.flows[self.sink.index]
        size = len(frame.payload)
        self.source_bytes -= size
        flow.source_bytes -= size
        end = bool(frame.flags & FrameFlag.END_STREAM)
        part = DataPart(_content(frame) if frame.flags & FrameFlag.PADDED else frame.payload, end)
        overruns = self.source_bytes < 0 or flow.source_bytes < 0
        if flow.queue is None and not (end and flow.hold_last_ns) and (overruns or self._fits(flow, size)):
            self._spend(flow, size)
            self.sink.data(stream.ids[self.sink.index], frame.payload, frame.flags)
            self._on_part(stream, self, part)
        else:
            self.arrive(stream, part)
        self._settle(stream, flow)

    def swallow(self, size: int) -> None:
        """Take data that goes nowhere: its sender may send as much again on its other streams."""
        self.source_bytes -= size
        self.settle()

    def pass_stray(self, frame: Frame) -> None:
        """Pass data on that belongs to no open stream: its receiver is the judge."""
        self.source_bytes -= len(frame.payload)
        self.sink_bytes -= len(frame.payload)
        self.sink.pass_on(frame)

    def arrive(self, stream: Stream, part: Part) -> None:
        """Send a part, or let it wait behind others, for a hold to end, or for room."""
        flow = stream.flows[self.sink.index]
        if flow.queue is None and self._try(stream, flow, part):
            return
        is_first = flow.queue is None
        flow.push(part)
        if isinstance(part, DataPart):
            self.queued_bytes += len(part.payload)
            if is_first:
                self.pump(stream)

    def forget(self, stream: Stream) -> None:
        """Drop what waits of a stream that is over."""
        flow = stream.flows[self.sink.index]
        self.queued_bytes -= flow.queued_bytes
        flow.queued_bytes = 0
        flow.queue = None
        self._blocked.pop(stream, None)

    # --- what the sink allows ----------------------------------------------------------------

    def allow(self, stream: Stream, increment: int) -> None:
        """Note that the sink takes more of a stream, and let its sender know."""
        flow = stream.flows[self.sink.index]
        flow.sink_bytes += increment
        self.pump(stream)
        self._settle_stream(stream, flow)

    def allow_connection(self, increment: int) -> None:
        """Note that the sink takes more in all, and let its sender know."""
        self.sink_bytes += increment
        blocked, self._blocked = self._blocked, {}
        for stream in blocked:
            self.pump(stream)
        self.settle()

    def settle(self) -> None:
        """Let the source send in all what the sink takes and it does not know of yet."""
        grant = min(self.sink_bytes, self.connection_cap_bytes) - self.source_bytes
        if grant > 0:
            self.source_bytes += grant
            self.source.out += window_update(0, grant)

    def settle_stream(self, stream: Stream) -> None:
        """Let the source send of a stream what the sink takes and it does not know of yet."""
        self._settle_stream(stream, stream.flows[self.sink.index])

    # --- what waits --------------------------------------------------------------------------

    def release(self, stream: Stream) -> None:
        """Send what a hold kept back; called when its time has come."""
        if not stream.over:
            self.pump(stream)

    def pump(self, stream: Stream) -> None:
        """Send what waits of a stream, as far as it may go now."""
        flow = stream.flows[self.sink.index]
        while flow.queue:
            if not self._try(stream, flow, flow.queue[0]):
                return
            if flow.queue is None:  # it was the end of the stream
                return
            self._dequeued(flow, flow.queue.popleft())
        flow.queue = None

    def _dequeued(self, flow: StreamFlow, part: Part) -> None:
        if isinstance(part, DataPart):
            flow.queued_bytes -= len(part.payload)
            self.queued_bytes -= len(part.payload)

    def _try(self, stream: Stream, flow: StreamFlow, part: Part) -> bool:
        if wait_ns := flow.waits_ns(part):
            flow.gate_ns = self.now_ns + wait_ns
            self._schedule(flow.gate_ns, self, stream)
        if self.now_ns < flow.gate_ns:
            return False
        if isinstance(part, DataPart):
            return self._try_data(stream, flow, part)
        self._send(stream, part)
        return True

    def _try_data(self, stream: Stream, flow: StreamFlow, part: DataPart) -> bool:
        size = len(part.payload)
        if not self._fits(flow, size):
            self._send_some(stream, flow, part)
            return False
        self._spend(flow, size)
        self._send(stream, part)
        return True

    def _send_some(self, stream: Stream, flow: StreamFlow, part: DataPart) -> None:
        """Send what there is room for: a peer that waits for a little data first would wait for ever."""
        room = min(self.sink_bytes, flow.sink_bytes)
        self._blocked[stream] = None
        if room <= 0 or not flow.queue:
            return
        self._spend(flow, room)
        self._send(stream, DataPart(part.payload[:room], end=False))
        flow.queue[0] = DataPart(part.payload[room:], part.end)
        flow.queued_bytes -= room
        self.queued_bytes -= room

    def _fits(self, flow: StreamFlow, size: int) -> bool:
        return not size or (size <= self.sink_bytes and size <= flow.sink_bytes)

    def _spend(self, flow: StreamFlow, size: int) -> None:
        self.sink_bytes -= size
        flow.sink_bytes -= size

    def _send(self, stream: Stream, part: Part) -> None:
        stream_id = stream.ids[self.sink.index] or self._dial(stream)
        flags = FrameFlag.END_STREAM if part.end else 0
        if isinstance(part, DataPart):
            self.sink.data(stream_id, part.payload, flags)
        elif isinstance(part, HeadersPart):
            self.sink.headers(stream_id, part.fields, flags, part.priority)
        else:
            self.sink.reset(stream_id, part.code)
        self._on_part(stream, self, part)

    # --- credit ------------------------------------------------------------------------------

    def _settle(self, stream: Stream, flow: StreamFlow) -> None:
        if self.source_bytes != self.sink_bytes:
            self.settle()
        if self.stream_cap_bytes != UNCAPPED:
            self._settle_stream(stream, flow)

    def _settle_stream(self, stream: Stream, flow: StreamFlow) -> None:
        stream_id = stream.ids[self.source.index]
        grant = min(flow.sink_bytes - flow.queued_bytes, self.stream_cap_bytes) - flow.source_bytes
        if grant > 0 and stream_id:
            flow.source_bytes += grant
            self.source.out += window_update(stream_id, grant)


def _content(frame: Frame) -> bytes:
    """Return a frame's data without padding; where that is wrong, all of it: the receiver is the judge."""
    try:
        return unpadded(frame.payload)
    except ConnectionFault:
        return frame.payload
