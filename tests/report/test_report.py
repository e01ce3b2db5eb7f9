import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from harness.errors import RecordError, UsageError
from harness.report import main, report_run
from harness.report.pictures import PICTURES
from harness.results.run import find_run, find_runs, read_run
from harness.results.summary import read_summary
from tests.fakes.run import STEPS, FakeRun

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}\x01|`"


class _Page(HTMLParser):
    """Collects what a page loads, runs and shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.scripts = 0
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        for name, value in attrs:
            if name == "src" or (name == "href" and tag == "link"):
                self.sources.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            assert not name.startswith("on")


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = FakeRun(tmp_path_factory.mktemp("storm") / "run").write()
    report_run(path)
    return path


def test_the_page_stands_alone_with_the_verdict_before_the_pictures(storm: Path) -> None:
    text = (storm / "report.html").read_text()
    page = _Page(text)
    assert page.sources
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert page.scripts == 0
    assert page.ids.index("verdict") < page.ids.index("checks") < page.ids.index("timeline")
    assert "http://" not in re.sub(r"http://127\.0\.0\.1[^\s<]*", "", text)


def test_every_picture_of_a_storm_has_its_png_and_its_data(storm: Path) -> None:
    for name in PICTURES:
        assert (storm / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert len(pd.read_csv(storm / f"{name}.csv")) > 0
    assert set(PICTURES) <= set(_Page((storm / "report.html").read_text()).ids)


def test_the_heat_map_holds_every_successful_call_once_and_names_the_slowest_stretch(storm: Path) -> None:
    bands = pd.read_csv(storm / "heat.csv")
    summary = read_summary(storm)
    good = sum(summary.cell(phase).calls - summary.cell(phase).failed for phase in ("warm-up", "all"))
    assert bands["calls"].sum() == good
    assert bands.groupby("from_s")["share"].sum().to_numpy() == pytest.approx(1)
    assert (bands["over_s"] < bands["under_s"]).all()
    assert re.search(r"From 32 s to 33\.\d s, 9\d\.\d % of the successful calls", (storm / "report.html").read_text())


def test_a_run_without_checks_is_good_and_not_passed(tmp_path: Path) -> None:
    path = FakeRun(tmp_path / "run", checks=()).write()
    verdict = report_run(path, pictures=False).verdict
    assert (verdict.word, verdict.exit_code) == ("unjudged", 0)
    assert verdict.reasons == ("No checks: nothing was judged.",)
    for name in ("report.html", "report.md"):
        assert "nothing was judged" in (path / name).read_text()


def test_a_closed_load_says_what_its_times_hide(tmp_path: Path) -> None:
    load = {"model": "closed", "shape": "users", "duration_s": 60.0, "max_users": 100, "warm_up_s": 10.0}
    path = FakeRun(tmp_path / "run", run={"load": load}).write()
    report_run(path, pictures=False)
    assert "coordinated omission" in (path / "report.html").read_text()


def test_a_fault_journal_that_was_cut_short_is_a_remark(tmp_path: Path) -> None:
    path = FakeRun(tmp_path / "run").write()
    with (path / "faults.ndjson").open("a") as journal:
        journal.write('{"event": "appl')
    summary = report_run(path, pictures=False)
    assert summary.verdict.word == "passed"
    assert [problem.text for problem in summary.problems] == ["faults.ndjson: 1 line cut short, left out"]


def test_a_report_made_again_is_the_same(storm: Path, tmp_path: Path) -> None:
    again = shutil.copytree(storm, tmp_path / "again")
    report_run(again, pictures=False)
    assert (again / "summary.json").read_text() == (storm / "summary.json").read_text()
    for run in (storm, again):
        assert not list(run.glob("*.tmp"))


def test_pictures_can_wait_for_a_later_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = FakeRun(tmp_path / "run").write()
    monkeypatch.setenv("REPORTS", str(tmp_path))
    assert main(["--no-pictures", str(path)]) == 0
    assert not list(path.glob("*.png"))
    assert "data:image" not in (path / "report.html").read_text()
    assert main([str(path)]) == 0
    assert list(path.glob("*.png"))


def test_junit_tells_passes_failures_and_errors_apart(tmp_path: Path) -> None:
    path = FakeRun(tmp_path / "run", hurt_s=5.0).write()
    report_run(path, pictures=False)
    suite = ET.fromstring((path / "junit.xml").read_text())  # noqa: S314 - our own file
    assert suite.attrib["tests"] == str(len(suite.findall("testcase"))) == "4"
    assert suite.attrib["failures"] == str(len(suite.findall("testcase/failure"))) == "1"
    assert suite.attrib["errors"] == "0"
    invalid = FakeRun(tmp_path / "invalid", failing=0.2).write()
    report_run(invalid, pictures=False)
    suite = ET.fromstring((invalid / "junit.xml").read_text())  # noqa: S314
    said = str(suite.findtext("testcase/error"))
    assert "Unsteady" in said
    assert "; the most frequent cause: " in said


def test_a_full_disk_does_not_hide_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = FakeRun(tmp_path / "run", hurt_s=5.0).write()
    monkeypatch.setattr("harness.report.drawing.draw", full)
    assert main([str(path)]) == 3
    said = capsys.readouterr()
    assert said.out.splitlines()[0].endswith(": failed")
    assert "free some space" in said.err


def test_hostile_names_are_shown_and_never_run(tmp_path: Path) -> None:
    steps = tuple({**step, "text": HOSTILE} for step in STEPS)
    run = {"title": HOSTILE, "question": HOSTILE, "scenario": HOSTILE, "problems": [{"kind": "task", "text": HOSTILE}]}
    path = FakeRun(tmp_path / "run", build=HOSTILE, steps=steps, run=run).write()
    report_run(path)
    text = (path / "report.html").read_text()
    assert _Page(text).scripts == 0
    assert "&lt;script&gt;" in text
    assert "{{7*7}}" in text
    ET.fromstring((path / "junit.xml").read_text())  # noqa: S314
    assert "<script>" not in (path / "report.md").read_text()


@pytest.mark.parametrize(
    "fields",
    [
        {"run": {"zero_ns": None, "ended_s": 0.0, "state": "interrupted", "interrupted": "Ctrl-C"}},
        {"run": {"state": "running", "ended_s": None, "workers": []}},
        {"steps": (), "checks": ()},
        {"per_s": 1.0, "workers": 1},
        {"warm_up_s": 0.0},
    ],
    ids=["stopped in warm-up", "killed", "no fault and no check", "one call a second", "no warm-up"],
)
def test_any_run_that_left_rows_gets_a_page(tmp_path: Path, fields: dict[str, object]) -> None:
    path = FakeRun(tmp_path / "run", **fields).write()  # type: ignore[arg-type]
    report_run(path)
    assert "verdict" in _Page((path / "report.html").read_text()).ids


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("run.json", "{", "cannot be read"),
        ("run.json", "[]", "no JSON object"),
        ("run.json", '{"schema": 9}', "schema 9"),
        ("run.json", None, "no run.json"),
        ("calls-0.bin", "short", "nothing was recorded"),
    ],
)
def test_a_missing_or_odd_file_is_one_clear_line(tmp_path: Path, file: str, text: str | None, message: str) -> None:
    path = FakeRun(tmp_path / "run", duration_s=2, warm_up_s=1, steps=(), workers=1).write()
    (path / file).unlink()
    if text is not None:
        (path / file).write_text(text)
    if file == "calls-0.bin":
        assert "header is cut short" in " ".join(report_run(path).verdict.reasons)
        return
    with pytest.raises(RecordError, match=message) as caught:
        report_run(path)
    assert "\n" not in str(caught.value)


def test_a_run_is_found_by_folder_label_and_latest(tmp_path: Path) -> None:
    first = FakeRun(tmp_path / "s" / "v1" / "20260101T000000Z", duration_s=1, warm_up_s=1, steps=()).write()
    later = FakeRun(tmp_path / "s" / "v1" / "20260102T000000Z", duration_s=1, warm_up_s=1, steps=()).write()
    other = FakeRun(
        tmp_path / "t" / "feature-x" / "20260103T000000Z", build="feature/x", duration_s=1, warm_up_s=1, steps=()
    ).write()
    assert find_run(str(first), tmp_path) == first
    assert find_run("v1", tmp_path) == later
    assert find_run("s", tmp_path) == later
    assert find_run("latest", tmp_path) == other
    assert find_run("feature/x", tmp_path) == other
    with pytest.raises(UsageError, match="builds there: feature-x, v1"):
        find_run("v2", tmp_path)


def test_the_example_that_comes_along_is_never_the_latest(tmp_path: Path) -> None:
    FakeRun(tmp_path / "example", duration_s=1, warm_up_s=1, steps=()).write()
    with pytest.raises(UsageError, match="no run was made there yet; make one: jwtstorm run NAME"):
        find_run("latest", tmp_path)
    run = FakeRun(tmp_path / "calm" / "v1" / "20260101T000000Z", duration_s=1, warm_up_s=1, steps=()).write()
    assert find_run("latest", tmp_path) == run
    assert find_run("example", tmp_path) == tmp_path / "example"


def test_the_command_prints_the_reasons_and_exits_with_the_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTS", str(tmp_path))
    assert main(["latest"]) == 2
    FakeRun(tmp_path / "s" / "v1" / "1", failing=0.05).write()
    assert main(["--no-pictures", "v1"]) == 3
    assert "invalid" in capsys.readouterr().out
    assert main([]) == 2


@pytest.mark.e2e
def test_the_module_reports_a_run_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = FakeRun(tmp_path / "run", hurt_s=5.0).write()
    done = subprocess.run(
        [sys.executable, "-m", "harness.report", "--no-pictures", str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads((path / "summary.json").read_text())["verdict"]["word"] == "failed"


def test_what_a_run_promised_is_read_from_its_file(tmp_path: Path) -> None:
    run = read_run(FakeRun(tmp_path / "run", duration_s=2, steps=()).write())
    assert [promise.worker for promise in run.promises] == [0, 1]
    assert run.token_holders == 10


def test_labels_are_compared_on_a_scenario_that_both_have(tmp_path: Path) -> None:
    for scenario, build, stamp in (
        ("calm", "v1", "20260101T000000Z"),
        ("storm", "v1", "20260101T000100Z"),
        ("calm", "v2", "20260101T000200Z"),
    ):
        folder = tmp_path / scenario / build / stamp
        folder.mkdir(parents=True)
        (folder / "run.json").write_text("{}")
    found = find_runs(["v1", "v2"], tmp_path)
    assert [run.parent.parent.name for run in found] == ["calm", "calm"]
