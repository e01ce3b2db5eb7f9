import re
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness.comparison.result import BuildOfDuel, Duel, read_duel
from harness.report.duel import DUEL_PICTURES
from harness.report.duel.page import write_duel_page
from harness.report.duel.sides import aligned, read_sides
from tests.report.duel.fake_duel import fake_duel


@pytest.fixture(scope="module")
def fought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("duel")
    write_duel_page(folder, fake_duel(folder, 8, new={"slowness": 1.3, "failing": 0.02}, per_s=100))
    return folder


@pytest.fixture
def duel(fought: Path) -> Duel:
    return read_duel(fought)


def test_the_page_stands_alone_and_says_the_word_and_each_sentence_first(fought: Path, duel: Duel) -> None:
    text = (fought / "duel.html").read_text()
    assert duel.word == "worse"
    sources = re.findall(r'src="([^"]{30})', text)
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert "<script" not in text
    assert "http" not in re.sub(r"http://127\.0\.0\.1", "", text)
    card = text[text.index('id="verdict"') : text.index("What decides")]
    assert all(finding.sentence in card for finding in duel.findings)


def test_every_picture_has_its_png_its_numbers_and_a_title_of_its_own(fought: Path) -> None:
    text = (fought / "duel.html").read_text()
    for name in DUEL_PICTURES:
        assert (fought / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert len(pd.read_csv(fought / f"{name}.csv")) > 0
        assert f'id="{name}"' in text
    titles = re.findall(r"<h3>(.+)</h3>", text)
    assert len(titles) == len(set(titles)) == len(DUEL_PICTURES)


def test_the_forest_holds_every_pairs_change_of_every_primary(fought: Path, duel: Duel) -> None:
    table = pd.read_csv(fought / "duel-forest.csv").set_index("metric")
    for finding in duel.findings:
        pairs = [table.loc[finding.metric, f"pair_{number}"] for number in range(1, 9)]
        assert pairs == pytest.approx(finding.differences)
        assert table.loc[finding.metric, "word"] == finding.word
        assert table.loc[finding.metric, "smallest_that_matters"] == pytest.approx(finding.smallest)


def test_the_time_line_shows_the_change_that_was_made(fought: Path) -> None:
    table = pd.read_csv(fought / "duel-timeline.csv")
    before = table[(table["at_s"] >= 0) & (table["at_s"] < 14)]
    assert before["change_ln"].median() == pytest.approx(0.262, abs=0.1)  # ln 1.3
    assert (before["base_lowest_s"] <= before["base_s"]).all()
    assert (before["base_s"] <= before["base_highest_s"]).all()
    assert before["new_failed_ratio"].mean() == pytest.approx(0.02, abs=0.01)
    assert before["base_failed_ratio"].max() == 0


def test_a_new_cause_is_the_title_of_the_failures(fought: Path, duel: Duel) -> None:
    (cause,) = duel.new_causes
    assert f"<h3>{cause.sentence}</h3>" in (fought / "duel.html").read_text()
    over_time = pd.read_csv(fought / "duel-causes.csv")
    assert over_time[over_time["side"] == "base"]["UNAVAILABLE"].sum() == 0
    assert over_time[over_time["side"] == "new"]["UNAVAILABLE"].mean() == pytest.approx(0.02, abs=0.005)


def test_the_spectrum_ends_where_five_slower_calls_are_left(fought: Path, duel: Duel) -> None:
    curves = pd.read_csv(fought / "duel-spectrum.csv")
    sides = read_sides(fought, duel)
    for number, story in zip(sides.numbers, sides.base.stories, strict=True):
        calls = story.summary.cell("steady").response_ok.n
        own = curves[(curves["side"] == "base") & (curves["pair"] == number) & (curves["phase"] == "steady")]
        assert own["percentile"].max() <= 1 - 5 / calls + 1e-9
    steady = curves[curves["phase"] == "steady"].pivot_table(
        index=["side", "pair", "percentile"], columns="series", values="seconds"
    )
    assert (steady["response"] >= steady["service"]).all()


def test_real_edges_of_faults_are_laid_onto_the_planned_ones(fought: Path, duel: Duel) -> None:
    sides = read_sides(fought, duel)
    align = aligned(sides.base.stories[0], sides.steps)
    assert align([15.012, 30.012, 45.02]) == pytest.approx([15, 30, 45])
    moments = align([-10, 0, 15.012, 20, 31, 60])
    assert (moments[1:] > moments[:-1]).all()


def test_a_pair_whose_files_are_gone_is_named_and_the_rest_is_drawn(fought: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(fought, tmp_path / "duel")
    duel = read_duel(folder)
    (folder / str(duel.pairs[2].new) / "series.parquet").unlink()
    text = write_duel_page(folder, duel).read_text()
    assert "Pair 3 is not in the pictures" in text
    assert f'id="{"duel-timeline"}"' in text
    assert read_sides(folder, duel).numbers == (1, 2, 4, 5, 6, 7, 8)


def test_a_duel_without_a_run_still_has_a_page(fought: Path, tmp_path: Path) -> None:
    text = write_duel_page(tmp_path, read_duel(fought)).read_text()
    assert text.count("is not in the pictures") == 8
    assert 'id="duel-forest"' in text  # it needs the result alone
    assert 'id="duel-timeline"' not in text


def test_what_a_name_holds_is_shown_and_never_run(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\"'&{{7*7}}"
    duel = fake_duel(tmp_path, 1, per_s=20, duration_s=20)
    named = replace(duel, base=BuildOfDuel(hostile, "x"))
    text = write_duel_page(tmp_path, named).read_text()
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "{{7*7}}" in text
