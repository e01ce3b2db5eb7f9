import os
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.foreign_files import MOST_BYTES
from harness.tokens.sources.token_file import TokenFile
from tests.tokens.craft import jwt_text
from tests.tokens.sources.fake_issuer import refusal


def test_a_token_file_is_read_anew_at_each_fetch(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.touch()
    source = TokenFile(path).open()
    for serial in (1, 2):
        path.write_text(f"  {jwt_text(serial=serial)}\n")
        assert source.fetch() == jwt_text(serial=serial)


def test_a_token_file_that_turns_bad_is_an_error_of_the_source(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(" \n")
    source = TokenFile(path).open()
    assert "is empty; is whoever writes it at work?" in str(refusal(source.fetch))
    path.write_bytes(b"\xff")
    assert "byte 1 (0xFF) is no UTF-8 text" in str(refusal(source.fetch))
    path.write_text("<html>")
    assert f"token file {path}: it holds a page of HTML" in str(refusal(source.fetch))
    path.unlink()
    assert refusal(source.fetch).cause == "UNREACHABLE"


def test_a_token_file_is_read_as_people_save_it(tmp_path: Path) -> None:
    path = tmp_path / "token"
    for data in (f"\ufeff{jwt_text()}\r\n", f'{{"access_token": "{jwt_text()}"}}', f"Bearer {jwt_text()}"):
        path.write_text(data, encoding="utf-8")
        assert TokenFile(path).open().fetch() == jwt_text()


def test_a_token_file_that_is_a_pipe_or_huge_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is a pipe, which ends after one reading; save it as a file"):
        TokenFile(tmp_path / "pipe").open()
    source = TokenFile(tmp_path / "token")
    (tmp_path / "pipe").rename(tmp_path / "token")  # it became one after the run began
    assert "is a pipe" in str(refusal(source.fetch))
    (tmp_path / "token").unlink()
    with (tmp_path / "token").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    assert "is larger than" in str(refusal(source.fetch))


def test_a_token_file_that_is_not_there_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        TokenFile(tmp_path / "nowhere").open()
    assert TokenFile(7).mistakes() == ["TokenFile: path=7 is no path; give that of a file"]  # type: ignore[arg-type]
