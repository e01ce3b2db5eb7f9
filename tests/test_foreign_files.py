import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.foreign_files import MOST_BYTES, NotTextError, decoded, read_bytes, text_of


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", ""),
        ("utf-8-sig", "a byte order mark stands before it"),
        ("utf-16", "it is in UTF-16"),
        ("utf-16-le", "it is in UTF-16"),
        ("utf-16-be", "it is in UTF-16"),
        ("utf-32", "it is in UTF-32"),
    ],
)
def test_text_is_read_in_the_encodings_that_editors_save(encoding: str, said: str) -> None:
    assert decoded("token\r\n".encode(encoding)) == ("token\r\n", said)


@given(st.text(alphabet=st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"])))
def test_utf_8_comes_back_as_it_was(text: str) -> None:
    assert text_of(text.encode()) == text


@given(st.binary())
def test_any_bytes_are_text_or_are_not(data: bytes) -> None:
    try:
        text = text_of(data)
    except NotTextError:
        return
    assert "\0" not in text


def test_a_file_is_read_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert read_bytes(path, 10) == b"x" * 10
    with pytest.raises(OSError, match="larger than 9 bytes"):
        read_bytes(path, 9)
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(OSError, match="larger than"):
        read_bytes(path)


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, said in ((tmp_path / "pipe", "is a pipe"), (tmp_path, "directory"), ("/dev/zero", "is no regular file")):
        with pytest.raises(OSError, match=said):
            read_bytes(path)
