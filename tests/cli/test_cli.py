import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import cli
from harness.errors import HarnessError, LabError, RecordError, ScenarioError, UsageError
from harness.results.fault_events import ApplyingEvent, Command, LabEvent, NotedProcess, NotedProxy
from harness.results.fault_journal import FaultJournal
from harness.scenario import catalogue

Say = Callable[[], tuple[str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    def read() -> tuple[str, str]:
        captured = capsys.readouterr()
        return captured.out, captured.err

    return read


@pytest.mark.parametrize("arguments", [[], ["dance"], ["list", "--loud"], ["run", "--web-port", "http"]])
def test_a_wrong_command_line_is_2(arguments: list[str], say: Say) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "Traceback" not in say()[1]


def test_help_tells_every_exit_code(say: Say) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    said = " ".join(say()[0].split())
    for code in ("0 good", "1 a check failed", "2 usage", "3 invalid", "4 too noisy", "130 interrupted"):
        assert code in said


def test_the_version_can_be_asked_for(say: Say) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert say()[0].startswith("jwtstorm 0.")


def test_help_of_run_tells_the_options_that_locust_hands_on(say: Say) -> None:
    with pytest.raises(SystemExit):
        cli.main(["run", "--help"])
    said = say()[0]
    for option in ("--allow-target", "--build", "--max-rate", "--max-users", "--max-duration", "--processes"):
        assert option in said


def test_list_is_0(say: Say) -> None:
    assert cli.main(["list"]) == 0
    assert "ExpireAll" in say()[0]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such thing; give another"), 2),
        (ScenarioError("storm", ["load: per_s=0 must be above 0"]), 2),
        (RecordError("rows lost; free some space"), 3),
        (LabError("the issuer did not start"), 3),
        (HarnessError("anything of ours"), 3),
    ],
)
def test_an_error_of_ours_is_its_sentence_and_its_code(
    monkeypatch: pytest.MonkeyPatch, say: Say, error: HarnessError, code: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(catalogue, "find", fail)
    assert cli.main(["run", "storm"]) == code
    assert say() == ("", f"jwtstorm: {error}\n")


def test_an_interrupt_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(catalogue, "find", interrupt)
    assert cli.main(["run", "storm"]) == 130


def test_an_unknown_scenario_is_2_and_lists_what_there_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, say: Say
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", "storm"]) == 2
    assert "no scenario is called 'storm'" in say()[1]


def test_recovering_what_is_no_run_is_2(tmp_path: Path, say: Say) -> None:
    assert cli.main(["recover", str(tmp_path)]) == 2
    assert "no fault journal" in say()[1]


def test_recovering_where_nothing_is_left_is_0(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, say: Say) -> None:
    monkeypatch.setenv("REPORTS", str(tmp_path))
    assert cli.main(["recover"]) == 0
    assert "nothing to recover" in say()[0]


@pytest.mark.parametrize(("url", "code"), [(None, 0), ("http://127.0.0.1:9", 3)])
def test_recover_is_3_where_something_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, say: Say, url: str | None, code: int
) -> None:
    run = tmp_path / "storm" / "v1" / "20261123T200000Z"
    run.mkdir(parents=True)
    journal = FaultJournal(run)
    journal.write(LabEvent(conductor=NotedProcess(2**22 + 1, 1), proxy=NotedProxy("url" if url else "embedded", url)))
    undo = Command("proxy", "remove_toxic", {"proxy": "p", "toxic": "t"})
    journal.write(ApplyingEvent(step="1-latency", fault="latency", seat="environment", plan_s=1, undo=(undo,)))
    journal.close()
    monkeypatch.setenv("REPORTS", str(tmp_path))
    assert cli.main(["recover"]) == code
    assert ("LEFT" in say()[0]) is bool(code)


def test_in_the_background_of_a_script_sigint_ends_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def told() -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return ""

    monkeypatch.setattr("harness.cli.commands.list.listing", told)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell without job control starts what ends in &
    try:
        assert cli.main(["list"]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
