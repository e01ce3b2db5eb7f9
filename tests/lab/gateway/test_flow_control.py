"""Windows: a sender may send what its receiver allows, and nobody else waits for that."""

from hyperframe.frame import DataFrame, SettingsFrame, WindowUpdateFrame

from harness.lab.gateway.agreement import Limits
from harness.lab.gateway.header_codec import Field
from harness.lab.gateway.stream import CLIENT, UPSTREAM
from harness.lab.gateway.treatment import GatewayAnswer, Treatment
from tests.lab.gateway.bench import MESSAGE, REQUEST, RESPONSE, Bench

PAGE = GatewayAnswer((Field(b":status", b"200"),), b"p" * 1000)


def test_a_window_that_one_peer_gives_reaches_the_other_as_it_is() -> None:
    bench = Bench()
    bench.call(1)
    bench.client.window(1, 777)
    bench.client.window(0, 888)
    assert bench.upstream.windows(1) == 777
    assert bench.upstream.windows(0) == 888


def test_nothing_is_credited_before_the_receiver_has_credited_it() -> None:
    bench = Bench()
    bench.client.headers(1)
    for _ in range(4):
        bench.client.data(1, bytes(16_000))
    assert len(bench.upstream.body(1)) == 64_000
    assert bench.client.of(WindowUpdateFrame) == []
    bench.upstream.window(1, 64_000)
    assert bench.client.windows(1) == 64_000
    assert bench.client.windows(0) == 0


def test_a_stream_whose_reader_has_stopped_holds_no_byte_here_and_stops_no_other() -> None:
    bench = Bench()
    bench.call(1)
    bench.call(3)
    bench.upstream.headers(1, RESPONSE)
    for _ in range(3):
        bench.upstream.data(1, bytes(16_000))
    assert bench.relay.lanes[CLIENT].queued_bytes == 0
    bench.client.window(0, 48_000)  # gRPC's clients give the connection back at once, the stream when it is read
    bench.answer(3)
    assert bench.client.is_ended(3)


def test_a_sender_that_overruns_its_window_passes_for_the_receiver_to_judge() -> None:
    bench = Bench()
    bench.client.headers(1)
    for _ in range(10):
        bench.client.data(1, bytes(16_000))
    assert len(bench.upstream.body(1)) == 160_000
    bench.upstream.goaway(1, 3)
    assert bench.client.got[-1].error_code == 3


def test_a_window_above_the_most_passes_for_the_sender_to_judge() -> None:
    bench = Bench()
    bench.client.window(0, 2**31 - 1)
    assert bench.upstream.windows(0) == 2**31 - 1


def test_settings_that_shrink_windows_below_nothing_let_ends_pass() -> None:
    bench = Bench()
    bench.client.headers(1)
    bench.client.data(1, bytes(1000))
    bench.upstream.settings(INITIAL_WINDOW_SIZE=0)
    bench.client.data(1, b"", end=True)
    assert bench.upstream.is_ended(1)


def test_data_of_a_call_that_the_gateway_answers_is_given_back_to_the_connection() -> None:
    bench = Bench(lambda _: Treatment(answer=PAGE))
    bench.client.headers(1)
    for _ in range(100):
        bench.client.data(1, bytes(16_000))
    assert bench.client.windows(0) == 1_600_000
    assert bench.upstream.of(DataFrame) == []


def test_an_answer_of_the_gateway_obeys_the_clients_windows() -> None:
    bench = Bench(lambda _: Treatment(answer=PAGE))
    bench.client.settings(INITIAL_WINDOW_SIZE=300)
    bench.call(1)
    assert len(bench.client.body(1)) == 300
    assert not bench.client.is_ended(1)
    for _ in range(7):
        bench.client.window(1, 100)
    assert len(bench.client.body(1)) == 1000
    assert bench.client.is_ended(1)


def test_an_answer_into_a_window_of_nothing_waits() -> None:
    bench = Bench(lambda _: Treatment(answer=PAGE))
    bench.client.settings(INITIAL_WINDOW_SIZE=0)
    bench.call(1)
    assert bench.client.body(1) == b""
    bench.client.settings(INITIAL_WINDOW_SIZE=5000)
    assert len(bench.client.body(1)) == 1000


def test_what_the_gateway_itself_sent_is_not_credited_to_the_upstream() -> None:
    bench = Bench(lambda stream: Treatment(answer=PAGE) if stream == 1 else None)
    bench.call(1)
    bench.client.window(0, 1000)
    assert bench.upstream.windows(0) == 0
    bench.client.window(0, 500)
    assert bench.upstream.windows(0) == 500


