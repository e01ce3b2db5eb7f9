import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.results.arrow import column, numbers, numbers_or_nan, words

TYPES = (pa.int8(), pa.uint8(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64())


@pytest.mark.parametrize("kind", TYPES, ids=str)
@given(data=st.data())
def test_numbers_come_back_as_they_went_in_whatever_slice_is_read(kind: pa.DataType, data: st.DataObject) -> None:
    limits = np.iinfo(kind.to_pandas_dtype())
    values = data.draw(st.lists(st.integers(int(limits.min), int(limits.max)), max_size=40))
    held = column(np.array(values, kind.to_pandas_dtype()), kind)
    held.validate(full=True)
    start = data.draw(st.integers(0, len(values)))
    assert numbers(held[start:]).tolist() == values[start:]
    assert numbers_or_nan(held[start:]).tolist() == [float(value) for value in values[start:]]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**31), 2**31 - 1)), max_size=40), st.integers(0, 40))
def test_what_is_not_valid_is_null_and_read_as_nan(values: list[int | None], start: int) -> None:
    valid = np.array([value is not None for value in values], bool)
    held = column(np.array([value or 0 for value in values], np.int32), pa.int32(), valid)
    held.validate(full=True)
    assert held.to_pylist() == values
    found = numbers_or_nan(held[start:]).tolist()
    assert [None if np.isnan(value) else int(value) for value in found] == values[start:]


@given(st.lists(st.text(), min_size=1, max_size=10), st.lists(st.integers(0, 9), max_size=40))
def test_words_are_read_by_their_index(names: list[str], indices: list[int]) -> None:
    indices = [index % len(names) for index in indices]
    held = words(np.array(indices, np.int64), names)
    held.validate(full=True)
    assert held.to_pylist() == [names[index] for index in indices]


def test_a_column_out_of_every_other_number_is_one_of_its_own() -> None:
    assert column(np.arange(10)[::2], pa.int16()).to_pylist() == [0, 2, 4, 6, 8]


def test_no_column_needs_pandas() -> None:
    code = """
import sys, numpy as np, pyarrow as pa
from harness.results.arrow import column, numbers, numbers_or_nan, words
held = column(np.arange(3), pa.int32(), np.array([True, False, True]))
numbers_or_nan(held), numbers(words(np.zeros(2), ["a"]).indices)
print("pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
