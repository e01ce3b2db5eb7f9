from hypothesis import given
from hypothesis import strategies as st

from harness.lab.gateway.messages import MessageCounter


@given(st.lists(st.binary(max_size=30)), st.lists(st.integers(1, 20), min_size=1))
def test_messages_are_counted_however_their_bytes_are_cut(messages: list[bytes], cuts: list[int]) -> None:
    data = b"".join(b"\0" + len(one).to_bytes(4) + one for one in messages)
    counter, turn = MessageCounter(), 0
    while data:
        size = cuts[turn % len(cuts)]
        counter.feed(data[:size])
        data, turn = data[size:], turn + 1
    assert counter.messages == len(messages)


def test_a_message_that_is_cut_short_does_not_count() -> None:
    counter = MessageCounter()
    counter.feed(b"\0\0\0\0\x09abc")
    counter.feed(b"")
    assert counter.messages == 0


def test_a_length_that_lies_costs_no_memory() -> None:
    counter = MessageCounter()
    for _ in range(100):
        counter.feed(b"\0\xff\xff\xff\xff" + bytes(1000))
    assert counter.messages == 0
    assert len(counter._prefix) < 5
