import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.merge import merge
from harness.analysis.summarise import summarise
from harness.comparison.statistics.assess import PairedRuns, assess
from harness.comparison.statistics.looks import Look
from harness.comparison.statistics.verdict import NOT_COMPARABLE, WORSE
from harness.results.run import read_run
from harness.results.summary import write_summary
from tests.fakes.run import FakeRun

EIGHT = Look(8, 0.05)


def make(path: Path, build: str, **fields: Any) -> Path:
    run_fields = fields.pop("run", {})
    FakeRun(
        path, build=build, per_s=100, workers=1, duration_s=12, steps=(), checks=(), run=run_fields, **fields
    ).write()
    run = read_run(path)
    write_summary(path, summarise(run, merge(run)))
    return path


@pytest.fixture(scope="module")
def duel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("duel")
    for number in range(1, 9):
        make(folder / f"a{number}", "A", seed=number, run={"seed": 7})
        make(folder / f"b{number}", "B", seed=number + 20, run={"seed": 7})
        make(folder / f"slow{number}", "B", seed=number + 40, slowness=1.4, run={"seed": 7})
    return folder


def paired(folder: Path, new: str = "b") -> list[PairedRuns]:
    return [PairedRuns(number, "AB", folder / f"a{number}", folder / f"{new}{number}") for number in range(1, 9)]


def test_a_build_against_itself_is_never_worse_and_a_slow_one_is(duel: Path) -> None:
    still, slow = assess(paired(duel), EIGHT), assess(paired(duel, "slow"), EIGHT)
    assert still.verdict.word != WORSE
    p50 = next(one for one in still.verdict.findings if str(one.metric) == "p50 steady")
    assert p50.interval is not None
    assert p50.interval.low < 0 < p50.interval.high
    assert slow.verdict.word == WORSE
    assert slow.verdict.exit_code == 1
    assert len(slow.pairs) == 8
    assert next(one for one in slow.asides if str(one.metric) == "p90 steady").worth_a_look


def test_missing_and_broken_runs_are_named_and_the_rest_decide(duel: Path, tmp_path: Path) -> None:
    runs = paired(duel, "slow")
    runs[2] = PairedRuns(3, "BA", duel / "a3", None, "the candidate did not start: exit 127")
    found = assess(runs, EIGHT)
    assert found.verdict.set_aside == ("pair 3: the candidate did not start: exit 127",)
    assert [pair.number for pair in found.pairs] == [1, 2, 4, 5, 6, 7, 8]
    shutil.copytree(duel / "a1", tmp_path / "a1")
    (tmp_path / "a1" / "summary.json").unlink()
    runs[0] = PairedRuns(1, "AB", tmp_path / "a1", duel / "slow1")
    broken = assess(runs, EIGHT).verdict
    assert broken.word == NOT_COMPARABLE
    assert broken.reasons[0] == "6 of 8 planned pairs can be used"
    assert "jwtstorm report" in broken.reasons[1]


def test_one_run_of_another_seed_makes_the_whole_not_comparable(duel: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "b", "B", run={"comparable": {"scenario": "expiry-storm", "seed": 8}})
    runs = [*paired(duel)[:-1], PairedRuns(8, "AB", duel / "a8", other)]
    found = assess(runs, EIGHT)
    assert (found.verdict.word, found.pairs) == (NOT_COMPARABLE, ())
    assert any("seed" in reason for reason in found.verdict.reasons)


def test_a_load_beside_its_plan_is_named(duel: Path, tmp_path: Path) -> None:
    load = {"model": "open", "shape": "constant", "per_s": 150, "to_per_s": 150, "duration_s": 12, "max_users": 9}
    other = make(tmp_path / "b", "B", run={"seed": 7, "load": {**load, "warm_up_s": 10.0}})
    found = assess([*paired(duel)[:-1], PairedRuns(8, "AB", duel / "a8", other)], EIGHT)
    assert found.verdict.word == NOT_COMPARABLE
    assert found.verdict.reasons[0].startswith("load not sustained: B b: ")


def cut_journal(path: Path) -> str:
    journal = path / "calls-0.bin"
    journal.write_bytes(journal.read_bytes()[: journal.stat().st_size // 2])
    (path / "calls.parquet").unlink()
    run = read_run(path)
    write_summary(path, summarise(run, merge(run)))
    return "rows"


def newer_schema(path: Path) -> str:
    summary = json.loads((path / "summary.json").read_text())
    (path / "summary.json").write_text(json.dumps({**summary, "schema": 99}))
    return "schema 99"


def cut_summary(path: Path) -> str:
    (path / "summary.json").write_text((path / "summary.json").read_text()[:100])
    return "summary.json"


def series_gone(path: Path) -> str:
    (path / "series.parquet").unlink()
    return "series.parquet"


@pytest.mark.parametrize("spoil", [cut_journal, newer_schema, cut_summary, series_gone])
def test_a_spoilt_run_is_named_and_the_rest_decide(duel: Path, tmp_path: Path, spoil: Callable[[Path], str]) -> None:
    shutil.copytree(duel / "slow3", tmp_path / "slow3")
    said = spoil(tmp_path / "slow3")
    runs = paired(duel, "slow")
    runs[2] = PairedRuns(3, "AB", duel / "a3", tmp_path / "slow3")
    found = assess(runs, EIGHT)
    (named,) = found.verdict.set_aside
    assert named.startswith("pair 3: ")
    assert said in named
    assert [pair.number for pair in found.pairs] == [1, 2, 4, 5, 6, 7, 8]


def test_a_run_whose_generator_was_the_bottleneck_is_named_and_the_rest_decide(duel: Path, tmp_path: Path) -> None:
    late = make(tmp_path / "late", "B", lag_us=400_000, run={"seed": 7})
    found = assess([*paired(duel)[:-1], PairedRuns(8, "AB", duel / "a8", late)], EIGHT)
    (named,) = found.verdict.set_aside
    assert "pair 8: B late: the load generator was the bottleneck" in named
    assert len(found.pairs) == 7


def test_no_pair_at_all_is_not_comparable() -> None:
    found = assess([PairedRuns(1, "AB", None, None)], EIGHT)
    assert found.verdict.word == NOT_COMPARABLE
    assert found.verdict.set_aside == ("pair 1: the baseline made no run",)
