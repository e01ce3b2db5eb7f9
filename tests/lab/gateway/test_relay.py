"""What passes a relay, and how."""

import pytest
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from harness.lab.gateway.frames import PREFACE, FrameKind, frame
from harness.lab.gateway.greeting import NotHttp2
from harness.lab.gateway.stream import CLIENT, UPSTREAM
from harness.results.wire_row import WireEnding
from tests.lab.gateway.bench import MESSAGE, REQUEST, RESPONSE, TRAILERS, Bench, never


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_call_and_its_answer_pass_unchanged(bench: Bench) -> None:
    bench.call(1)
    assert bench.upstream.blocks(1) == [REQUEST]
    assert bench.upstream.body(1) == MESSAGE
    assert bench.upstream.is_ended(1)
    bench.answer(1)
    assert bench.client.blocks(1) == [RESPONSE, TRAILERS]
    assert bench.client.body(1) == MESSAGE
    assert bench.client.is_ended(1)
    assert bench.relay.open_streams == 0


def test_what_was_seen_of_a_call_is_told_once_at_its_end(bench: Bench) -> None:
    bench.call(1)
    bench.now_s = 3.0
    bench.upstream.headers(1, RESPONSE)
    bench.now_s = 4.0
    bench.upstream.data(1)
    assert bench.calls.over == []
    bench.now_s = 5.0
    bench.upstream.headers(1, (("grpc-status", "16"), ("grpc-message", "token%20expired")), end=True)
    (call,) = bench.calls.over
    seen_s = (call.opened_ns, call.forwarded_ns, call.headers_ns, call.first_byte_ns, call.ended_ns)
    assert [moment / 1e9 for moment in seen_s] == [1, 1, 3, 4, 5]
    assert (call.http_status, call.status, call.details, call.ending) == (200, 16, "token expired", WireEnding.ANSWERED)
    assert (call.request_bytes, call.response_bytes) == (len(MESSAGE), len(MESSAGE))
    assert (call.sent.messages, call.received.messages) == (1, 1)


def test_a_stream_without_end_passes_message_by_message(bench: Bench) -> None:
    bench.client.headers(1)
    bench.upstream.headers(1, RESPONSE)
    for count in range(1, 4):
        bench.client.data(1)
        bench.upstream.data(1)
        assert len(bench.upstream.of(DataFrame)) == len(bench.client.of(DataFrame)) == count


def test_a_server_may_answer_before_the_request_ends(bench: Bench) -> None:
    bench.client.headers(1)
    bench.upstream.headers(1, (*RESPONSE, *TRAILERS), end=True)
    bench.upstream.reset(1, 0)
    assert bench.client.is_ended(1)
    assert bench.client.codes(1) == [0]
    assert [call.ending for call in bench.calls.over] == [WireEnding.ANSWERED]
    bench.client.data(1)  # was on its way
    bench.call(3)
    assert bench.upstream.blocks(3) == [REQUEST]


def test_an_early_answer_leaves_the_request_open_until_it_ends(bench: Bench) -> None:
    bench.client.headers(1)
    bench.upstream.headers(1, (*RESPONSE, *TRAILERS), end=True)
    bench.client.data(1)
    bench.client.data(1, end=True)
    assert bench.upstream.body(1) == 2 * MESSAGE
    assert bench.relay.open_streams == 0


def test_trailers_of_a_request_pass(bench: Bench) -> None:
    bench.client.headers(1)
    bench.client.headers(1, (("x-sum", "7"),), end=True)
    assert bench.upstream.blocks(1) == [REQUEST, (("x-sum", "7"),)]
    assert bench.upstream.is_ended(1)


def test_informational_headers_pass_before_the_real_ones(bench: Bench) -> None:
    bench.call(1)
    bench.upstream.headers(1, ((":status", "103"),))
    bench.answer(1)
    assert bench.client.blocks(1) == [((":status", "103"),), RESPONSE, TRAILERS]


def test_streams_keep_their_numbers(bench: Bench) -> None:
    for stream in (1, 7, 9):
        bench.call(stream)
    assert [one.stream_id for one in bench.upstream.of(HeadersFrame)] == [1, 7, 9]


