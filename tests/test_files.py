"""Files are whole or absent, whatever happens while they are written."""

import json
from pathlib import Path

import pytest

from harness.errors import RecordError
from harness.files import cut_lines, new_folder, read_lines, replaced, write_json, write_whole


def test_a_file_that_could_not_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "run.json", "old")

    def fail() -> None:
        with replaced(path) as temporary:
            temporary.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(RecordError, match=r"cannot write .*run\.json: No space left on device; free some space"):
        fail()
    assert path.read_text() == "old"


def test_json_that_no_reader_takes_is_refused_and_leaves_the_old_one(tmp_path: Path) -> None:
    path = write_json(tmp_path / "summary.json", {"p99_s": 0.1})
    with pytest.raises(ValueError, match="Out of range"):
        write_json(path, {"p99_s": float("nan")})
    assert json.loads(path.read_text()) == {"p99_s": 0.1}


def test_folders_that_begin_in_one_second_have_different_names(tmp_path: Path) -> None:
    names = [new_folder(tmp_path, "20260101T000000Z").name for _ in range(3)]
    assert names == ["20260101T000000Z", "20260101T000000Z-2", "20260101T000000Z-3"]


def test_lines_cut_short_are_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "auth.ndjson"
    path.write_text('{"a": 1}\n\n[2]\n{"b": ')
    assert list(read_lines(path)) == [{"a": 1}]
    assert cut_lines(path) == "auth.ndjson: 1 line cut short, left out"


def test_a_file_that_is_missing_has_no_lines(tmp_path: Path) -> None:
    assert list(read_lines(tmp_path / "none.ndjson")) == []
    assert cut_lines(tmp_path / "none.ndjson") is None
