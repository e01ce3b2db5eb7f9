"""Policies: what is run, and how often."""

import json
from pathlib import Path

import pytest

from harness.experiments import policies
from harness.experiments.policies import run_policies
from harness.results.problem import Problem, ProblemKind
from harness.results.summary import Summary, Verdict, write_summary
from harness.tokens.variation import Variation

BUSY = ("invalid", (Problem(ProblemKind.SATURATED, "The load generator was the bottleneck."),))
GOOD = ("passed", ())


class Runs:
    """Runs whose outcomes are known beforehand."""

    def __init__(self, *outcomes: tuple[str, tuple[Problem, ...]]) -> None:
        self._outcomes = list(outcomes)
        self.made = 0

    def __call__(self, path: Path, variation: Variation, folder: Path) -> int:
        word, problems = self._outcomes[min(self.made, len(self._outcomes) - 1)]
        self.made += 1
        run = folder / path.stem / variation.slug / str(self.made)
        run.mkdir(parents=True)
        (run / "run.json").write_text(json.dumps({"schema": 1, "build": variation.slug}))
        verdict = Verdict(word, 0, ())  # type: ignore[arg-type]
        bare = Summary(run.name, path.stem, variation.slug, "", 60, 10, 1, {}, None, {}, verdict=verdict)
        write_summary(run, Summary(**{**vars(bare), "problems": problems}))
        return 3 if problems else 0


@pytest.mark.parametrize(
    ("outcomes", "tries", "made", "word"),
    [((GOOD,), 2, 1, "passed"), ((BUSY, GOOD), 2, 2, "passed"), ((BUSY,), 2, 2, "invalid"), ((BUSY,), 1, 1, "invalid")],
)
def test_a_run_that_a_busy_machine_spoilt_is_made_again(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    outcomes: tuple[tuple[str, tuple[Problem, ...]], ...],
    tries: int,
    made: int,
    word: str,
) -> None:
    runs = Runs(*outcomes)
    monkeypatch.setattr(policies, "_run", runs)
    (outcome,) = run_policies("calm", ["reactive"], tmp_path, lambda _: None, tries)
    assert (outcome.word, runs.made) == (word, made)
