"""The documented queries, run as they stand in docs/queries.md; skipped, by name, without duckdb."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.analysis.merge import merge
from harness.analysis.summarise import summarise
from harness.results.run import read_run
from harness.results.summary import Summary
from tests.fakes.run import FakeRun

duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed: pip install 'jwtstorm[duckdb]'")

TEXT = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
QUERIES = dict(re.findall(r"^## (.+?)$.*?```sql\n(.*?)```", TEXT, re.DOTALL | re.MULTILINE))


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    run = read_run(FakeRun(tmp_path_factory.mktemp("runs") / "storm", failing=0.01).write())
    return run.path, summarise(run, merge(run))


@pytest.fixture
def asked(storm: tuple[Path, Summary], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with duckdb.connect() as connection:

        def ask(title: str) -> pd.DataFrame:
            monkeypatch.chdir(storm[0].parent if "side by side" in title else storm[0])
            frame: pd.DataFrame = connection.sql(QUERIES[title]).df()
            return frame

        yield ask


def test_the_page_has_its_queries() -> None:
    assert len(QUERIES) == 7


@pytest.mark.parametrize("title", QUERIES)
def test_a_query_of_the_page_finds_something(title: str, asked: Any) -> None:
    assert len(asked(title)) > 0


def test_sql_and_summary_agree_about_quantiles(asked: Any, storm: tuple[Path, Summary]) -> None:
    for row in asked("How slow, by method").itertuples():
        cell = storm[1].cell("all", row.method)
        assert row.calls == cell.response_ok.n
        assert cell.response_ok.p50_s is not None
        assert row.p50_ms == pytest.approx(cell.response_ok.p50_s * 1e3, rel=0.01)


def test_sql_and_summary_agree_about_failures(asked: Any, storm: tuple[Path, Summary]) -> None:
    found = asked("Why calls failed, and from which second to which").groupby("cause")["calls"].sum()
    whole, warm_up = storm[1].cell("all"), storm[1].cell("warm-up")
    assert found.sum() == whole.failed + warm_up.failed
    assert found["EXPIRED"] == whole.causes["EXPIRED"] + warm_up.causes.get("EXPIRED", 0)


def test_sql_and_series_agree_about_fetches(asked: Any, storm: tuple[Path, Summary]) -> None:
    fetches = asked("Token fetches a second")
    phase = storm[1].phase("all")
    assert phase is not None
    assert fetches[fetches["at_s"] >= 0]["fetches"].sum() == phase.fetches
