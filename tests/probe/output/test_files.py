"""The files of a probe: valid, whole, and telling the same story."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from harness.errors import RunError
from harness.probe.conduct import LOST_IN_A_ROW, Conduct, Task
from harness.probe.output import files, table
from harness.probe.output.answer import exit_code, sentences
from harness.probe.result import Finding, Outcome, Piece, ProbeResult

NAKED = Finding(
    "coverage", "pkg.S/Get", Outcome.NAKED, "UNAUTHENTICATED", seen="OK", text="strong evidence: <b>OK</b>",
    way_out="Put the check into one interceptor", row="WIRE-01", variant="no token", method="/pkg.S/Get",
)  # fmt: skip
PASSED = replace(NAKED, outcome=Outcome.PASSED, subject="pkg.S/Set", method="/pkg.S/Set", seen="UNAUTHENTICATED")
VOID = replace(PASSED, outcome=Outcome.VOID, text="lost")
SKIPPED = replace(PASSED, outcome=Outcome.NOT_CHECKED, text="left out with --skip")
REJECT = Finding("verdicts", "a good token", Outcome.FALSE_REJECT, "OK", seen="UNAUTHENTICATED", row="OK-01")
BLANK = ProbeResult("127.0.0.1:50051", "2026-05-04T03:02:01+00:00", ("pkg.S",))


def result(*findings: Finding, partial: str = "") -> ProbeResult:
    return replace(BLANK, findings=findings, partial=partial, took_s=1.5)


@pytest.mark.parametrize(
    ("probe", "code"),
    [
        (result(PASSED, SKIPPED), 0),
        (result(PASSED, REJECT), 0),
        (result(PASSED, NAKED, VOID), 1),
        (result(PASSED, VOID), 3),
        (result(SKIPPED), 3),
        (result(), 3),
        (result(NAKED, partial="the target stopped answering"), 3),
        (result(NAKED, partial="interrupted during verdicts"), 130),
    ],
)
def test_the_exit_code_tells_what_was_proved(probe: ProbeResult, code: int) -> None:
    assert exit_code(probe) == code


def test_sarif_holds_what_the_standard_requires(tmp_path: Path) -> None:
    folder = files.write(result(NAKED, PASSED, REJECT), tmp_path)
    log = json.loads((folder / "probe.sarif").read_text())
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "jwtstorm"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    assert [(one["ruleId"], one["level"]) for one in run["results"]] == [("WIRE-01", "error"), ("OK-01", "warning")]
    for one in run["results"]:
        assert one["message"]["text"]
        assert ids[one["ruleIndex"]] == one["ruleId"]
        (place,) = one["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"].startswith("grpc://127.0.0.1:50051/")
    assert run["invocations"][0]["executionSuccessful"] is True
    assert run["invocations"][0]["endTimeUtc"] == "2026-05-04T03:02:02Z"


def test_junit_counts_failures_errors_and_skips(tmp_path: Path) -> None:
    folder = files.write(result(NAKED, PASSED, VOID, SKIPPED, REJECT, partial="time was over"), tmp_path)
    suites = {suite.attrib["name"]: suite for suite in ET.parse(folder / "junit.xml").getroot()}  # noqa: S314 - our own file
    coverage = suites["jwtstorm.probe.coverage"]
    assert [coverage.attrib[name] for name in ("tests", "failures", "errors", "skipped")] == ["4", "1", "1", "1"]
    assert len(coverage.findall("testcase/failure")) == 1
    assert suites["jwtstorm.probe"].find("testcase/error") is not None


def test_a_probe_comes_back_from_its_own_file(tmp_path: Path) -> None:
    probe = result(NAKED, PASSED)
    folder = files.write(probe, tmp_path)
    assert ProbeResult.from_json((folder / "probe.json").read_text()) == probe


def test_the_page_needs_nothing_else_and_escapes_foreign_text(tmp_path: Path) -> None:
    page = (files.write(result(NAKED, PASSED), tmp_path) / "probe.html").read_text()
    assert "&lt;b&gt;OK&lt;/b&gt;" in page
    assert "<b>OK</b>" not in page
    assert "src=" not in page.replace('src="data:', "")
    assert 'href="http' not in page


def test_two_probes_of_one_second_keep_their_own_folders(tmp_path: Path) -> None:
    assert files.write(result(NAKED), tmp_path) != files.write(result(PASSED), tmp_path)


@pytest.mark.parametrize("address", ["unix:/run/a b.sock", "[::1]:5", "../../etc:1"])
def test_an_address_becomes_one_folder_inside_the_reports(address: str, tmp_path: Path) -> None:
    folder = files.write(replace(result(PASSED), address=address), tmp_path)
    assert folder.parent.parent == tmp_path / "probe"


def test_the_terminal_says_the_answer_first_and_what_is_wrong() -> None:
    out = StringIO()
    table.show(result(NAKED, PASSED, SKIPPED), Console(file=out, width=200))
    lines = out.getvalue().splitlines()
    assert lines[0] == "127.0.0.1:50051: failed (exit code 1)"
    assert lines[1] == "✗ open doors     anybody can call 1 method that nothing guards: pkg.S/Get"
    assert "not checked: pkg.S/Set: left out with --skip" in out.getvalue()


def test_a_clean_probe_says_what_it_asked() -> None:
    unasked = Finding("clock", "offset", Outcome.VOID, text="no guarded call goes through; give --method")
    assert sentences(result(unasked))[0] == "Nothing is proven: no guarded call goes through; give --method."
    assert sentences(result(PASSED))[0].startswith("It let nothing in that it should not: 1 question over 1 method")


def conducted(*found: Piece | BaseException, within_s: float = 60.0) -> ProbeResult:
    async def run() -> AsyncIterator[Piece]:
        for one in found:
            if isinstance(one, BaseException):
                raise one
            yield one

    tasks = [Task("coverage", run)]
    return asyncio.run(Conduct(BLANK, lambda *_: None).carry_out(tasks, within_s))


def test_an_interrupt_keeps_what_was_found() -> None:
    probe = conducted(NAKED, asyncio.CancelledError())
    assert (probe.findings, probe.partial) == ((NAKED,), "interrupted during coverage")


def test_an_error_in_the_middle_keeps_what_was_found() -> None:
    probe = conducted(NAKED, RunError("good calls fail"))
    assert (probe.findings, probe.partial) == ((NAKED,), "good calls fail (during coverage)")


def test_a_target_that_answers_no_more_is_given_up() -> None:
    probe = conducted(*[VOID] * (LOST_IN_A_ROW + 5))
    assert len(probe.findings) == LOST_IN_A_ROW
    assert probe.partial.startswith("the target stopped answering during coverage (lost)")


def test_single_losses_do_not_end_a_probe() -> None:
    probe = conducted(*[VOID, PASSED] * LOST_IN_A_ROW)
    assert (len(probe.findings), probe.partial) == (2 * LOST_IN_A_ROW, "")


def test_the_time_it_was_given_ends_it() -> None:
    async def endless() -> AsyncIterator[Piece]:
        yield PASSED
        await asyncio.Event().wait()

    probe = asyncio.run(Conduct(BLANK, lambda *_: None).carry_out([Task("limits", endless)], 0.05))
    assert probe.findings == (PASSED,)
    assert "were over during limits; give --within more" in probe.partial
