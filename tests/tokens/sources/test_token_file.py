from pathlib import Path

import pytest

from harness.errors import UsageError
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
    assert "is empty; is whoever renews it at work?" in str(refusal(source.fetch))
    path.write_bytes(b"\xff\xfe")
    assert refusal(source.fetch).cause == "UNREACHABLE"
    path.unlink()
    assert refusal(source.fetch).cause == "UNREACHABLE"


def test_a_token_file_that_is_not_there_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        TokenFile(tmp_path / "nowhere").open()
    assert TokenFile(7).mistakes() == ["TokenFile: path=7 is no path; give that of a file"]  # type: ignore[arg-type]
