"""HdrHistogram as a second opinion on ours, and as an export."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.merge import merge
from harness.analysis.summarise import summarise
from harness.report.formats import hdr
from harness.results.histogram import add, cell_of, quantiles
from harness.results.run import read_run
from harness.results.series import read_histogram
from tests.fakes.run import FakeRun

hdrh = pytest.importorskip("hdrh.histogram", reason="hdrhistogram is not installed: pip install 'jwtstorm[hdr]'")
SHARES = (0.0, 0.5, 0.9, 0.99, 0.999, 1.0)


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = read_run(FakeRun(tmp_path_factory.mktemp("hdr") / "run", per_s=100).write())
    summarise(run, merge(run))
    return run.path


@settings(max_examples=50)
@given(st.lists(st.integers(1, 60_000_000), min_size=1, max_size=400), st.sampled_from(SHARES))
def test_quantiles_agree_with_hdrhistogram(values: list[int], share: float) -> None:
    oracle = hdrh.HdrHistogram(1, hdr.HIGHEST_US, hdr.DIGITS)
    for value in values:
        assert oracle.record_value(value)
    ours = quantiles(*add(cell_of(np.array(values)), np.ones(len(values), np.int64)), share)[0]
    if share in (0.0, 1.0):  # the ends are no matter of rounding a rank
        assert ours == pytest.approx(oracle.get_value_at_percentile(100 * share), rel=0.004, abs=1)
        return
    near = [sorted(values)[min(max(round(share * len(values)) + shift, 0), len(values) - 1)] for shift in (-1, 0)]
    assert min(near) * 0.997 - 1 <= ours <= max(near) * 1.003 + 1
    assert min(near) * 0.997 - 1 <= oracle.get_value_at_percentile(100 * share) <= max(near) * 1.003 + 1


def test_the_export_holds_every_good_call_and_the_same_quantiles(storm: Path) -> None:
    from hdrh.log import HistogramLogReader

    for series in ("response", "service"):
        path = hdr.write_log(storm, series)
        whole = hdrh.HdrHistogram(1, hdr.HIGHEST_US, hdr.DIGITS)
        reader = HistogramLogReader(str(path), whole)
        starts = []
        while (interval := reader.get_next_interval_histogram()) is not None:
            starts.append(interval.get_start_time_stamp() / 1000)
            whole.add(interval)
        reader.close()
        cells, counts = read_histogram(storm, series, "all", "ok")
        assert starts == [5.0 * place for place in range(12)]
        assert whole.get_total_count() == counts.sum()
        for share in (0.5, 0.9, 0.99):
            ours = quantiles(cells, counts, share)[0]
            assert whole.get_value_at_percentile(100 * share) == pytest.approx(ours, rel=0.002)
