from pathlib import Path

import numpy as np

from harness.results.row import FIELDS, FIELDS_BY_SCHEMA, ROW, SCHEMA


def test_layout_and_field_list_describe_the_same_52_bytes() -> None:
    assert np.dtype([(name, kind) for name, kind in FIELDS]).itemsize == ROW.size == 52
    assert len(ROW.unpack(bytes(52))) == len(FIELDS)


def test_schema_1_had_48_bytes_in_the_same_order() -> None:
    old = FIELDS_BY_SCHEMA[1]
    assert np.dtype(list(old)).itemsize == 48
    assert [name for name, _ in old] == [name for name, _ in FIELDS]


def test_the_native_transport_packs_the_same_version() -> None:
    source = (Path(__file__).parents[2] / "transport" / "src" / "fleet" / "rows.rs").read_text()
    assert f"pub const SCHEMA: u32 = {SCHEMA};" in source
    assert f"const BYTES: usize = {ROW.size};" in source
