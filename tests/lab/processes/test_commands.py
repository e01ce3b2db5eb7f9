"""Commands of a user's own: their end, their bounds, and what is kept of their output."""

import sys
from pathlib import Path

import pytest

from harness.errors import LabError
from harness.lab.processes.commands import Commands
from tests.tokens.craft import jwt_text

STEP = "5-run_command"


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


def test_a_command_that_ends_well_is_in_force_until_its_undo(tmp_path: Path) -> None:
    commands = Commands(tmp_path)
    assert commands.run(STEP, "apply", python("print(1)"), 30)["at_ns"] > 0
    assert commands.state()[STEP]["in_force"]
    commands.run(STEP, "undo", python(""), 30)
    assert not commands.state()[STEP]["in_force"]


def test_its_output_and_errors_are_kept_without_tokens_and_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = jwt_text({"sub": "me"})
    monkeypatch.setenv("ADMIN_PASSWORD", "swordfish")
    source = f"import sys; print('first'); print('{token}'); print(sys.argv[1], file=sys.stderr)"
    Commands(tmp_path).run(STEP, "apply", [*python(source), "{{env ADMIN_PASSWORD}}"], 30)
    kept = (tmp_path / f"{STEP}-apply.txt").read_text()
    assert sorted(kept.splitlines()) == ["[secret]", "[token]", "first"]


@pytest.mark.parametrize(
    ("words", "within_s", "said"),
    [
        (python("import sys; sys.exit(3)"), 30, "ended with exit code 3; its output is in 5-run_command-apply.txt"),
        (python("import os; os.kill(os.getpid(), 9)"), 30, "was killed by signal 9"),
        (
            ["sleep", "600"],
            0.3,
            "did not end within 0.3 s, and was killed; give more within_s=",
        ),
        (["jwtstorm-no-such-program"], 30, "cannot be run: No such file or directory; is it on the PATH"),
        (["x", "{{env JWTSTORM_NO_SUCH}}"], 30, "the environment variable JWTSTORM_NO_SUCH is not set"),
    ],
)
def test_one_that_does_not_end_well_is_no_fault_in_force(
    tmp_path: Path, words: list[str], within_s: float, said: str
) -> None:
    commands = Commands(tmp_path)
    with pytest.raises(LabError) as caught:
        commands.run(STEP, "apply", words, within_s)
    assert said in str(caught.value)
    assert not commands.state().get(STEP, {}).get("in_force")
