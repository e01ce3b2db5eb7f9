import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from harness.errors import RecordError, UsageError
from harness.records import plain, read_record, record_of, settings_of


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


@dataclass(frozen=True)
class Shelf:
    boxes: tuple[Box, ...] = ()
    file: Path | None = None


def test_a_path_travels_as_its_text() -> None:
    shelf = Shelf(file=Path("/a/b"))
    assert plain(shelf)["file"] == "/a/b"
    assert record_of(plain(shelf), Shelf) == shelf
    with pytest.raises(ValueError, match=r"Expected `Path`, got `int` - at `\$\.file`"):
        record_of({"file": 7}, Shelf)


def test_settings_are_a_record_whose_every_name_means_something() -> None:
    shelf = Shelf((BOX,), Path("x"))
    assert settings_of(plain(shelf), Shelf, "shelf") == shelf
    with pytest.raises(UsageError, match=r"^shelf: there is no setting 'fiel'; known are boxes, file$"):
        settings_of({"fiel": "x"}, Shelf, "shelf")


def test_a_name_that_is_mistyped_is_told_before_what_it_leaves_missing() -> None:
    with pytest.raises(UsageError, match=r"there is no setting 'color'; known are colour, free"):
        settings_of({"color": "red", "size_s": 1}, Box, "box")


@pytest.mark.parametrize("boxes", [list, tuple])
def test_a_name_without_meaning_is_found_at_any_depth_but_in_free_data(boxes: Callable[..., Any]) -> None:
    odd = {**plain(BOX), "colur": "red"}
    with pytest.raises(UsageError, match=r"no setting 'colur' at `\$\.boxes\[1\]`; known are colour, free"):
        settings_of({"boxes": boxes([plain(BOX), odd])}, Shelf, "shelf")


def test_settings_of_a_wrong_kind_are_told_with_their_place() -> None:
    with pytest.raises(UsageError, match=r"^shelf: Expected `array`, got `str` - at `\$\.boxes`$"):
        settings_of({"boxes": "many"}, Shelf, "shelf")


@pytest.mark.parametrize("odd", [None, [], "text"])
def test_settings_that_are_no_object_are_refused(odd: Any) -> None:
    with pytest.raises(UsageError, match="shelf: Expected `object`"):
        settings_of(odd, Shelf, "shelf")
