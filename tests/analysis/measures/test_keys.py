from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from harness.analysis.measures import Totals
from harness.analysis.measures.keys import MOST_KEYS, Keys
from harness.report.why import why
from harness.results.auth_summary import KeyUse, Measures
from tests.fakes.measured_run import MeasuredRun

TOTALS = Totals(0, 0, 0, 0)


def keys_of(*lines: Mapping[str, object]) -> tuple[KeyUse, ...]:
    measure = Keys()
    for line in lines:
        measure.hear(line)
    return measure.result(TOTALS)


def test_a_key_is_told_with_when_its_first_token_was_fetched_and_what_was_turned_away() -> None:
    old = {"kid": "old", "t_s": 3.0, "token_age_s": 5.0, "origin": "none"}
    new = {"kid": "new", "t_s": 12.5, "token_age_s": 2.5, "origin": "verifier"}
    assert keys_of(new, old, {**new, "t_s": 13.0, "token_age_s": 1.0}) == (KeyUse("old", -2.0), KeyUse("new", 10.0, 2))


def test_keys_of_poisoned_calls_and_of_a_flood_are_not_kept() -> None:
    assert keys_of({"kid": "ours", "t_s": 1.0, "poisoned_by": "SIGN-12"}, {"kid": None, "t_s": 1.0}) == ()
    assert len(keys_of(*({"kid": f"k{n}", "t_s": float(n)} for n in range(100)))) == MOST_KEYS


def test_a_rotation_during_the_run_is_named_with_what_bears_its_key(tmp_path: Path) -> None:
    summary = MeasuredRun(tmp_path / "run").summary()
    keys = (KeyUse("old", -9.0), KeyUse("new", 10.0, 848))
    said = " ".join(why(replace(summary, measures=Measures(keys=keys))))
    assert "The issuer began to sign with key new at 10.0 s; all 848 attempts that the verifier" in said
    assert "turned away bore a token of it." in said
    both = (KeyUse("old", -9.0, 2), KeyUse("new", 10.0, 8))
    assert "8 of 10 attempts" in " ".join(why(replace(summary, measures=Measures(keys=both))))
    assert "began to sign" not in " ".join(why(replace(summary, measures=Measures(keys=both[:1]))))
