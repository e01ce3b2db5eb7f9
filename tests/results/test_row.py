import numpy as np

from harness.results.row import FIELDS, ROW


def test_layout_and_field_list_describe_the_same_48_bytes() -> None:
    assert np.dtype([(name, kind) for name, kind in FIELDS]).itemsize == ROW.size == 48
    assert len(ROW.unpack(bytes(48))) == len(FIELDS)
