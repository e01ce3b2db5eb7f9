from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.results.row import NO_LIFE, ROW, Cause, Origin, RowKind
from harness.results.treatment import TokenTreatment
from harness.worker.packed_rows import PackedRows
from tests.tokens.craft import NOW_S, token

NAMES = {0: "token", 1: "not sent", 2: "bank.Ledger/Get", 3: "bank.Ledger/Put"}


def call(method: int, lag_us: int = 10, wait_us: int = 20, latency_us: int = 30, life_ms: int = 5000) -> bytes:
    """Pack a good call."""
    return ROW.pack(1_000, 7, lag_us, wait_us, latency_us, life_ms, 0, 1, RowKind.CALL, 0, 0, 0xA5, method, 0, 0, 0)


def unsent(cause: Cause) -> bytes:
    """Pack an arrival that never left."""
    return ROW.pack(1_000, 8, 50, 0, 0, NO_LIFE, 0, 0, RowKind.NOT_SENT, 0, 0, 0xA5, 1, -1, Origin.GENERATOR, cause)


def test_live_counts_tell_good_calls_and_why_others_never_left() -> None:
    made = PackedRows(call(2) + unsent(Cause.LATE) + call(3) + unsent(Cause.STOPPED) + unsent(Cause.LATE), NAMES)
    assert made.live() == Counter({"ok": 2, "generator/late": 2, "generator/stopped": 1})


@given(st.lists(st.tuples(st.sampled_from([2, 3]), *[st.integers(0, 10**7)] * 3)))
def test_response_times_are_lag_wait_and_latency_by_method(calls: list[tuple[int, int, int, int]]) -> None:
    made = PackedRows(b"".join(call(*one) + unsent(Cause.LATE) for one in calls), NAMES)
    found = dict(made.response_s())
    for number in (2, 3):
        wanted = [sum(times) / 1e6 for method, *times in calls if method == number]
        assert found.get(NAMES[number], []) == wanted


def test_a_row_is_shown_to_the_trace_as_the_attempt_that_it_was() -> None:
    held = token(60)
    attempt = PackedRows(unsent(Cause.LATE) + call(3), NAMES).attempt(1, held)
    assert (attempt.method, attempt.arrival.call_id, attempt.messages) == (NAMES[3], 7, 1)
    assert (attempt.sent_ns, attempt.end_ns) == (31_000, 61_000)
    assert attempt.life_ms() == pytest.approx(5000, abs=1)
    assert attempt.now_s == pytest.approx(NOW_S + 55)


def test_calls_are_judged_from_zero_on_by_the_life_of_their_token() -> None:
    early = ROW.pack(999, 6, 0, 0, 0, 50, 0, 1, RowKind.CALL, 0, 0, 0xA5, 2, 0, 0, 0)
    made = PackedRows(early + call(2) + unsent(Cause.LATE) + call(3, life_ms=-5) + call(3, life_ms=0), NAMES)
    taken = [TokenTreatment.LET_IN, TokenTreatment.NOT_JUDGED, TokenTreatment.NOT_JUDGED]
    assert list(made.taken_since(1_000)) == taken


def test_no_rows_are_nothing_to_tell() -> None:
    made = PackedRows(b"", NAMES)
    assert not made.live()
    assert list(made.response_s()) == []
