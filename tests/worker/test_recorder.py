"""Tests of a worker's recording: what each thing that happens leaves behind, and who hears of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.calls.attempt import Arrival, Attempt
from harness.errors import HarnessError, RecordError, TokenError
from harness.results.call_journal import Journal, read_names, trace_path
from harness.results.call_journal_reader import JournalReader
from harness.results.promise import Promise
from harness.results.row import NO_LIFE, Cause, Flag, Origin, RowKind
from harness.worker.recorder import Recording, Watchers

ZERO_NS = 1_000_000


class Told:
    """What the watchers heard, in order."""

    def __init__(self) -> None:
        self.calls: list[Attempt] = []
        self.fetches: list[tuple[float, TokenError | None]] = []
        self.errors: list[HarnessError] = []

    def watchers(self) -> Watchers:
        return Watchers(
            self.calls.append,
            lambda name, seconds: None,
            lambda seconds, error: self.fetches.append((seconds, error)),
            self.errors.append,
        )


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def recording(tmp_path: Path, told: Told) -> Recording:
    made = Recording(tmp_path, 0, told.watchers())
    made.zero_ns = ZERO_NS
    return made


def attempt(due_ns: int = ZERO_NS, **more: Any) -> Attempt:
    made = Attempt(Arrival(7, due_ns, due_ns + 2_000), 0, 0, "/ledger/Get", due_ns + 5_000, due_ns + 9_000)
    made.code = 0
    for name, value in more.items():
        setattr(made, name, value)
    return made


def rows_of(run: Path) -> list[dict[str, Any]]:
    rows = JournalReader.open(run, 0).take(100)
    return [dict(zip(rows.dtype.names or (), row, strict=True)) for row in rows.tolist()]


def test_an_attempt_is_a_row_whose_times_add_up_to_its_response_time(tmp_path: Path, recording: Recording) -> None:
    recording.attempt(attempt(), final=True)
    recording.close()
    (row,) = rows_of(tmp_path)
    assert (row["intended_ns"], row["lag_us"], row["wait_us"], row["latency_us"]) == (ZERO_NS, 2, 3, 4)
    assert (row["kind"], row["call_id"], row["flags"] & Flag.FINAL) == (RowKind.CALL, 7, Flag.FINAL)
    assert read_names(tmp_path, 0)[row["method"]] == "ledger/Get"


def test_only_final_attempts_are_counted_and_shown_and_all_are_rows(recording: Recording, told: Told) -> None:
    first, last = attempt(origin=Origin.VERIFIER, cause=Cause.EXPIRED), attempt(number=1)
    recording.attempt(first, final=False)
    recording.attempt(last, final=True)
    recording.close()
    assert told.calls == [last]
    assert recording.live == {"ok": 1}
    assert recording.promise() == Promise(0, rows=2)


def test_what_was_due_before_zero_is_live_but_no_measure(recording: Recording) -> None:
    recording.attempt(attempt(ZERO_NS - 1), final=True)
    recording.fetched(ZERO_NS - 1, ZERO_NS + 1, None)
    assert recording.live == {"ok": 1, "fetches": 1}
    assert not any(recording.since_zero([]).values())
    recording.attempt(attempt(), final=True)
    recording.fetched(ZERO_NS, ZERO_NS + 1, None)
    counts = recording.since_zero([])
    assert (counts["calls"], counts["fetches"]) == (1, 1)


def test_a_poisoned_call_is_counted_by_the_worth_of_its_answer(recording: Recording) -> None:
    recording.attempt(attempt(code=0, expects=frozenset({16})), final=True)
    recording.attempt(attempt(code=16, expects=frozenset({16})), final=True)
    assert recording.live == {"poisoned/accepted": 1, "poisoned/right": 1}


def test_a_failed_fetch_is_a_row_with_its_cause(tmp_path: Path, recording: Recording, told: Told) -> None:
    error = TokenError("no", cause="RATE_LIMITED")
    recording.fetched(ZERO_NS, ZERO_NS + 3_000_000, error)
    recording.close()
    (row,) = rows_of(tmp_path)
    assert (row["kind"], row["origin"], row["cause"]) == (RowKind.FETCH, Origin.TOKEN_SOURCE, Cause.RATE_LIMITED)
    assert told.fetches == [(0.003, error)]


def test_an_arrival_that_never_left_fails_by_the_generator(tmp_path: Path, recording: Recording) -> None:
    recording.not_sent(Arrival(7, ZERO_NS, ZERO_NS + 4_000), Cause.LATE)
    recording.close()
    (row,) = rows_of(tmp_path)
    assert (row["kind"], row["origin"], row["cause"]) == (RowKind.NOT_SENT, Origin.GENERATOR, Cause.LATE)
    assert (row["lag_us"], recording.live) == (4, {"generator/late": 1})


def test_users_of_several_addresses_have_methods_of_their_own(tmp_path: Path, recording: Recording) -> None:
    for address in ("a:1", "b:2", ""):
        recording.at(address).attempt(attempt(), final=True)
    recording.close()
    names = read_names(tmp_path, 0)
    assert [names[row["method"]] for row in rows_of(tmp_path)] == [
        "ledger/Get @ a:1",
        "ledger/Get @ b:2",
        "ledger/Get",
    ]


def test_the_trace_tells_of_every_failure_without_the_token(tmp_path: Path, recording: Recording) -> None:
    recording.attempt(attempt(), final=True)  # the first of the sample
    for details in ("one", "Bearer abcdefghijk.abcdefghijk.abc"):
        recording.attempt(attempt(origin=Origin.VERIFIER, cause=Cause.EXPIRED, details=details), final=True)
    recording.close()
    lines = [json.loads(line) for line in trace_path(tmp_path, 0).read_text().splitlines()]
    told = [(line["cause"], line["details"]) for line in lines]
    assert told == [("ok", ""), ("expired", "one"), ("expired", "[token]")]


def test_a_disk_that_refuses_is_told_once_and_what_comes_then_is_lost(
    recording: Recording, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording.attempt(attempt(), final=True)
    recording.flush()
    full = RecordError("cannot write calls-0.bin: full")

    def refuse(_: Journal) -> None:
        raise full

    monkeypatch.setattr(Journal, "flush", refuse)
    recording.flush()
    recording.flush()
    recording.attempt(attempt(), final=True)
    recording.fetched(ZERO_NS, ZERO_NS + 1, None)
    assert (told.errors, recording.broken) == ([full], full)
    assert recording.promise() == Promise(0, rows=1, lost=2, error=str(full))


def test_a_fetch_tells_the_life_that_the_issuer_gave(tmp_path: Path, recording: Recording) -> None:
    recording.fetched(ZERO_NS, ZERO_NS + 1, None, 15.0)
    recording.fetched(ZERO_NS, ZERO_NS + 1, None)
    recording.close()
    assert [row["life_ms"] for row in rows_of(tmp_path)] == [15_000, NO_LIFE]
