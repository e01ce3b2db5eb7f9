import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.results.histogram import CELLS, MAX_VALUE, SparseCounts, add, cell_of, quantiles, value_of

microseconds = st.lists(st.integers(0, 3 * 2**31), min_size=1, max_size=300)


def _histogram(values: list[int]) -> tuple[np.ndarray, np.ndarray]:
    return add(cell_of(np.array(values, np.int64)), np.ones(len(values), np.int64))


@given(st.integers(0, MAX_VALUE))
def test_a_cell_names_its_value_within_a_fifth_of_a_percent(value: int) -> None:
    cell = cell_of(np.array([value]))
    assert 0 <= cell[0] < CELLS
    assert abs(value_of(cell)[0] - value) <= 0.002 * value


@given(st.integers(0, MAX_VALUE - 1))
def test_a_larger_value_never_lies_in_a_lower_cell(value: int) -> None:
    low, high = cell_of(np.array([value, value + 1]))
    assert high - low in (0, 1)


@given(microseconds, microseconds)
def test_merging_two_histograms_is_the_histogram_of_both(first: list[int], second: list[int]) -> None:
    one, two = _histogram(first), _histogram(second)
    merged = add(np.concatenate([one[0], two[0]]), np.concatenate([one[1], two[1]]))
    both = _histogram(first + second)
    assert np.array_equal(merged[0], both[0])
    assert np.array_equal(merged[1], both[1])


@given(microseconds, st.sampled_from([0.0, 0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_the_nearest_rank_within_a_fifth_of_a_percent(values: list[int], share: float) -> None:
    rank = max(int(np.ceil(share * len(values) - 1e-9)), 1)
    exact = sorted(values)[rank - 1]
    assert quantiles(*_histogram(values), share)[0] == pytest.approx(exact, rel=0.002)


def test_quantiles_of_one_to_a_hundred_are_themselves() -> None:
    cells, counts = _histogram(list(range(1, 101)))
    assert quantiles(cells, counts, [0.5, 0.99, 1.0]).tolist() == [50, 99, 100]


def test_quantiles_of_nothing_are_no_number() -> None:
    empty = np.empty(0, np.int64)
    assert np.isnan(quantiles(empty, empty, [0.5])).all()


@given(st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=8), st.sampled_from([5, 1 << 18]))
def test_counts_gathered_in_pieces_equal_counts_of_all(pieces: list[list[int]], held: int) -> None:
    counts = SparseCounts()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("harness.results.histogram.LOOSE", 2)
        patched.setattr("harness.results.histogram.HELD", held)
        patched.setattr("harness.results.histogram.BLOCKS", 3)
        for piece in pieces:
            counts.count(np.array(piece, np.int64))
        tables = [counts.table(), counts.table()]
    whole = np.unique(np.array([key for piece in pieces for key in piece], np.int64), return_counts=True)
    for keys, sums in tables:  # reading takes nothing away
        assert np.array_equal(keys, whole[0])
        assert np.array_equal(sums, whole[1])


def test_counts_beyond_what_memory_holds_are_told_in_order_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.results.histogram.LOOSE", 100)
    monkeypatch.setattr("harness.results.histogram.HELD", 300)
    monkeypatch.setattr("harness.results.histogram.BLOCKS", 640)
    dice = np.random.default_rng(7)
    values = dice.integers(0, 5_000, 20_000)
    counts = SparseCounts()
    for piece in np.array_split(values, 100):
        counts.count(piece)
    pieces = [*counts.pieces()]
    keys = np.concatenate([piece[0] for piece in pieces])
    assert len(pieces) > 10
    assert (np.diff(keys) > 0).all()
    assert np.concatenate([piece[1] for piece in pieces]).sum() == values.size
    assert max(piece[0].size for piece in pieces) <= 640
