"""GOAWAY from either side and from the gateway itself."""

from hyperframe.frame import GoAwayFrame, HeadersFrame, PingFrame

from harness.lab.gateway.header_codec import Field
from harness.lab.gateway.treatment import GatewayAnswer, Treatment
from harness.results.wire_row import WireEnding
from tests.lab.gateway.bench import REQUEST, RESPONSE, TRAILERS, Bench

DRAIN_PING = b"jwtstorm"


def last_ids(bench: Bench) -> list[int]:
    return [one.last_stream_id for one in bench.client.of(GoAwayFrame)]


def test_a_goaway_of_the_upstream_passes_and_calls_in_flight_go_on() -> None:
    bench = Bench()
    bench.call(1)
    bench.upstream.goaway(1, 0, b"max_age")
    (leaving,) = bench.client.of(GoAwayFrame)
    assert (leaving.last_stream_id, leaving.error_code, leaving.additional_data) == (1, 0, b"max_age")
    bench.answer(1)
    assert bench.client.blocks(1) == [RESPONSE, TRAILERS]


def test_a_graceful_goaway_in_two_steps_loses_no_call() -> None:
    bench = Bench()
    bench.call(1)
    bench.upstream.goaway(2**31 - 1)
    bench.upstream.ping(b"goawayed")
    bench.call(3)  # was on its way
    bench.client.ping(b"goawayed", ack=True)
    bench.upstream.goaway(3)
    for stream in (1, 3):
        bench.answer(stream)
        assert bench.client.is_ended(stream)
    assert last_ids(bench) == [2**31 - 1, 3]


def test_calls_that_the_upstream_never_looked_at_are_told_as_refused() -> None:
    bench = Bench()
    for stream in (1, 3, 5):
        bench.call(stream)
    bench.upstream.goaway(1)
    assert last_ids(bench) == [1]
    assert [(call.stream_id, call.ending, call.reset_code) for call in bench.calls.over] == [
        (3, WireEnding.RESET_BY_UPSTREAM, 7),
        (5, WireEnding.RESET_BY_UPSTREAM, 7),
    ]
    assert bench.client.codes(3) == []  # the client knows by itself


def test_a_goaway_of_the_client_passes() -> None:
    bench = Bench()
    bench.client.goaway(0, 0, b"bye")
    assert bench.upstream.of(GoAwayFrame)[0].additional_data == b"bye"


def held(stream: int) -> Treatment | None:
    return Treatment(hold_request_s=1.0) if stream == 1 else None


def test_a_request_that_is_held_gets_a_number_behind_those_that_went_first() -> None:
    bench = Bench(held)
    bench.call(1)
    bench.call(3)
    assert bench.upstream.blocks(3) == [REQUEST]
    bench.sleep(1)
    assert [one.stream_id for one in bench.upstream.of(HeadersFrame)] == [3, 5]
    bench.answer(5)
    assert bench.client.is_ended(1)
    bench.call(5)
    assert [one.stream_id for one in bench.upstream.of(HeadersFrame)] == [3, 5, 7]
    bench.answer(7)
    assert bench.client.is_ended(5)


def test_the_last_stream_of_a_goaway_is_told_in_the_clients_numbers() -> None:
    bench = Bench(held)
    bench.call(1)
    bench.call(3)
    bench.sleep(1)  # 1 is 5 there, 3 is 3
    bench.upstream.goaway(3)
    assert last_ids(bench) == [3]
    assert bench.client.codes(1) == [7]
    bench.answer(3)
    assert bench.client.is_ended(3)


def test_a_request_that_is_still_held_when_the_upstream_leaves_is_refused() -> None:
    bench = Bench(held)
    bench.call(1)
    bench.call(3)
    bench.upstream.goaway(3)
    assert bench.client.codes(1) == [7]
    bench.sleep(1)
    assert [one.stream_id for one in bench.upstream.of(HeadersFrame)] == [3]


def test_a_held_request_may_still_go_after_the_first_of_two_goaways() -> None:
    bench = Bench(held)
    bench.call(1)
    bench.upstream.goaway(2**31 - 1)
    bench.sleep(1)
    assert bench.upstream.blocks(1) == [REQUEST]


def test_a_call_that_the_gateway_answers_outlives_a_goaway() -> None:
    answer = GatewayAnswer((Field(b":status", b"200"), Field(b"grpc-status", b"8")))
    bench = Bench(lambda stream: Treatment(answer=answer, hold_headers_s=1.0) if stream == 3 else None)
    bench.call(1)
    bench.call(3)
    bench.call(5)
    bench.upstream.goaway(1)
    assert last_ids(bench) == [3]
    bench.sleep(1)
    assert bench.client.is_ended(3)


def test_a_drain_tells_the_client_twice_with_a_ping_between_and_ends_after_the_last_call() -> None:
    bench = Bench()
    bench.call(1)
    bench.relay.drain(bench.now_ns)
    bench.move()
    assert last_ids(bench) == [2**31 - 1]
    assert bench.client.of(PingFrame)[0].opaque_data == DRAIN_PING
    bench.call(3)  # was on its way
    bench.client.ping(DRAIN_PING, ack=True)
    assert last_ids(bench) == [2**31 - 1, 3]
    assert bench.upstream.of(PingFrame) == []
    bench.answer(1)
    assert not bench.relay.over
    bench.answer(3)
    assert bench.client.is_ended(3)
    assert bench.relay.over


def test_a_call_that_comes_after_a_drain_goes_nowhere() -> None:
    bench = Bench()
    bench.call(1)
    bench.relay.drain(bench.now_ns)
    bench.client.ping(DRAIN_PING, ack=True)
    bench.call(3)
    assert bench.upstream.blocks(3) == []
    bench.answer(1)
    assert bench.relay.over


def test_a_drain_of_an_idle_connection_ends_it_with_the_answered_ping() -> None:
    bench = Bench()
    bench.relay.drain(bench.now_ns)
    assert not bench.relay.over
    bench.client.ping(DRAIN_PING, ack=True)
    assert bench.relay.over


def test_the_number_in_a_goaway_never_rises() -> None:
    bench = Bench()
    for stream in (1, 3):
        bench.call(stream)
    bench.upstream.goaway(1)
    bench.relay.drain(bench.now_ns)
    bench.client.ping(DRAIN_PING, ack=True)
    assert last_ids(bench) == [1, 1, 1]


def test_an_abrupt_goaway_ends_all_calls() -> None:
    bench = Bench()
    bench.call(1)
    bench.relay.go_away(0, 11, "calm down", bench.now_ns)
    bench.move()
    (leaving,) = bench.client.of(GoAwayFrame)
    assert (leaving.last_stream_id, leaving.error_code, leaving.additional_data) == (0, 11, b"calm down")
    assert bench.relay.over
    assert [call.ending for call in bench.calls.over] == [WireEnding.RESET_BY_GATEWAY]
