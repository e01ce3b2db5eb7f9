import json
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from rich.console import Console

from harness.comparison.result import SCHEMA_FILE, Duel, PairOfDuel, read_duel, write_duel
from harness.comparison.statistics.pairs import Pair
from harness.errors import RecordError
from harness.experiments.duel.github import SUMMARY_LIMIT, annotations, write_summary
from harness.experiments.duel.junit import junit
from harness.experiments.duel.markdown import markdown
from harness.experiments.duel.table import verdict_table
from harness.records import plain
from tests.comparison.statistics.fake_pairs import of_causes, pairs
from tests.fakes.duel_samples import fought

CASES = {
    "same": (pairs(10), "same", 0),
    "worse": (pairs(10, noise=0.01, p99=1.2), "worse", 1),
    "better": (pairs(10, noise=0.01, p50=0.8), "better", 0),
    "noisy": (pairs(10, noise=0.3), "too noisy to tell", 4),
    "few": (pairs(3), "too noisy to tell", 4),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Duel, str, int]:
    given, word, code = CASES[request.param]
    return fought(monkeypatch, tmp_path, given), word, code


def duel_of(monkeypatch: pytest.MonkeyPatch, folder: Path, given: tuple[Pair, ...]) -> Duel:
    return fought(monkeypatch, folder, given)


def test_a_duel_ends_in_its_word_and_code(case: tuple[Duel, str, int]) -> None:
    duel, word, code = case
    assert (duel.word, duel.exit_code) == (word, code)


def test_comparison_json_fits_its_schema_and_comes_back(case: tuple[Duel, str, int], tmp_path: Path) -> None:
    write_duel(tmp_path, case[0])
    data = json.loads((tmp_path / "comparison.json").read_text())
    jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text())).validate(data)
    assert read_duel(tmp_path) == case[0]


@pytest.mark.parametrize("field", ["word", "pairs", "findings", "seed"])
def test_a_comparison_without_a_field_is_refused_by_schema_and_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    data = plain(duel_of(monkeypatch, tmp_path, pairs(8)))
    del data[field]
    (tmp_path / "comparison.json").write_text(json.dumps(data))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(json.dumps(data)), json.loads(SCHEMA_FILE.read_text()))
    with pytest.raises(RecordError, match="not whole"):
        read_duel(tmp_path)


def test_junit_fails_what_is_worse_and_skips_what_is_too_noisy(case: tuple[Duel, str, int]) -> None:
    duel = case[0]
    suite = ET.fromstring(junit(duel))[0]  # noqa: S314 - our own text
    words = [one.word for one in duel.findings]
    assert len(suite.findall(".//failure")) == words.count("worse") == int(suite.attrib["failures"])
    assert len(suite.findall(".//skipped")) == words.count("too noisy to tell") == int(suite.attrib["skipped"])
    assert len(suite) == int(suite.attrib["tests"]) == len(words) + 1


def test_the_text_for_a_pull_request_names_word_builds_and_each_metric(case: tuple[Duel, str, int]) -> None:
    text = markdown(case[0])
    assert case[1] in text
    assert "lab:work_s=0.1" in text
    assert all(f"| {one.metric} |" in text for one in case[0].findings)


def test_the_text_for_a_pull_request_stays_under_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    duel = duel_of(monkeypatch, tmp_path, pairs(8))
    many = tuple(PairOfDuel(n, "AB", "set aside", "it was slow | <b>@team" * 20, None, None) for n in range(1, 400))
    text = markdown(Duel(**{**duel.__dict__, "pairs": many}))
    assert len(text) <= 60_000
    assert "more, in comparison.json" in text
    assert "<b>" not in text
    assert "@team" not in text


def test_new_causes_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    duel = duel_of(monkeypatch, tmp_path, of_causes([0] * 8, [12] * 8, "KEYS_UNAVAILABLE"))
    assert [cause.cause for cause in duel.new_causes] == ["KEYS_UNAVAILABLE"]
    assert "new cause KEYS_UNAVAILABLE" in markdown(duel)


def test_annotations_say_the_worst_first_and_ten_of_a_kind_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    duel = duel_of(monkeypatch, tmp_path, pairs(10, noise=0.01, p99=1.2))
    (line,) = annotations(duel)
    assert line.startswith("::error title=trial%3A lab%3Awork_s=0.1 is worse")
    assert "::p99 steady: worse" in line
    assert "%25" in line
    lost = Duel(**{**duel.__dict__, "word": "not comparable", "reasons": tuple(f"line\n{n}" for n in range(30))})
    assert len(annotations(lost)) == 10
    assert all("\n" not in one for one in annotations(lost))


def test_the_step_summary_is_appended_to_and_never_overfilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    duel, path = duel_of(monkeypatch, tmp_path, pairs(8)), tmp_path / "summary.md"
    path.write_text("before\n")
    assert write_summary(duel, {"GITHUB_STEP_SUMMARY": str(path)})
    assert path.read_text().startswith("before\n###")
    path.write_text("x" * SUMMARY_LIMIT)
    assert not write_summary(duel, {"GITHUB_STEP_SUMMARY": str(path)})
    assert path.stat().st_size == SUMMARY_LIMIT


def test_the_table_in_the_terminal_fits_eighty_columns(case: tuple[Duel, str, int]) -> None:
    console = Console(width=80, file=StringIO())
    with console.capture() as said:
        console.print(verdict_table(case[0]))
    text = said.get()
    assert case[1] in text
    assert "…" not in text