@pytest.mark.parametrize("sender", [CLIENT, UPSTREAM])
def test_a_reset_passes_with_its_code(bench: Bench, sender: int) -> None:
    bench.client.headers(1)
    peers = (bench.client, bench.upstream)
    peers[sender].reset(1, 0xBAD)
    assert peers[1 - sender].codes(1) == [0xBAD]
    (call,) = bench.calls.over
    assert call.reset_code == 0xBAD
    assert call.ending is (WireEnding.RESET_BY_CLIENT, WireEnding.RESET_BY_UPSTREAM)[sender]


def test_what_was_on_its_way_when_a_stream_was_reset_touches_no_other(bench: Bench) -> None:
    bench.client.headers(1)
    bench.client.headers(3)
    bench.client.reset(1)
    bench.upstream.headers(1, RESPONSE)
    bench.upstream.data(1)
    bench.answer(3)
    assert bench.client.blocks(3) == [RESPONSE, TRAILERS]
    assert bench.client.body(3) == MESSAGE


def test_ping_priority_and_unknown_frames_pass_as_they_came(bench: Bench) -> None:
    bench.client.headers(1)
    bench.client.ping(b"abcdefgh")
    bench.client.send(PriorityFrame(1, depends_on=0, stream_weight=9))
    bench.client.send(frame(0xEE, 0x7F, 1, b"what"))
    assert bench.upstream.of(PingFrame)[0].opaque_data == b"abcdefgh"
    assert bench.upstream.of(PriorityFrame)[0].stream_weight == 9
    assert bench.upstream.raw.endswith(frame(0xEE, 0x7F, 1, b"what"))
    bench.upstream.ping(b"abcdefgh", ack=True)
    assert "ACK" in bench.client.of(PingFrame)[0].flags


def test_priority_within_headers_passes(bench: Bench) -> None:
    bench.client.headers(1, flags=["PRIORITY"], depends_on=0, stream_weight=200, exclusive=True)
    (opened,) = bench.upstream.of(HeadersFrame)
    assert (opened.stream_weight, opened.exclusive) == (200, True)
    assert opened.pairs == REQUEST


def test_padding_of_data_passes_and_that_of_headers_is_taken_off(bench: Bench) -> None:
    bench.client.headers(1, flags=["PADDED"], pad_length=20)
    bench.client.data(1, pad=30)
    assert bench.upstream.blocks(1) == [REQUEST]
    assert bench.upstream.of(DataFrame)[0].pad_length == 30
    assert bench.upstream.body(1) == MESSAGE


def test_a_block_in_pieces_passes_in_pieces_of_the_receivers_size(bench: Bench) -> None:
    pairs = (*REQUEST, ("x-long", "v" * 40_000))
    block = bench.client.block(pairs)
    pieces = [block[at : at + 7000] for at in range(0, len(block), 7000)]
    bench.client.send(HeadersFrame(1, pieces[0], flags=["END_STREAM"]))
    for piece in pieces[1:-1]:
        bench.client.send(ContinuationFrame(1, piece))
    assert bench.upstream.got == []
    bench.client.send(ContinuationFrame(1, pieces[-1], flags=["END_HEADERS"]))
    assert bench.upstream.blocks(1) == [pairs]
    assert bench.upstream.is_ended(1)


def test_a_never_indexed_field_stays_one_and_enters_no_table(bench: Bench) -> None:
    secret = never("authorization", "Bearer secret")
    for stream in (1, 3):
        bench.client.headers(stream, (*REQUEST[:-1], secret))
    for opened in bench.upstream.of(HeadersFrame):
        (field,) = [one for one in opened.fields if one[0] == b"authorization"]
        assert not field.indexable
    assert bench.upstream.raw.count(b"Bearer secret") == 2


def test_an_indexed_field_is_sent_once(bench: Bench) -> None:
    for stream in (1, 3, 5):
        bench.client.headers(stream)
    assert bench.upstream.raw.count(b"Bearer one") == 1


