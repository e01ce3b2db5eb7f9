import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness.records import plain, record_of
from harness.results.auth_summary import Measures
from harness.results.row import Cause
from harness.results.summary import Summary
from tests.fakes.measured_run import MeasuredRun
from tests.fakes.run import ZERO_NS

OK, UNKNOWN, UNAVAILABLE, UNAUTHENTICATED = 0, 2, 14, 16
POISON = {
    "id": "5-poison", "fault": "poison", "at_s": 5.0, "until_s": 25.0, "seat": "call", "text": "calls carry SIGN-12",
    "expects": ["UNAUTHENTICATED"],
}  # fmt: skip


@pytest.fixture
def poisoned(tmp_path: Path) -> Summary:
    rows = MeasuredRun(tmp_path / "run", POISON)
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


def test_measures_survive_json_and_their_absence(poisoned: Summary) -> None:
    again = record_of(json.loads(json.dumps(plain(poisoned))), Summary)
    assert again.measures == poisoned.measures
    older = {name: value for name, value in plain(poisoned).items() if name != "measures"}
    assert record_of(older, Summary) == replace(poisoned, measures=Measures())