def test_an_upstream_never_overruns_a_window_that_the_gateway_has_used() -> None:
    bench = Bench(lambda stream: Treatment(answer=PAGE) if stream == 1 else None)
    bench.client.settings(INITIAL_WINDOW_SIZE=1 << 20)
    bench.call(1)
    bench.call(3)
    bench.upstream.headers(3, RESPONSE)
    sent = 0
    while sent < 65_535:
        size = min(16_000, 65_535 - sent)
        bench.upstream.data(3, bytes(size), end=sent + size == 65_535)
        sent += size
    assert len(bench.client.body(1)) + len(bench.client.body(3)) == 65_535
    bench.client.window(0, 65_535)
    assert len(bench.client.body(3)) == 65_535
    assert bench.client.is_ended(3)
    assert bench.relay.lanes[CLIENT].queued_bytes == 0


def test_what_a_hold_keeps_back_is_given_back_to_the_connection_but_not_to_the_stream() -> None:
    bench = Bench(lambda stream: Treatment(hold_headers_s=5.0) if stream == 1 else None)
    bench.call(1)
    bench.call(3)
    bench.upstream.headers(1, RESPONSE)
    bench.upstream.data(1, bytes(16_000))
    assert bench.upstream.windows(0) == 16_000
    assert bench.upstream.windows(1) == 0
    bench.answer(3)
    assert bench.client.is_ended(3)
    bench.sleep(5)
    assert len(bench.client.body(1)) == 16_000


def test_small_windows_toward_the_client_carry_a_large_message() -> None:
    bench = Bench()
    bench.client.headers(1)
    bench.relay.limit(Limits(stream_window_bytes=1000), bench.now_ns)
    bench.move()
    assert bench.client.of(SettingsFrame)[0].settings[SettingsFrame.INITIAL_WINDOW_SIZE] == 1000
    bench.client.ack()
    allowed, sent = 1000, 0
    for _ in range(60):
        bench.client.data(1, bytes(allowed))
        sent += allowed
        allowed = bench.client.windows(1) - sent + 1000
    assert sent == 60_000
    assert len(bench.upstream.body(1)) == 60_000
    assert bench.upstream.of(SettingsFrame) == []


def test_a_window_of_nothing_holds_a_client_until_it_ends() -> None:
    bench = Bench()
    bench.client.headers(1)
    bench.relay.limit(Limits(stream_window_bytes=0), bench.now_ns)
    bench.upstream.window(1, 5000)
    assert bench.client.windows(1) == 0
    bench.relay.limit(Limits(), bench.now_ns)
    bench.move()
    assert bench.client.of(SettingsFrame)[-1].settings[SettingsFrame.INITIAL_WINDOW_SIZE] == 65_535
    assert bench.client.windows(1) == 5000


def test_a_small_connection_window_is_held_small_and_given_back() -> None:
    bench = Bench()
    bench.client.headers(1)
    bench.relay.limit(Limits(connection_window_bytes=100), bench.now_ns)
    bench.upstream.settings(INITIAL_WINDOW_SIZE=1 << 20)
    bench.client.data(1, bytes(16_000))
    bench.upstream.window(0, 16_000)
    assert bench.client.windows(0) == 0
    bench.relay.limit(Limits(), bench.now_ns)
    bench.move()
    assert bench.client.windows(0) == 16_000


def test_streams_above_a_limit_are_refused_once_the_client_knows_it() -> None:
    bench = Bench()
    bench.relay.limit(Limits(max_streams=1), bench.now_ns)
    bench.move()
    for stream in (1, 3):
        bench.client.headers(stream)
    assert bench.client.codes(3) == []
    bench.client.ack()
    bench.client.headers(5)
    assert bench.client.codes(5) == [7]
    bench.relay.limit(Limits(), bench.now_ns)
    bench.client.ack()
    bench.client.headers(7)
    assert bench.upstream.blocks(7) == [REQUEST]


def test_settings_of_the_upstream_do_not_undo_a_limit() -> None:
    bench = Bench()
    bench.relay.limit(Limits(max_streams=5, stream_window_bytes=10), bench.now_ns)
    bench.upstream.settings(MAX_CONCURRENT_STREAMS=100, INITIAL_WINDOW_SIZE=70_000)
    assert bench.client.of(SettingsFrame)[-1].settings == {3: 5, 4: 10}
    bench.relay.limit(Limits(), bench.now_ns)
    bench.move()
    assert bench.client.of(SettingsFrame)[-1].settings == {3: 100, 4: 70_000}


def test_padding_counts_in_windows() -> None:
    bench = Bench(lambda _: Treatment(answer=PAGE))
    bench.client.headers(1)
    bench.client.data(1, MESSAGE, pad=100)
    assert bench.client.windows(0) == len(MESSAGE) + 101


def test_all_windows_are_whole_again_after_many_calls() -> None:
    bench = Bench()
    for stream in range(1, 2001, 2):
        bench.call(stream)
        bench.answer(stream)
        bench.client.window(0, len(MESSAGE))
        bench.upstream.window(0, len(MESSAGE))
    for index in (CLIENT, UPSTREAM):
        lane = bench.relay.lanes[index]
        assert lane.source_bytes == lane.sink_bytes == 65_535
    assert bench.client.windows(0) == bench.upstream.windows(0) == 1000 * len(MESSAGE)
