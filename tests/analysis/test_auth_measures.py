import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.merge import merged
from harness.analysis.summarise import summarise
from harness.results.auth_summary import Measures
from harness.results.call_journal import Journal
from harness.results.row import Cause, Flag, Kind, Origin
from harness.results.run import read_run
from harness.results.summary import Summary
from tests.fakes.run import ZERO_NS, FakeRun

OK, UNKNOWN, UNAVAILABLE, UNAUTHENTICATED = 0, 2, 14, 16
POISON = {
    "id": "5-poison", "fault": "poison", "at_s": 5.0, "until_s": 25.0, "seat": "call", "text": "calls carry SIGN-12",
    "expects": ["UNAUTHENTICATED"],
}  # fmt: skip
REVOKE = {
    "id": "15-revoke", "fault": "revoke", "at_s": 15.0, "until_s": None, "text": "tokens are revoked",
    "meters": [{"of": "revocation", "until": "let in", "cause": ""}],
}  # fmt: skip
ROTATE = {
    "id": "15-rotate", "fault": "rotate", "at_s": 15.0, "until_s": None, "text": "a new key signs",
    "meters": [{"of": "new key", "until": "turned away", "cause": "UNKNOWN_KEY"}],
}  # fmt: skip


class Rows:
    """A run of 30 s whose calls a test writes one by one, beside ten good ones a second."""

    def __init__(self, path: Path, *steps: dict[str, object], **fields: object) -> None:
        run = {"lab": {"leeway_s": 0.0}, **fields}
        FakeRun(path, workers=1, per_s=10, duration_s=30, steps=steps, checks=(), run=run).write()
        self.path, self._journal, self._calls = path, Journal(path, 0), 0
        self._method = self._journal.method("Ledger/Get")
        for tenth in range(-100, 300):
            self.call(tenth / 10)

    def call(
        self,
        at_s: float,
        code: int = OK,
        cause: Cause = Cause.OK,
        *,
        steps: int = 0,
        life_s: float = 20.0,
        took_s: float = 0.005,
        messages: int | None = None,
    ) -> None:
        origin = Origin.NONE if cause is Cause.OK else Origin.VERIFIER
        self._calls += 1
        self._journal.add(
            ZERO_NS + round(at_s * 1e9), self._calls, 0, 0, round(took_s * 1e6), round(life_s * 1e3), steps,
            (1 if code == OK else 0) if messages is None else messages,
            Kind.CALL, 0, 0, Flag.FINAL | Flag.PLANNED, self._method, code, origin, cause,
        )  # fmt: skip

    def summary(self) -> Summary:
        self._journal.close()
        data = json.loads((self.path / "run.json").read_text())
        promise = {**data["workers"][0], "rows": self._journal.written}
        (self.path / "run.json").write_text(json.dumps({**data, "workers": [promise]}))
        run = read_run(self.path)
        return summarise(run, merged(run))


@pytest.fixture
def poisoned(tmp_path: Path) -> Summary:
    rows = Rows(tmp_path / "run", POISON)
    for place in range(60):
        rows.call(6 + place / 10, UNAUTHENTICATED, Cause.BAD_SIGNATURE, steps=1, took_s=0.9)
    rows.call(13, OK, steps=1)
    rows.call(14, UNKNOWN, Cause.CRASH, steps=1)
    rows.call(15, UNAVAILABLE, Cause.UNAVAILABLE, steps=1)
    (tmp_path / "run" / "auth-0.ndjson").write_text(
        "".join(
            json.dumps(
                {"at_ns": ZERO_NS + 10**9, "steps": 1, "code": code, "method": "pkg.Bank/Pay", "poisoned_by": "SIGN-12"}
            )
            + "\n"
            for code in (OK, UNKNOWN, UNAVAILABLE, UNAUTHENTICATED)
        )
    )
    return rows.summary()


def test_poisoned_calls_are_counted_by_what_their_answers_are_worth(poisoned: Summary) -> None:
    (probe,) = poisoned.measures.probes
    assert (probe.sent, probe.right, probe.accepted, probe.crashed, probe.other) == (63, 60, 1, 1, 1)
    assert probe.codes == {"UNAUTHENTICATED": 60, "OK": 1, "UNKNOWN": 1, "UNAVAILABLE": 1}
    assert probe.wrong == {"SIGN-12: OK": 1, "SIGN-12: UNKNOWN": 1, "SIGN-12: UNAVAILABLE": 1}
    assert probe.answers == {"SIGN-12": {"OK": 1, "UNKNOWN": 1, "UNAVAILABLE": 1, "UNAUTHENTICATED": 1}}
    assert probe.naked == {"pkg.Bank/Pay": 1}
    assert probe.false_accepts.low < 1 / 63 < probe.false_accepts.high


