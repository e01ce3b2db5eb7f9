"""Arrow columns as numpy arrays and back, from buffers alone.

``pyarrow.array`` and ``to_numpy`` import pandas wherever it is installed, to see whether they were given a series;
that is most of the time in which a small run's report is made.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_SHORT = pa.int16()
Bools = npt.NDArray[np.bool_]


def column(values: npt.NDArray[Any], kind: pa.DataType, valid: Bools | None = None) -> pa.Array:
    """Return numbers (shape (n,)) as a column of a type, null where they are not valid."""
    numbers = np.ascontiguousarray(values, kind.to_pandas_dtype())
    bits = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(kind, numbers.size, [bits, pa.py_buffer(numbers)])


def words(indices: npt.NDArray[Any], names: Sequence[str], kind: pa.DataType = _SHORT) -> pa.DictionaryArray:
    """Return a column of names, each by its index (shape (n,)) of a type that holds as many."""
    encoded = [name.encode() for name in names]
    ends = np.cumsum([0, *map(len, encoded)]).astype(np.int32)
    texts = pa.Array.from_buffers(
        pa.string(), len(encoded), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    )
    return pa.DictionaryArray.from_arrays(column(indices, kind), texts)


def numbers(values: pa.Array) -> npt.NDArray[Any]:
    """Return a column of numbers without nulls (shape (n,)), not copied and read-only."""
    found: npt.NDArray[Any] = np.from_dlpack(values)
    return found


def numbers_or_nan(values: pa.Array) -> npt.NDArray[np.float64]:
    """Return a column of numbers (shape (n,)), NaN where it is null."""
    bits, data = values.buffers()
    whole = slice(values.offset, values.offset + len(values))
    found = np.frombuffer(data, values.type.to_pandas_dtype())[whole].astype(np.float64)
    if values.null_count:
        found[np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[whole] == 0] = np.nan
    return found
