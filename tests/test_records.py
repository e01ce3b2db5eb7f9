import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from harness.errors import RecordError
from harness.records import plain, read_record, record_of


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Box:
    colour: Colour
    size_s: float
    inner: tuple["Box", ...] = ()
    free: Mapping[str, Any] | None = None


BOX = Box(Colour.RED, 1.5, (Box(Colour.RED, 2.0),), {"a": [1, None]})


def test_a_record_survives_json_with_its_fields_in_their_order() -> None:
    text = json.dumps(plain(BOX))
    assert record_of(json.loads(text), Box) == BOX
    assert text.startswith('{"colour": "red", "size_s": 1.5, "inner": [{"colour"')


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (np.float64(2.5), 2.5),
        (MappingProxyType({"a": np.float64(1)}), {"a": 1.0}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (np.str_("word"), "word"),
        (b"bytes", b"bytes"),
    ],
)
def test_what_numpy_and_mappings_hold_becomes_plain(value: Any, seen: Any) -> None:
    found = plain({"value": value})["value"]
    assert found == seen
    assert type(found) is type(seen)


def test_what_is_no_data_is_refused_by_its_kind() -> None:
    with pytest.raises(TypeError, match="cannot hold a object"):
        plain({"value": object()})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "blue"}, r"'blue' - at `\$\.colour`"),
        ({"size_s": "long"}, r"Expected `float`, got `str` - at `\$\.size_s`"),
        ({"inner": [{"size_s": 1}]}, r"required field `colour` - at `\$\.inner\[0\]`"),
    ],
)
def test_data_that_is_no_such_record_is_refused_with_the_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        record_of({**plain(BOX), **change}, Box)


def test_a_field_that_a_newer_build_added_is_left_out() -> None:
    assert record_of({**plain(BOX), "weight": 3}, Box) == BOX


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("\x00", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "holds no object"),
        ('{"schema": 2}', "has schema 2, this build reads 1"),
        ('{"schema": 1, "colour": "red"}', "is not whole"),
    ],
)
def test_a_file_that_holds_no_such_record_is_one_sentence_with_the_way_out(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "box.json").write_text(text)
    with pytest.raises(RecordError, match=said) as raised:
        read_record(tmp_path / "box.json", Box, 1, "make another")
    assert str(raised.value).endswith("; make another")
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_for_its_reader_to_explain(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_record(tmp_path / "box.json", Box, 1, "make another")
