import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lab.gateway.frames import (
    ConnectionFault,
    Frame,
    FrameReader,
    GoAway,
    frame,
    goaway,
    read_number,
    read_settings,
    settings,
    unpadded,
    window_update,
)

frames = st.lists(
    st.builds(Frame, st.integers(0, 255), st.integers(0, 255), st.integers(0, 2**31 - 1), st.binary(max_size=40))
)


@given(frames, st.lists(st.integers(1, 60), min_size=1))
def test_frames_come_back_however_their_bytes_are_cut(sent: list[Frame], cuts: list[int]) -> None:
    data = b"".join(frame(*one) for one in sent)
    reader, found, turn = FrameReader(), [], 0
    while data:
        size = cuts[turn % len(cuts)]
        found += list(reader.feed(data[:size]))
        data, turn = data[size:], turn + 1
    assert found == sent


def test_a_frame_that_is_too_large_is_refused_by_its_head_alone() -> None:
    reader = FrameReader()
    small = frame(0, 0, 1, b"x")
    read = reader.feed(small + frame(0, 0, 1, bytes(16_385))[:9])
    assert next(read).payload == b"x"
    with pytest.raises(ConnectionFault, match="16,385 bytes; at most 16,384"):
        next(read)


def test_the_largest_frame_may_be_agreed_on() -> None:
    reader = FrameReader()
    reader.largest_bytes = 20_000
    assert len(next(reader.feed(frame(0, 0, 1, bytes(20_000)))).payload) == 20_000


@given(st.binary(max_size=50), st.integers(0, 60))
def test_padding_comes_off_or_is_refused(payload: bytes, pad: int) -> None:
    assert unpadded(bytes([pad]) + payload + bytes(pad)) == payload
    with pytest.raises(ConnectionFault):
        unpadded(bytes([len(payload) + 1]) + payload)


def test_settings_keep_their_order_and_their_doubles() -> None:
    pairs = [(4, 1), (9, 2), (4, 3)]
    (one,) = FrameReader().feed(settings(pairs))
    assert read_settings(one.payload) == pairs
    assert read_settings(b"12345") is None


def test_a_goaway_is_read_or_recognised_as_cut() -> None:
    (one,) = FrameReader().feed(goaway(7, 11, "too many pings"))
    assert GoAway.read(one.payload) == (7, 11, b"too many pings")
    assert GoAway.read(one.payload[:7]) is None


def test_a_number_is_read_or_recognised_as_cut() -> None:
    (one,) = FrameReader().feed(window_update(3, 9))
    assert (one.stream_id, read_number(one.payload)) == (3, 9)
    assert read_number(b"123") is None
