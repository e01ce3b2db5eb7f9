from typing import Any

import pytest

from harness.comparison.statistics.guard import FAIR, Candidate, differing, enough, load_not_sustained, unusable
from harness.results.problem import Problem, ProblemKind
from harness.results.summary import Cell, Summary, Verdict

LIKE: dict[str, Any] = {"scenario": "calm", "seed": 7, "load": {"per_s": 200}, "host": {"cpu": "A"}, "fingerprint": "f"}


def candidate(label: str = "v1 1", version: str = "0.1.0", **fields: Any) -> Candidate:
    given = {
        "run": "1", "scenario": "calm", "build": "v1", "started_utc": "", "duration_s": 60.0, "warm_up_s": 10.0,
        "seed": 7, "comparable": LIKE, "comparable_hash": "h", "baseline": {}, "cells": (Cell("all", "*", calls=100),),
        "verdict": Verdict("passed", 0, ()), **fields,
    }  # fmt: skip
    return Candidate(label, Summary(**given), version)


def test_runs_that_were_made_alike_differ_in_nothing() -> None:
    assert differing([candidate("a"), candidate("b"), candidate("c")]) == ()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"seed": 8}, "seed"),
        ({"load": {"per_s": 100}}, "load.per_s"),
        ({"host": {"cpu": "B"}}, "host.cpu"),
        ({"scenario": "storm"}, "scenario"),
        ({"matters": {"p99_ratio": 0.2}}, "matters.p99_ratio"),
    ],
)
def test_the_field_that_differs_is_named_with_both_values(change: dict[str, Any], field: str) -> None:
    (unlike,) = differing([candidate("a"), candidate("b", comparable={**LIKE, **change})])
    assert unlike.field == field
    assert "a: " in str(unlike)
    assert "b: " in str(unlike)


def test_another_version_of_the_harness_or_of_the_file_is_another_measurement() -> None:
    assert [one.field for one in differing([candidate(), candidate("b", "0.2.0")])] == ["harness version"]
    assert [one.field for one in differing([candidate(), candidate("b", schema=99)])] == ["schema"]


def test_conditions_that_were_not_written_down_match_nothing() -> None:
    (unlike,) = differing([candidate("a"), candidate("b", comparable={})])
    assert str(unlike) == "conditions (b: not written down, the run did not end by itself)"


def test_a_load_beside_its_plan_is_not_sustained() -> None:
    short = candidate("b", problems=(Problem(ProblemKind.OFFERED, "90 calls were due, and the plan holds 100"),))
    assert load_not_sustained([candidate("a"), short]) == ("b: 90 calls were due, and the plan holds 100",)
    assert unusable(short) is None


@pytest.mark.parametrize("kind", sorted(set(ProblemKind) - set(FAIR)))
def test_a_run_that_measured_wrongly_is_set_aside_with_its_reason(kind: ProblemKind) -> None:
    assert unusable(candidate(problems=(Problem(kind, "why"),))) == "v1 1: why"


def test_a_build_that_was_unsteady_is_still_a_fair_measurement_of_it() -> None:
    problems = (Problem(ProblemKind.UNSTEADY, "2 of 200 failed"), Problem(ProblemKind.EDGE, "late", invalid=False))
    assert unusable(candidate(problems=problems, verdict=Verdict("invalid", 3, ()))) is None


def test_an_interrupted_run_and_one_without_calls_are_set_aside() -> None:
    assert "interrupted" in str(unusable(candidate(verdict=Verdict("interrupted", 130, ()))))
    assert "not one call" in str(unusable(candidate(cells=())))


def test_four_of_five_pairs_are_enough_and_three_are_not() -> None:
    assert [enough(usable, 10) for usable in (10, 8, 7, 0)] == [True, True, False, False]
