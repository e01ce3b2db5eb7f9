"""What treatments make of calls."""

import pytest
from hyperframe.frame import DataFrame, HeadersFrame

from harness.lab.gateway.header_codec import Field
from harness.lab.gateway.treatment import GatewayAnswer, StreamReset, Treatment, TreatmentMoment
from harness.results.wire_row import WireEnding
from tests.lab.gateway.bench import MESSAGE, REQUEST, RESPONSE, TRAILERS, Bench

STATUS = GatewayAnswer((Field(b":status", b"200"), Field(b"grpc-status", b"14")))
PAGE = GatewayAnswer((Field(b":status", b"503"),), b"<html>")
FULL = GatewayAnswer((Field(b":status", b"200"),), MESSAGE, (Field(b"grpc-status", b"0"),))


def only(stream: int, treatment: Treatment) -> Bench:
    return Bench(lambda number: treatment if number == stream else None)


@pytest.mark.parametrize("answer", [STATUS, PAGE, FULL])
def test_a_call_that_the_gateway_answers_never_reaches_the_upstream(answer: GatewayAnswer) -> None:
    bench = only(1, Treatment(answer=answer, faults=4))
    bench.call(1)
    assert bench.upstream.of(HeadersFrame) == []
    assert bench.client.is_ended(1)
    assert bench.client.body(1) == answer.body
    (call,) = bench.calls.over
    assert (call.ending, call.faults, call.forwarded_ns) == (WireEnding.ANSWERED_BY_GATEWAY, 4, 0)
    assert bench.relay.open_streams == 0
    bench.call(3)
    bench.answer(3)
    assert bench.client.is_ended(3)


def test_an_answer_to_a_request_that_has_not_ended_stops_it_without_an_error() -> None:
    bench = only(1, Treatment(answer=STATUS))
    bench.client.headers(1)
    assert bench.client.is_ended(1)
    assert bench.client.codes(1) == [0]
    bench.client.data(1, end=True)
    assert bench.upstream.of(DataFrame) == []


@pytest.mark.parametrize(
    ("moment", "upstream_heard", "upstream_code"),
    [(TreatmentMoment.OPEN, False, []), (TreatmentMoment.HEADERS, True, [8]), (TreatmentMoment.END, True, [8])],
)
def test_a_call_is_cut_at_its_moment(moment: TreatmentMoment, upstream_heard: bool, upstream_code: list[int]) -> None:
    bench = only(1, Treatment(reset=StreamReset(7, moment)))
    bench.call(1)
    bench.answer(1)
    assert bool(bench.upstream.blocks(1)) is upstream_heard
    assert bench.upstream.codes(1) == upstream_code
    assert bench.client.codes(1) == [7]
    assert bench.client.blocks(1) == ([RESPONSE] if moment is TreatmentMoment.END else [])
    assert [call.ending for call in bench.calls.over] == [WireEnding.RESET_BY_GATEWAY]
    bench.call(3)
    bench.answer(3)
    assert bench.client.is_ended(3)


def test_an_end_that_is_data_is_cut_too() -> None:
    bench = only(1, Treatment(reset=StreamReset(2, TreatmentMoment.END)))
    bench.call(1)
    bench.upstream.headers(1, RESPONSE)
    bench.upstream.data(1, end=True)
    assert bench.client.codes(1) == [2]
    assert not bench.client.is_ended(1)


def test_late_frames_of_a_cut_call_are_swallowed_and_given_back() -> None:
    bench = only(1, Treatment(reset=StreamReset(7, TreatmentMoment.HEADERS)))
    bench.client.headers(1)
    bench.upstream.headers(1, RESPONSE)
    bench.upstream.data(1)
    bench.upstream.headers(1, TRAILERS, end=True)
    bench.client.data(1)
    assert bench.client.codes(1) == [7]
    assert bench.client.of(DataFrame) == bench.client.of(HeadersFrame) == []
    assert bench.upstream.windows(0) == bench.client.windows(0) == len(MESSAGE)


def test_a_hold_before_headers_delays_the_whole_answer_and_no_other_call() -> None:
    bench = only(1, Treatment(hold_headers_s=2.0))
    bench.call(1)
    bench.call(3)
    bench.answer(1)
    bench.answer(3)
    assert bench.client.is_ended(3)
    bench.sleep(1.9)
    assert bench.client.blocks(1) == []
    bench.sleep(0.2)
    assert bench.client.blocks(1) == [RESPONSE, TRAILERS]
    assert bench.client.body(1) == MESSAGE
    assert bench.client.is_ended(1)


