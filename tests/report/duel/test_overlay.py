import numpy as np
import pytest

from harness.report.duel.overlay import _title
from harness.report.style import Floats

AT_S: Floats = np.arange(-2, 3, dtype=np.float64) + 0.5


def changes(*ratios: list[float]) -> Floats:
    """Return each pair's ratios as the picture has them, by second from -2 on."""
    logarithms: Floats = np.log(np.array(ratios, np.float64)).astype(np.float64)
    return logarithms


@pytest.mark.parametrize(
    ("ratios", "title"),
    [
        ([3.0, 3.0, 1.2, 1.2, 1.2], "p95 of the median pair is +20 % most of the time"),
        ([3.0, 3.0, 1.2, 1.2, 2.0], "p95 of the median pair is +20 % most of the time, and +100 % at 2 s"),
        ([3.0, 3.0, 1.0, 1.0, 1.0], "At no moment did p95 of the median pair differ by more than 0"),
    ],
)
def test_the_headline_of_the_time_line_is_not_about_its_warm_up(ratios: list[float], title: str) -> None:
    assert _title(AT_S, changes(ratios, ratios), 0.95) == title


def test_a_headline_says_where_pairs_disagree() -> None:
    pairs = changes([1, 1, 0.8, 1, 1], [1, 1, 1.5, 1, 1], [1, 1, 1.3, 1, 1])
    assert _title(AT_S, pairs, 0.95) == "p95 of the median pair differs most at 0 s: +30 %; pairs disagree which way"
