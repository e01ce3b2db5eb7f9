"""What matters: the metrics a verdict rests on, and the smallest change of each that is worth a word.

It is part of the scenario and of its fingerprint, so that nobody chooses it after seeing data.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from harness.comparison.statistics.metric import Metric, default_primaries, primary
from harness.comparison.statistics.metric import mistakes as metric_mistakes
from harness.errors import RecordError, UsageError
from harness.records import settings_of
from harness.validation import positive


@dataclass(frozen=True)
class Matters:
    """The smallest changes that matter, and the primaries.

    The ``_ratio`` fields are relative changes of response times (0.05 is 5 %, either way), and
    ``failed_points`` percentage points of all planned calls. ``primaries`` are names with phases
    (``"p99 steady"``, at most six); without them `harness.comparison.statistics.metric.default_primaries`.
    """

    p50_ratio: float = 0.05
    p99_ratio: float = 0.10
    p99_typical_ratio: float = 0.10
    failed_points: float = 0.5
    primaries: tuple[str, ...] = ()

    def mistakes(self, steps: Iterable[str] = ()) -> list[str]:
        """Return what is wrong with the settings; ``steps`` are the ids that a primary may name as its phase."""
        sizes = {name: value for name, value in asdict(self).items() if name != "primaries"}
        return positive("matters", **sizes) + metric_mistakes(self.primaries, steps)

    def metrics(self, *, faults: bool) -> tuple[Metric, ...]:
        """Return the primaries; ``faults`` tells whether the timeline has a step."""
        return tuple(primary(text) for text in self.primaries or default_primaries(faults=faults))

    def smallest(self, metric: Metric) -> float:
        """Return the smallest change that matters on the metric's scale: ln of a ratio, or a share of 1."""
        if metric.name == "failed":
            return self.failed_points / 100
        ratios = {"p50": self.p50_ratio, "p99": self.p99_ratio, "p99_typical": self.p99_typical_ratio}
        return math.log1p(ratios[metric.name])


def matters_of(comparable: Mapping[str, Any]) -> Matters:
    """Return the settings among a run's settings; a run that says nothing had the defaults.

    Raises `RecordError` for fields that this build does not know.
    """
    try:
        return settings_of(comparable.get("matters") or {}, Matters, "the run's 'matters'")
    except UsageError as error:
        raise RecordError(f"{error}; use the build that wrote it") from error