def test_a_hold_before_the_end_lets_everything_else_pass() -> None:
    bench = only(1, Treatment(hold_end_s=2.0))
    bench.call(1)
    bench.answer(1)
    assert bench.client.body(1) == MESSAGE
    assert not bench.client.is_ended(1)
    bench.sleep(2)
    assert bench.client.is_ended(1)


def test_both_holds_come_one_after_the_other() -> None:
    bench = only(1, Treatment(hold_headers_s=1.0, hold_end_s=2.0))
    bench.call(1)
    bench.answer(1)
    bench.sleep(1)
    assert bench.client.body(1) == MESSAGE
    assert not bench.client.is_ended(1)
    bench.sleep(2)
    assert bench.client.is_ended(1)


def test_an_answer_of_the_gateway_may_be_held_too() -> None:
    bench = only(1, Treatment(answer=PAGE, hold_headers_s=1.0))
    bench.call(1)
    assert bench.client.blocks(1) == []
    bench.sleep(1)
    assert bench.client.is_ended(1)


def test_a_request_that_is_held_goes_on_in_its_order() -> None:
    bench = only(1, Treatment(hold_request_s=1.0))
    bench.client.headers(1)
    bench.client.data(1)
    bench.client.data(1, b"", end=True)
    bench.client.window(1, 500)
    assert bench.upstream.got == []
    bench.sleep(1)
    assert bench.upstream.blocks(1) == [REQUEST]
    assert bench.upstream.body(1) == MESSAGE
    assert bench.upstream.is_ended(1)


def test_a_window_that_was_given_while_the_request_was_held_reaches_the_upstream() -> None:
    bench = only(1, Treatment(hold_request_s=1.0))
    bench.client.headers(1)
    bench.client.window(1, 500)
    bench.client.settings(INITIAL_WINDOW_SIZE=70_000)
    bench.sleep(1)
    assert bench.upstream.windows(1) == 500


def test_a_held_request_obeys_what_the_upstream_has_said_since() -> None:
    bench = only(1, Treatment(hold_request_s=1.0))
    bench.client.headers(1)
    bench.client.data(1, bytes(1000))
    bench.upstream.settings(INITIAL_WINDOW_SIZE=400)
    bench.sleep(1)
    assert len(bench.upstream.body(1)) == 400
    bench.upstream.window(1, 600)
    assert len(bench.upstream.body(1)) == 1000


def test_a_client_that_gives_up_a_held_call_leaves_nothing_behind() -> None:
    bench = only(1, Treatment(hold_request_s=1.0))
    bench.call(1)
    bench.client.reset(1)
    bench.sleep(1)
    assert bench.upstream.got == []
    assert bench.relay.lanes[1].queued_bytes == 0


def test_a_reset_of_the_upstream_waits_behind_what_is_held() -> None:
    bench = only(1, Treatment(hold_headers_s=1.0))
    bench.call(1)
    bench.upstream.headers(1, RESPONSE)
    bench.upstream.reset(1, 2)
    assert bench.client.got == []
    bench.sleep(1)
    assert bench.client.blocks(1) == [RESPONSE]
    assert bench.client.codes(1) == [2]


def test_trailers_that_are_cut_end_the_stream_all_the_same() -> None:
    bench = only(1, Treatment(cut_trailers=True))
    bench.call(1)
    bench.answer(1)
    assert bench.client.blocks(1) == [RESPONSE]
    assert bench.client.is_ended(1)


def test_an_answer_of_trailers_alone_loses_its_status() -> None:
    bench = only(1, Treatment(cut_trailers=True))
    bench.call(1)
    bench.upstream.headers(1, (*RESPONSE, ("grpc-status", "5"), ("grpc-message", "no")), end=True)
    assert bench.client.blocks(1) == [RESPONSE]
    assert bench.client.is_ended(1)


def test_rewrites_apply_where_they_belong() -> None:
    def marked(fields: tuple[Field, ...]) -> tuple[Field, ...]:
        return (*fields, Field(b"x-mark", b"1"))

    bench = only(1, Treatment(request=[marked], headers=[marked], trailers=[marked, marked]))
    bench.call(1)
    bench.answer(1)
    mark = ("x-mark", "1")
    assert bench.upstream.blocks(1) == [(*REQUEST, mark)]
    assert bench.client.blocks(1) == [(*RESPONSE, mark), (*TRAILERS, mark, mark)]
