"""Files of earlier builds are read as what they meant: the example, and one run of each format version.

``schema-1-first`` is of the first build that kept runs, ``schema-1`` of the last that wrote that schema, with its
journals. A new version of a format adds a folder here, and takes none away.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.merge import merge
from harness.analysis.summarise import summarise
from harness.checks import checks_of
from harness.comparison.result import read_duel
from harness.comparison.statistics.matters import Matters, matters_of
from harness.comparison.statistics.noise_floor import read_noise_floor
from harness.experiments.duel.ledger import DuelLedger
from harness.files import read_lines
from harness.records import plain
from harness.report import report_run
from harness.results.fault_journal import read_events
from harness.results.problem import ProblemKind
from harness.results.run import read_run
from harness.results.summary import read_summary

DATA = Path(__file__).parent / "data"
EXAMPLE = Path(__file__).parents[1] / "reports/example"
RUNS = {run.name: run for run in (EXAMPLE, *sorted((DATA / "runs").iterdir()))}
DUEL = DATA / "duels/schema-1"
NO_LONGER_KEPT = {"sent", "not_sent", "cpu_warning"}
"""Fields of a worker's health that no build ever filled."""


@pytest.fixture(params=RUNS)
def run(request: pytest.FixtureRequest) -> Path:
    return RUNS[request.param]


def left_out(written: Any, read: Any, place: str = "") -> set[str]:
    """Return where what was written is not what was read; null is as good as nothing, and what is new no matter."""
    if isinstance(written, Mapping) and isinstance(read, Mapping):
        parts = [(value, read.get(name), f"{place}.{name}") for name, value in written.items()]
    elif isinstance(written, list) and isinstance(read, list | tuple) and len(written) == len(read):
        parts = [(*pair, f"{place}[]") for pair in zip(written, read, strict=True)]
    else:
        return set() if written == read else {place}
    return {where for part in parts for where in left_out(*part)}


def read_json(path: Path) -> Any:
    return json.loads(path.read_text())


def test_there_is_a_run_of_each_version() -> None:
    assert {read_json(run / "run.json")["schema"] for run in RUNS.values()} == {1}
    assert len(RUNS) == 3


def test_a_difference_is_found_wherever_it_is() -> None:
    written = {"a": [{"b": 1, "c": 2}], "d": [1], "e": 1}
    assert left_out(written, {"a": [{"b": 1, "c": 3}], "d": [], "f": 1}) == {".a[].c", ".d", ".e"}
    assert left_out(written, {**written, "new": 1}) == set()


def test_a_summary_is_what_was_written(run: Path) -> None:
    found = left_out(read_json(run / "summary.json"), plain(read_summary(run)))
    assert found <= {f".health.workers[].{name}" for name in NO_LONGER_KEPT}


def test_promises_and_problems_are_what_was_written(run: Path) -> None:
    about, data = read_run(run), read_json(run / "run.json")
    assert left_out(data["workers"], plain(about.promises)) == set()
    assert left_out(data["problems"], plain(about.problems)) == set()
    assert [promise.rows for promise in about.promises] == [worker["rows"] for worker in data["workers"]]


def test_checks_and_what_matters_are_what_was_written(run: Path) -> None:
    about = read_run(run)
    assert [check.to_json() for check in checks_of(about)] == about.data["checks"]
    assert matters_of(about.data) == Matters()


def test_every_event_of_the_journal_is_what_was_written(run: Path) -> None:
    events = list(read_events(run))
    assert left_out(list(read_lines(run / "faults.ndjson")), plain(events)) == set()
    assert len(events) > 10


def test_the_journals_of_an_earlier_build_give_the_numbers_of_its_summary(tmp_path: Path) -> None:
    path = Path(shutil.copytree(RUNS["schema-1"], tmp_path / "run"))
    about, before = read_run(path), read_summary(path)
    found = merge(about)
    after = summarise(about, found)
    assert [(rows.promised, rows.found) for rows in found.workers] == [(48, 48), (48, 48)]
    assert after.cell("all") == before.cell("all")
    assert [step.step for step in after.steps] == [step.step for step in before.steps]
    untold = replace(after.measures.amplification, life_s=None)
    assert replace(after.measures, keys=(), amplification=untold) == before.measures
    assert after.measures.amplification.life_s == about.data["tokens"]["lifetime_s"]  # its fetches do not tell it
    assert before.has_problem(ProblemKind.SATURATED)
    assert [problem.kind for problem in after.problems] == [problem.kind for problem in before.problems]
    assert (after.verdict.word, after.verdict.exit_code) == (before.verdict.word, before.verdict.exit_code)


def test_the_example_is_reported_anew_with_the_numbers_that_it_had(tmp_path: Path) -> None:
    path = Path(shutil.copytree(EXAMPLE, tmp_path / "run"))
    before, after = read_summary(path), report_run(path, pictures=False)
    assert after.cell("all") == before.cell("all")
    assert (after.verdict.word, after.verdict.exit_code) == (before.verdict.word, before.verdict.exit_code)


def test_a_duel_its_ledger_and_a_noise_floor_are_what_was_written() -> None:
    ledger, floor = DuelLedger.read(DUEL), read_noise_floor(DUEL)
    assert left_out(read_json(DUEL / "comparison.json"), plain(read_duel(DUEL))) == set()
    assert left_out(read_json(DUEL / "duel.json"), {"schema": 1, **plain(ledger)}) == set()
    assert left_out(read_json(DUEL / "noise-floor.json"), {"schema": 1, **plain(floor)}) == set()
    assert ledger.plan.look_at(1) is not None