DEFECTS = {
    "an upper-case name": (("X-Upper", "v"),),
    "a line break in a value": (("x", "a\r\nb"),),
    "a zero byte": (("x", "\0"),),
    "an empty name": (("", "v"),),
    "a doubled pseudo-header": ((":path", "/other"),),
    "a pseudo-header behind the others": ((":authority", "late"),),
    "a connection header": (("connection", "close"),),
    "two tokens": (("authorization", "Bearer a"), ("authorization", "Bearer b")),
    "a token of 40 KB": (("authorization", "t" * 40_000),),
}


@pytest.mark.parametrize("fields", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_in_headers_passes_as_it_came(bench: Bench, fields: tuple[tuple[str, str], ...]) -> None:
    bench.upstream.settings(MAX_FRAME_SIZE=1 << 20)
    bench.client.ack()
    bench.client.headers(1, (*REQUEST, *fields))
    assert bench.upstream.blocks(1) == [(*REQUEST, *fields)]


def test_a_path_without_slash_and_a_wrong_content_length_pass(bench: Bench) -> None:
    pairs = ((":method", "POST"), (":path", "bank.Ledger/Get"), ("content-length", "1"))
    bench.client.headers(1, pairs)
    bench.client.data(1, end=True)
    assert bench.upstream.blocks(1) == [pairs]
    assert bench.upstream.body(1) == MESSAGE


STRAYS = {
    "data of an idle stream": DataFrame(9, b"x"),
    "a reset of an idle stream": RstStreamFrame(9, 8),
    "a window of nothing": frame(FrameKind.WINDOW_UPDATE, 0, 0, b"\0\0\0\0"),
    "a window that is cut short": frame(FrameKind.WINDOW_UPDATE, 0, 0, b"\0\0"),
    "a ping that is too long": frame(FrameKind.PING, 0, 0, b"123456789"),
    "settings of a wrong length": frame(FrameKind.SETTINGS, 0, 0, b"12345"),
    "an acknowledgement of nothing": SettingsFrame(0, flags=["ACK"]),
    "a GOAWAY that is cut short": frame(FrameKind.GOAWAY, 0, 0, b"1234"),
    "an undefined flag": frame(FrameKind.PING, 0xF0, 0, b"12345678"),
}


@pytest.mark.parametrize("sender", [CLIENT, UPSTREAM])
@pytest.mark.parametrize("stray", STRAYS.values(), ids=STRAYS)
def test_a_wrong_frame_passes_as_it_came(stray: bytes | DataFrame, sender: int) -> None:
    bench = Bench()
    relay, other = bench.relay, bench.relay.sides[1 - sender]
    data = stray if isinstance(stray, bytes) else stray.serialize()
    relay.receive(sender, data, 0)
    assert other.take() == data
    assert relay.broken is None


def test_data_with_more_padding_than_bytes_passes(bench: Bench) -> None:
    bench.client.headers(1)
    bench.upstream.raw = b""
    wrong = frame(FrameKind.DATA, 8, 1, b"\x09abc")
    bench.relay.receive(CLIENT, wrong, 0)
    assert bench.relay.upstream.take() == wrong
    assert bench.relay.broken is None


def test_data_after_the_end_of_a_stream_passes(bench: Bench) -> None:
    bench.call(1)
    bench.client.data(1)
    assert bench.upstream.body(1) == 2 * MESSAGE


def test_a_second_request_on_a_number_that_is_over_passes(bench: Bench) -> None:
    bench.call(5)
    bench.answer(5)
    bench.client.headers(3)
    assert bench.upstream.blocks(3) == [REQUEST]


def test_a_pushed_stream_passes_for_the_client_to_refuse(bench: Bench) -> None:
    bench.call(1)
    bench.upstream.send(
        PushPromiseFrame(1, promised_stream_id=2, data=bench.upstream.block(REQUEST), flags=["END_HEADERS"])
    )
    (promise,) = bench.client.of(PushPromiseFrame)
    assert (promise.promised_stream_id, promise.pairs) == (2, REQUEST)
    bench.client.reset(2, 7)
    assert bench.upstream.codes(2) == [7]


BREAKING = {
    "a frame that is too large": (frame(FrameKind.DATA, 0, 1, bytes(16_385)), 6),
    "a header block that is no HPACK": (frame(FrameKind.HEADERS, 4, 1, b"\xff\xff\xff\xff\xff\xff"), 9),
    "an index that is in no table": (frame(FrameKind.HEADERS, 4, 1, b"\xfe"), 9),
    "a string that is cut short": (frame(FrameKind.HEADERS, 4, 1, b"\x00\x05ab"), 9),
    "another frame within a header block": (
        frame(FrameKind.HEADERS, 0, 1, b"\x82") + frame(FrameKind.PING, 0, 0, bytes(8)),
        1,
    ),
    "another stream within a header block": (
        frame(FrameKind.HEADERS, 0, 1, b"\x82") + frame(FrameKind.CONTINUATION, 4, 3, b"\x82"),
        1,
    ),
    "headers with more padding than bytes": (frame(FrameKind.HEADERS, 0xC, 1, b"\x09\x82"), 1),
    "headers without room for their priority": (frame(FrameKind.HEADERS, 0x24, 1, b"\0\0"), 6),
}


@pytest.mark.parametrize("sender", [CLIENT, UPSTREAM])
@pytest.mark.parametrize(("data", "code"), BREAKING.values(), ids=BREAKING)
def test_what_cannot_be_passed_on_ends_the_connection_by_name(data: bytes, code: int, sender: int) -> None:
    bench = Bench()
    bench.client.headers(1)
    peers = (bench.client, bench.upstream)
    peers[sender].send(data)
    assert bench.relay.broken is not None
    assert bench.relay.broken[0] == sender
    (leaving,) = peers[sender].of(GoAwayFrame)
    assert leaving.error_code == code
    assert leaving.additional_data.startswith(b"jwtstorm gateway: ")
    assert peers[1 - sender].of(GoAwayFrame) == []
    assert [call.ending for call in bench.calls.over] == [(WireEnding.CLIENT_LOST, WireEnding.UPSTREAM_LOST)[sender]]


@pytest.mark.parametrize("piece", [b"", b"\x00\x01a\x01b"])
def test_a_header_block_without_end_is_cut_off(bench: Bench, piece: bytes) -> None:
    bench.client.send(frame(FrameKind.HEADERS, 0, 1, b"\x82"))
    flood = frame(FrameKind.CONTINUATION, 0, 1, piece) * 1000
    for _ in range(200):
        if bench.relay.broken is None:
            bench.client.send(flood)
    assert bench.relay.broken is not None
    assert bench.client.of(GoAwayFrame)[0].error_code == 11
    assert bench.relay.client.block is None or len(bench.relay.client.block.data) <= 1 << 20


def test_a_short_block_that_unpacks_into_a_huge_list_is_cut_off(bench: Bench) -> None:
    bomb = b"\x40\x01a\x7f\xa1\x1e" + b"v" * 4000 + b"\xbe" * 400  # one entry of 4 KB, 400 times
    bench.client.send(frame(FrameKind.HEADERS, 4, 1, bomb))
    assert bench.client.of(GoAwayFrame)[0].error_code == 11


def test_calls_of_a_lost_connection_are_told_with_who_was_lost(bench: Bench) -> None:
    for stream in (1, 3):
        bench.client.headers(stream)
    bench.relay.lose(WireEnding.UPSTREAM_LOST, bench.now_ns)
    assert [call.ending for call in bench.calls.over] == [WireEnding.UPSTREAM_LOST] * 2
    assert bench.relay.open_streams == 0


def test_a_call_may_come_and_go_before_the_upstream_is_reached() -> None:
    bench = Bench(greet=False)
    relay = bench.relay
    bench.client.send(PREFACE, SettingsFrame(0))
    waiting = b"".join([bench.upstream.raw])
    assert waiting.startswith(PREFACE)
    bench.client.headers(1)
    bench.client.reset(1)
    assert [call.ending for call in bench.calls.over] == [WireEnding.RESET_BY_CLIENT]
    bench.upstream.send(SettingsFrame(0))
    assert bench.upstream.codes(1) == [8]
    assert relay.open_streams == 0


def test_settings_are_heard_by_the_other_peer_and_acknowledged_by_it(bench: Bench) -> None:
    bench.upstream.settings(MAX_CONCURRENT_STREAMS=3, INITIAL_WINDOW_SIZE=9, HEADER_TABLE_SIZE=0)
    (told,) = bench.client.of(SettingsFrame)
    assert told.settings == {
        SettingsFrame.MAX_CONCURRENT_STREAMS: 3,
        SettingsFrame.INITIAL_WINDOW_SIZE: 9,
        SettingsFrame.HEADER_TABLE_SIZE: 0,
    }
    assert bench.upstream.of(SettingsFrame) == []
    bench.client.ack()
    assert "ACK" in bench.upstream.of(SettingsFrame)[0].flags


def test_a_table_that_a_peer_makes_smaller_is_obeyed_at_once(bench: Bench) -> None:
    bench.call(1)
    bench.upstream.decoder.header_table_size = 0
    bench.upstream.decoder.max_allowed_table_size = 0
    bench.upstream.settings(HEADER_TABLE_SIZE=0)
    for stream in (3, 5):
        bench.call(stream)
        assert bench.upstream.blocks(stream) == [REQUEST]


def test_a_larger_table_is_used_once_its_owner_knows_that_we_know(bench: Bench) -> None:
    bench.upstream.settings(HEADER_TABLE_SIZE=60_000)
    assert bench.relay.upstream.encoder.limit_bytes == 4096
    bench.client.ack()
    assert bench.relay.upstream.encoder.limit_bytes == 60_000
    bench.upstream.decoder.max_allowed_table_size = 60_000
    bench.call(1)
    assert bench.upstream.blocks(1) == [REQUEST]


def test_a_client_may_use_the_table_that_the_upstream_allowed(bench: Bench) -> None:
    bench.upstream.settings(HEADER_TABLE_SIZE=1 << 20)
    bench.client.ack()
    (told,) = bench.client.of(SettingsFrame)
    assert told.settings == {SettingsFrame.HEADER_TABLE_SIZE: 65_536}
    bench.client.encoder.header_table_size = bench.upstream.decoder.max_allowed_table_size = 65_536
    bench.call(1)
    assert bench.relay.broken is None


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP/1"),
        (b"POST /x HTTP/1.1\r\nupgrade: h2c\r\n\r\n", "HTTP/1"),
        (b"\x16\x03\x01\x02\x00", "TLS"),
        (b"\x00\x00\x00", "neither"),
        (PREFACE[:20] + b"XXXX", "HTTP/1"),
    ],
)
def test_a_client_that_speaks_something_else_is_answered_by_name(said: bytes, word: str) -> None:
    with pytest.raises(NotHttp2, match=word) as refused:
        Bench(greet=False).client.send(said)
    assert (b"505" in refused.value.answer) == (word != "TLS")


def test_a_preface_may_come_byte_by_byte() -> None:
    bench = Bench(greet=False)
    for byte in PREFACE + SettingsFrame(0).serialize():
        bench.client.send(bytes([byte]))
    assert len(bench.upstream.of(SettingsFrame)) == 1


def test_an_upstream_that_answers_in_http_1_is_named() -> None:
    with pytest.raises(NotHttp2, match="upstream answers in HTTP/1"):
        Bench(greet=False).upstream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_frames_may_come_cut_anywhere() -> None:
    whole, cut = Bench(), Bench()
    data = HeadersFrame(1, cut.client.block(REQUEST), flags=["END_HEADERS"]).serialize()
    data += DataFrame(1, MESSAGE * 100, flags=["END_STREAM"]).serialize() + WindowUpdateFrame(0, 5).serialize()
    whole.client.send(data)
    for byte in data:
        cut.client.send(bytes([byte]))
    assert cut.upstream.raw == whole.upstream.raw
