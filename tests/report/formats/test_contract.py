"""What every export format of a run promises, over the whole registry."""

from pathlib import Path

import pytest

from harness import cli
from harness.errors import UsageError
from harness.report import export, report_run
from harness.report.formats import FORMATS
from harness.results.run import read_run
from harness.results.summary import read_summary
from tests.contract import repeated_name
from tests.fakes.run import FakeRun

every_format = pytest.mark.parametrize("name", sorted(FORMATS))


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = FakeRun(tmp_path_factory.mktemp("storm") / "run").write()
    report_run(path, pictures=False)
    return path


@every_format
def test_its_docstring_says_which_files_it_writes(name: str, storm: Path) -> None:
    text = FORMATS[name].text
    assert not (wrong := repeated_name(name, text)), wrong
    silent = [file.name for file in written(name, storm) if file.name not in text]
    assert not silent, f"{name}: the first line of its docstring must name {', '.join(silent)}"


@every_format
def test_it_writes_whole_files_into_the_run_and_the_same_again(name: str, storm: Path) -> None:
    first = {file: file.read_bytes() for file in written(name, storm)}
    assert first, f"{name}: return the files that it wrote"
    assert {file.parent for file in first} == {storm}
    assert {file: file.read_bytes() for file in written(name, storm)} == first
    assert not list(storm.glob("*.tmp"))


def written(name: str, run: Path) -> list[Path]:
    if name == "hdr":
        pytest.importorskip("hdrh.histogram", reason="hdrhistogram is not installed: pip install 'jwtstorm[hdr]'")
    return list(FORMATS[name].write(read_run(run), read_summary(run)))


def test_no_two_formats_write_one_file(storm: Path) -> None:
    files = [file for name in FORMATS if name != "hdr" for file in written(name, storm)]
    assert len(set(files)) == len(files)


def test_the_command_writes_a_format_alone_and_names_its_files(
    storm: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (storm / "report.html").stat().st_mtime_ns
    assert cli.main(["report", str(storm), "--format", "junit", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.split() == [
        *("junit:", str(storm / "junit.xml")), *("markdown:", str(storm / "report.md")),
    ]  # fmt: skip
    assert (storm / "report.html").stat().st_mtime_ns == page


def test_a_run_without_a_report_gets_one_first(tmp_path: Path) -> None:
    path = FakeRun(tmp_path / "run").write()
    export(path, ["junit"])
    assert (path / "summary.json").exists()


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = FakeRun(tmp_path / "run").write()
    with pytest.raises(UsageError, match="no export format is called 'junt'; did you mean junit"):
        export(path, ["junt"])
    assert not (path / "summary.json").exists()