def test_poisoned_calls_are_in_no_other_number(poisoned: Summary) -> None:
    whole = poisoned.cell("all")
    assert (whole.calls, whole.failed, whole.attempts) == (300, 0, 300)
    assert whole.response_ok.max_s == pytest.approx(0.005, rel=0.02)
    assert [step.recovery_s for step in poisoned.steps] == [0.0]
    assert poisoned.measures.rejected("all").rejected == 0
    assert poisoned.health.offered == 363


def test_a_stream_that_is_cut_with_its_token_was_let_in(tmp_path: Path) -> None:
    rows = Rows(tmp_path / "run")
    rows.call(2, UNAUTHENTICATED, Cause.EXPIRED, life_s=3.0, took_s=3.1, messages=7)
    measures = rows.summary().measures
    assert measures.rejected("all").rejected == 0
    assert measures.amplification.in_flight
    assert measures.amplification.in_flight.died == 0


def test_living_tokens_that_are_turned_away_are_false_rejects_by_cause(tmp_path: Path) -> None:
    rows = Rows(tmp_path / "run")
    rows.call(3, UNAUTHENTICATED, Cause.UNKNOWN_KEY)
    rows.call(4, UNAUTHENTICATED, Cause.EXPIRED, life_s=0.002, took_s=0.005)
    rows.call(5, UNAUTHENTICATED, Cause.EXPIRED, life_s=-1.0)
    rows.call(6, UNAUTHENTICATED, Cause.REVOKED)
    whole = rows.summary().measures.rejected("all")
    assert (whole.alive, whole.rejected, whole.revoked) == (303, 2, 1)
    assert whole.causes == {"UNKNOWN_KEY": 1, "EXPIRED": 1}
    assert (whole.must_accept, whole.grey) == (1, 1)


def test_where_clocks_were_moved_nobody_is_to_say_what_must_be_accepted(tmp_path: Path) -> None:
    rows = Rows(tmp_path / "run", clocks=[{"step": "x", "measured_s": 5.0}])
    rows.call(3, UNAUTHENTICATED, Cause.UNKNOWN_KEY)
    whole = rows.summary().measures.rejected("all")
    assert (whole.rejected, whole.must_accept, whole.grey) == (1, 0, 1)


def test_the_lag_of_a_revocation_is_until_the_last_old_token_was_let_in(tmp_path: Path) -> None:
    rows = Rows(tmp_path / "run", REVOKE)
    rows.call(26, life_s=20.0)  # of a life of 30 s: minted at 16 s, after the step
    (lag,) = rows.summary().measures.lags
    assert (lag.of, lag.step) == ("revocation", "15-revoke")
    # The usual calls carry tokens of 10 s: those sent at 24.0 s are the last that are surely older than the step.
    assert lag.seconds == pytest.approx(24.0 - 15.012, abs=1e-3)


def test_the_lag_of_a_new_key_is_until_the_last_token_of_it_was_turned_away(tmp_path: Path) -> None:
    rows = Rows(tmp_path / "run", ROTATE)
    rows.call(16.5, UNAUTHENTICATED, Cause.UNKNOWN_KEY, took_s=0.25)
    (lag,) = rows.summary().measures.lags
    assert lag.seen == 1
    assert lag.seconds == pytest.approx(16.75 - 15.012, abs=1e-3)


def test_a_stream_that_outlived_its_token_tells_when_it_was_cut(tmp_path: Path) -> None:
    rows = Rows(tmp_path / "run")
    line = {"at_ns": ZERO_NS + 10**9, "latency_s": 7.5, "life_s": 5.0, "after_expiry": 12}
    (tmp_path / "run" / "auth-0.ndjson").write_text(json.dumps(line) + "\n")
    (lag,) = rows.summary().measures.lags
    assert (lag.of, lag.seconds) == ("stream cut", 2.5)


def test_amplification_is_measured_against_one_fetch_per_holder_and_life(tmp_path: Path) -> None:
    counters = {"zero": {"token_requests": 10, "jwks_requests": 1}, "end": {"token_requests": 25, "jwks_requests": 16}}
    found = Rows(tmp_path / "run", counters=counters).summary().measures.amplification
    assert found.holders == 10
    assert found.ideal_per_s == pytest.approx(1 / 3)
    assert (found.token_requests, found.key_set_requests, found.attempts_per_call) == (15, 15, 1.0)
    assert found.key_sets_per_cooldown == pytest.approx(0.5)
    assert found.in_flight is not None
    assert (found.in_flight.sent, found.in_flight.died) == (300, 0)


def test_measures_survive_json_and_their_absence(poisoned: Summary) -> None:
    again = Summary.from_json(json.loads(json.dumps(poisoned.to_json())))
    assert again.measures == poisoned.measures
    older = {name: value for name, value in poisoned.to_json().items() if name != "measures"}
    assert Summary.from_json(older) == replace(poisoned, measures=Measures())
