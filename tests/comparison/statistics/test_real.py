"""The real experiment, without real runs: what is planned, what is kept, and what the tables say of it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.honesty import fell, real
from benchmarks.honesty.comparisons import KINDS, SCENARIO, Comparison, planned
from harness.comparison.statistics.measure import LEAST_BEYOND
from harness.scenario import catalogue
from tests.fakes.duel_samples import ledger
from tests.report.duel.fake_duel import fake_duel


@pytest.fixture(scope="module")
def fought(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    one = Comparison("failed +1 point", 1, 5, tmp_path_factory.mktemp("real"))
    folder = one.folder / one.name / "duels" / "brief-storm" / "x"
    fake_duel(folder, 8, new={"failing": 0.02}, per_s=50)
    ledger(8).ended("complete").write(folder)
    return one


def row(kind: str, number: int, word: str, *, low: float = -0.01, high: float = 0.02) -> dict[str, Any]:
    finding = {"scale": "log", "word": word, "middle": 0.0, "low": low, "high": high, "differences": [0.01, -0.01]}
    return {
        "kind": kind, "number": number, "seed": number, "word": word, "reasons": [], "counted": 7, "pairs": 8,
        "aside": ["base: 12 rows lost"], "findings": {"p99 steady": finding}, "load_average": 2.5, "nice": 0,
        "started_utc": f"2026-11-27T0{number}:00:00+00:00", "ended_utc": "", "host": {"cpu": "CPU", "cores": 2},
    }  # fmt: skip


def test_each_round_has_every_kind_once_and_a_seed_gives_the_same_plan(tmp_path: Path) -> None:
    plan = planned(10, 7, tmp_path)
    assert [one.number for one in plan] == [number for number in range(1, 11) for _ in KINDS]
    assert all({one.kind for one in plan[at : at + 3]} == set(KINDS) for at in range(0, 30, 3))
    assert len({one.seed for one in plan}) == 30
    assert planned(10, 7, tmp_path) == plan
    assert planned(4, 7, tmp_path) == plan[:12]


def test_what_fell_is_kept_whole_and_names_no_place_of_the_machine(fought: Comparison, tmp_path: Path) -> None:
    kept = tmp_path / "fell.ndjson"
    fell.keep(kept, fell.row_of(fought))
    (found,) = fell.read(kept)
    assert (found["word"], found["counted"], found["pairs"]) == ("worse", 8, 8)
    assert found["findings"]["failed all"]["low"] > 0.01
    assert len(found["findings"]["p99 steady"]["differences"]) == 8
    assert str(fought.folder) not in kept.read_text()


def test_a_duel_that_was_interrupted_is_carried_on_and_not_counted(fought: Comparison, tmp_path: Path) -> None:
    assert fought.duel is not None
    cut = replace(fought, folder=tmp_path)
    folder = tmp_path / cut.name / "duels" / "brief-storm" / "x"
    folder.mkdir(parents=True)
    result = json.loads((fought.duel / "comparison.json").read_text())
    (folder / "duel.json").write_text((fought.duel / "duel.json").read_text())
    (folder / "comparison.json").write_text(json.dumps({**result, "state": "interrupted"}))
    assert (cut.duel, cut.settled) == (folder, None)


def test_only_what_is_missing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def make(waiting: Sequence[Comparison], jobs: int) -> Iterator[Comparison]:
        assert jobs == 1
        asked.extend(one.name for one in waiting)
        return iter(waiting[:1])

    monkeypatch.setattr(real, "made", make)
    monkeypatch.setattr(fell, "row_of", lambda one: {**row(one.kind, one.number, "same"), "seed": one.seed})
    for _ in range(2):
        real.main(["--each", "1", "--fell", str(tmp_path / "fell.ndjson"), "--folder", str(tmp_path)])
    assert len(asked) == 3 + 2
    assert asked[1:3] == asked[3:]


def test_the_tables_count_false_alarms_misses_and_pairs_that_could_not_be_used() -> None:
    rows = [row("A/A", number, word) for number, word in enumerate(("same", "same", "worse"), 1)]
    rows += [row("p99 +10 %", 1, "worse", low=0.05, high=0.15), row("p99 +10 %", 2, "too noisy to tell")]
    rows.append(
        {
            **row("p99 +10 %", 3, "not comparable"),
            "findings": {},
            "reasons": ["load not sustained: offered 90 %"],
            "aside": ["base: 9 rows lost", "not judged: x"],
        }
    )
    text = fell.page(rows)
    assert "| A/A (3) | 1 | 0 | 2 | 0 | 0 | false alarms: 1 of 3 (at most 86%) |" in text
    assert "| p99 +10 % (3) | 1 | 0 | 0 | 1 | 1 | found: 1 of 2 (at least 3%) |" in text
    assert "| p99 +10 %, 1 | worse | 7 of 8 | worse, +5.1 to +16 % |" in text
    assert "Of 49 pairs 6 could not be used:\n- 6 times: N rows lost" in text
    assert "\n1 more were good and not judged" in text
    assert "- p99 +10 %, 3: load not sustained: offered 90 %" in text


def test_its_scenario_has_calls_enough_for_its_p99() -> None:
    settings = catalogue.inspect(SCENARIO)
    assert settings["load"]["per_s"] * settings["load"]["duration_s"] * 0.01 >= LEAST_BEYOND
    assert settings["lab"]["work_s"] * 1.1 == pytest.approx(float(KINDS["p99 +10 %"].partition("=")[2]))
