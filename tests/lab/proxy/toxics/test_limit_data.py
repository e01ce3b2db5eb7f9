import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lab.proxy.stage import Ending
from harness.lab.proxy.toxics.limit_data import LimitData
from tests.lab.proxy.bench import Bench


@given(st.integers(0, 100), st.lists(st.binary(min_size=1, max_size=40)))
def test_it_passes_exactly_the_limit_and_closes(limit: int, chunks: list[bytes]) -> None:
    bench = Bench()
    bench.add(LimitData(limit))
    for chunk in chunks:
        bench.put(chunk)
    sent = b"".join(chunks)
    assert bytes(bench.drain.data) == sent[:limit]
    assert bench.drain.endings == ([Ending.CLOSE] if sent and len(sent) >= limit else [])
    assert bench.budget.used_bytes == 0


def test_zero_closes_at_the_first_byte_and_not_before() -> None:
    bench = Bench()
    bench.add(LimitData(0))
    bench.go(100)
    assert bench.drain.endings == []
    bench.put(b"a")
    assert bench.drain.endings == [Ending.CLOSE]


@pytest.mark.parametrize(("limit", "passed"), [(7, b"abcdefg"), (3, b"abcd")])
def test_an_edit_keeps_the_count(limit: int, passed: bytes) -> None:
    bench = Bench()
    bench.add(LimitData(100))
    bench.put(b"abcd")
    bench.change(LimitData(limit))
    bench.put(b"efghijkl")
    assert bytes(bench.drain.data) == passed
    assert bench.drain.endings == [Ending.CLOSE]


def test_the_end_of_the_sender_passes() -> None:
    bench = Bench()
    bench.add(LimitData(5))
    bench.put(Ending.EOF)
    assert bench.drain.endings == [Ending.EOF]
