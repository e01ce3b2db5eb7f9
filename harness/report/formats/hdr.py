"""HdrHistogram: a run's times in two interval logs, ``response.hlog`` and ``service.hlog``.

For tools that read interval logs (format 1.3, V2 encoding): one histogram of microseconds per 5 s from
zero, of all calls that succeeded. Nothing of ours reads them back. Values are the middles of our cells,
so they carry both histograms' errors: 0.2 % and, at three digits, 0.1 %. Needs ``jwtstorm[hdr]``.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import UsageError
from harness.files import write_whole
from harness.report.formats import export_format
from harness.results.histogram import value_of
from harness.results.run import Run
from harness.results.series import BIN_S, LONG, of, read_series
from harness.results.summary import Summary

HIGHEST_US = 3_600_000_000
"""An hour; longer times count as that, for HdrHistogram drops what is out of its range without a word."""
DIGITS = 3


@export_format("hdr")
def write(run: Run, summary: Summary) -> Sequence[Path]:
    """Write response.hlog and service.hlog, HdrHistogram's interval logs of 5 s each."""
    del summary
    return [write_log(run.path, series) for series in LONG]


def histograms(run: Path, series: str) -> Iterator[tuple[int, Any]]:
    """Yield the start in seconds and the HdrHistogram of each 5 s that has a call.

    Raises `UsageError` without the library, `RecordError` where the run has no series.
    """
    try:
        from hdrh.histogram import HdrHistogram
    except ImportError as error:
        raise UsageError("hdrhistogram is not installed; pip install 'jwtstorm[hdr]'") from error
    rows = of(read_series(run, series), series, phase="all", key="ok")
    for at_s in np.unique(rows["at_s"].to_numpy(np.int64)).tolist():
        part = rows[rows["at_s"] == at_s]
        histogram = HdrHistogram(1, HIGHEST_US, DIGITS)
        values = np.clip(np.rint(value_of(part["cell"].to_numpy(np.int64))), 1, HIGHEST_US).astype(int)
        for value, count in zip(values.tolist(), part["count"].tolist(), strict=True):
            histogram.record_value(value, count)
        yield at_s, histogram


def write_log(run: Path, series: str) -> Path:
    """Write ``<series>.hlog`` into a run's folder, and return its path."""
    lines = ["#[Histogram log format version 1.3]", "#[BaseTime: 0.000 (seconds since epoch)]"]
    lines.append('"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"')
    for at_s, histogram in histograms(run, series):
        longest_s = histogram.get_max_value() / 1e6
        lines.append(f"{at_s:.3f},{BIN_S:.3f},{longest_s:.6f},{histogram.encode().decode('ascii')}")
    return write_whole(run / f"{series}.hlog", "\n".join(lines) + "\n")
