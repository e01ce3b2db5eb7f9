import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import UsageError
from harness.tokens.sources.secret_file import read_secret
from tests.tokens.sources.fake_issuer import SECRET


def read(folder: Path, data: bytes) -> str:
    path = folder / "secret"
    path.write_bytes(data)
    return read_secret("client secret", path, ("clientsecret", "secret"), "write the secret alone into it")


@pytest.mark.parametrize(
    "data",
    [
        SECRET.encode(),
        f"{SECRET}\r\n".encode(),
        f"\ufeff  {SECRET}\n".encode(),
        SECRET.encode("utf-16"),
        json.dumps({"web": {"client_id": "x", "client_secret": SECRET}}).encode(),  # Google's
        json.dumps({"realm": "x", "resource": "y", "credentials": {"secret": SECRET}}, indent=1).encode(),  # Keycloak's
        json.dumps([{"clientSecret": SECRET}, {"client_secret": SECRET}]).replace("[", '{"all": [').encode() + b"}",
    ],
)
def test_a_secret_is_read_as_issuers_and_editors_save_it(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path, data) == SECRET


def test_a_secret_that_begins_like_json_and_is_none_is_one(tmp_path: Path) -> None:
    assert read(tmp_path, b"{x7$") == "{x7$"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty; write the secret"),
        (b" \n", "is empty"),
        (b"\xff", "is no text"),
        (f"{SECRET}\n{SECRET}x".encode(), "holds 2 lines, and a secret is one"),
        (b'{"a": 1}', "is JSON with 0 of clientsecret, secret"),
        (json.dumps({"secret": SECRET, "inner": {"client_secret": "other"}}).encode(), "is JSON with 2 of"),
        (b"{" * 100_001, "is larger than"),
    ],
)
def test_what_is_no_secret_is_named_and_not_quoted(tmp_path: Path, data: bytes, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, data)
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


def test_an_answer_nested_without_end_is_a_secret_or_a_refusal(tmp_path: Path) -> None:
    value: Any = '{"a":' * 9000 + "1" + "}" * 9000
    assert read(tmp_path, value.encode()) == value
