import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RecordError
from harness.results.problem import Problem, ProblemKind
from harness.results.run import read_run


def problems(run: Path, *entries: Any) -> tuple[Problem, ...]:
    (run / "run.json").write_text(json.dumps({"schema": 1, "problems": entries}))
    return read_run(run).problems


def test_what_an_older_build_wrote_of_a_problem_makes_the_run_invalid(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, {"kind": "undo_failed", "text": "a toxic is still there"})
    assert found == Problem(ProblemKind.UNDO_FAILED, "a toxic is still there", invalid=True)


@pytest.mark.parametrize(
    ("entry", "said"), [({"kind": "odd", "text": ""}, "odd"), ({"kind": "task"}, "text"), ("task", "Expected `object`")]
)
def test_a_problem_that_is_none_is_one_clear_sentence(tmp_path: Path, entry: Any, said: str) -> None:
    with pytest.raises(RecordError, match=r"run\.json: its problems cannot be read") as raised:
        problems(tmp_path, entry)
    assert said in str(raised.value)
