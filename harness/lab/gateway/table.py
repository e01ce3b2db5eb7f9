"""The stream table: a connection's calls, from their first headers to their end, and what faults make of them."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from harness.lab.gateway.call import RelayedCall
from harness.lab.gateway.frames import ErrorCode
from harness.lab.gateway.header_codec import Fields
from harness.lab.gateway.lane import Lane
from harness.lab.gateway.side import Side
from harness.lab.gateway.stream import CLIENT, UPSTREAM, DataPart, HeadersPart, Part, ResetPart, Stream, StreamFlow
from harness.lab.gateway.treatment import GatewayAnswer, Treatment, TreatmentMoment, rewritten
from harness.results.wire_row import WireEnding

Plan: TypeAlias = Callable[[int, Fields], Treatment | None]
"""Decide what faults do to a call: its number at the client, and its request's fields."""
_UNLIMITED = 1 << 32


class Watch(Protocol):
    """Who keeps account of a connection's calls."""

    def begin(self, stream_id: int, now_ns: int, request: Fields) -> RelayedCall:
        """Return the record of a call that begins; the relay fills it in."""

    def end(self, call: RelayedCall) -> None:
        """Take the record of a call that is over."""


class StreamTable:
    """The open streams of one connection; ``lanes`` lead to the client and to the upstream.

    Each side's streams are found by their number there, in `Side.streams`. ``max_streams`` is how many the client may
    have open because a fault says so. ``strays_end_here``: frames of no open stream are swallowed, for the gateway has
    cut or renumbered some; until then such frames pass, and the peer judges them.
    """

    def __init__(
        self,
        sides: tuple[Side, Side],
        schedule: Callable[[int, Lane, Stream], None],
        plan: Plan | None,
        watch: Watch | None,
    ) -> None:
        self.client, self.upstream = sides
        self.lanes = (
            Lane(self.upstream, self.client, on_part=self._on_part, schedule=schedule, dial=self._dial),
            Lane(self.client, self.upstream, on_part=self._on_part, schedule=schedule, dial=self._dial),
        )
        self.max_streams = _UNLIMITED
        self.strays_end_here = False
        self.now_ns = 0
        self._plan = plan
        self._watch = watch

    def tick(self, now_ns: int) -> None:
        """Tell what time it is."""
        self.now_ns = self.lanes[CLIENT].now_ns = self.lanes[UPSTREAM].now_ns = now_ns

    def open(self, stream_id: int, part: HeadersPart) -> None:
        """Begin a call of the client."""
        client, upstream = self.client, self.upstream
        client.last_id = stream_id
        down = StreamFlow(upstream.told_initial_bytes, client.initial_bytes)
        up = StreamFlow(client.told_initial_bytes, upstream.initial_bytes)
        stream = Stream([stream_id, 0], (down, up))
        if self._watch is not None:
            stream.call = self._watch.begin(stream_id, self.now_ns, part.fields)
        client.streams[stream_id] = stream
        if len(client.streams) > self.max_streams:
            self._cut(stream, ErrorCode.REFUSED_STREAM)
            return
        treatment = None if self._plan is None else self._plan(stream_id, part.fields)
        if treatment is None:
            self.lanes[UPSTREAM].arrive(stream, part)
        else:
            self._treat(stream, treatment, part)

    def _treat(self, stream: Stream, treatment: Treatment, part: HeadersPart) -> None:
        stream.treatment = treatment
        stream.hold(treatment)
        if stream.call is not None:
            stream.call.faults = treatment.faults
        if self.cut_at(stream, TreatmentMoment.OPEN):
            return
        if treatment.answer is not None:
            self._answer(stream, treatment.answer, request_ended=part.end)
        else:
            fields = rewritten(part.fields, treatment.request)
            self.lanes[UPSTREAM].arrive(stream, part._replace(fields=fields))

    def _answer(self, stream: Stream, answer: GatewayAnswer, *, request_ended: bool) -> None:
        self.strays_end_here = stream.answered = True
        stream.flows[UPSTREAM].ended = request_ended
        lane = self.lanes[CLIENT]
        bare = not answer.body and answer.trailers is None
        parts: list[Part] = [HeadersPart(answer.headers, bare)]
        if answer.body:
            parts.append(DataPart(answer.body, answer.trailers is None))
        if answer.trailers is not None:
            parts.append(HeadersPart(answer.trailers, end=True))
        if not request_ended:
            parts.append(ResetPart(ErrorCode.NO_ERROR))
        for part in parts:
            lane.arrive(stream, part)

    def more_headers(self, side: Side, stream: Stream, part: HeadersPart) -> None:
        """Take an answer's headers, or trailers of either side."""
        if stream.answered:
            if part.end:
                self.half_close(stream, stream.flows[UPSTREAM])
            return
        is_answer = side is self.upstream
        if is_answer and stream.treatment is not None:
            self._treated_answer(stream, stream.treatment, part)
        else:
            self.lanes[1 - side.index].arrive(stream, part)

    def _treated_answer(self, stream: Stream, treatment: Treatment, part: HeadersPart) -> None:
        is_first, stream.begun = not stream.begun, True
        if is_first and self.cut_at(stream, TreatmentMoment.HEADERS):
            return
        if part.end and self.cut_at(stream, TreatmentMoment.END):
            return
        fields = rewritten(part.fields, treatment.headers) if is_first else part.fields
        if part.end:
            fields = rewritten(fields, treatment.trailers)
        part = part._replace(fields=fields)
        self.lanes[CLIENT].arrive(stream, _cut_short(part, is_first) if treatment.cut_trailers else part)

    def _dial(self, stream: Stream) -> int:
        """Give a stream its number at the upstream: the client's own, unless a hold has let later ones go first."""
        stream_id = max(stream.ids[CLIENT], self.upstream.last_id + 2)
        if stream_id != stream.ids[CLIENT]:
            self.strays_end_here = True
        self.upstream.last_id = stream.ids[UPSTREAM] = stream_id
        # What either side was told while the request was held did not count for a stream that did not exist.
        stream.flows[UPSTREAM].sink_bytes = self.upstream.initial_bytes
        stream.flows[CLIENT].source_bytes = self.upstream.told_initial_bytes
        self.upstream.streams[stream_id] = stream
        return stream_id

    def _on_part(self, stream: Stream, lane: Lane, part: Part) -> None:
        if (call := stream.call) is not None:
            _observe(call, lane.sink.index, part, self.now_ns)
        if isinstance(part, ResetPart):
            ending = WireEnding.ANSWERED_BY_GATEWAY if stream.answered else WireEnding.RESET_BY_UPSTREAM
            self.finish(stream, ending, part.code)
            self.remove(stream)
            return
        if stream.treatment is not None and lane.sink is self.upstream:
            self.lanes[CLIENT].settle_stream(stream)
        if part.end:
            if lane.sink is self.client:
                self.finish(stream, WireEnding.ANSWERED_BY_GATEWAY if stream.answered else WireEnding.ANSWERED)
            self.half_close(stream, stream.flows[lane.sink.index])

    def half_close(self, stream: Stream, flow: StreamFlow) -> None:
        """Note that one direction of a stream is over."""
        flow.ended = True
        if stream.flows[CLIENT].ended and stream.flows[UPSTREAM].ended:
            self.remove(stream)

    def cut_at(self, stream: Stream, moment: TreatmentMoment) -> bool:
        """Cut a stream where a fault wants that now; tell whether it did."""
        treatment = stream.treatment
        if treatment is None or treatment.reset is None or treatment.reset.moment is not moment:
            return False
        self._cut(stream, treatment.reset.code)
        return True

    def _cut(self, stream: Stream, code: int) -> None:
        self.strays_end_here = True
        self.client.reset(stream.ids[CLIENT], code)
        if stream.ids[UPSTREAM]:
            self.upstream.reset(stream.ids[UPSTREAM], ErrorCode.CANCEL)
        self.finish(stream, WireEnding.RESET_BY_GATEWAY, code)
        self.remove(stream)

    def finish(self, stream: Stream, ending: WireEnding, code: int = 0) -> None:
        """Tell of a call that it is over; the first word counts."""
        call, stream.call = stream.call, None
        if call is not None and self._watch is not None:
            call.end(ending, self.now_ns, code)
            self._watch.end(call)

    def remove(self, stream: Stream) -> None:
        """Forget a stream."""
        stream.over = True
        self.client.streams.pop(stream.ids[CLIENT], None)
        self.upstream.streams.pop(stream.ids[UPSTREAM], None)
        for lane in self.lanes:
            lane.forget(stream)


def _observe(call: RelayedCall, sink: int, part: Part, now_ns: int) -> None:
    if isinstance(part, DataPart):
        if sink == CLIENT:
            call.see_response_data(part.payload, now_ns)
        else:
            call.see_request_data(part.payload)
    elif isinstance(part, HeadersPart):
        if sink == CLIENT:
            call.see_response_fields(part.fields, now_ns)
        elif not call.forwarded_ns:
            call.forwarded_ns = now_ns


def _cut_short(part: HeadersPart, is_first: bool) -> Part:
    """Return what is left of the end of an answer whose status is cut off."""
    if not part.end:
        return part
    kept = tuple(field for field in part.fields if not field.name.startswith(b"grpc-"))
    return part._replace(fields=kept) if is_first else DataPart(b"", end=True)
