import json
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.tokens.sources.claims_file import Claims, read_claims
from tests.tokens.craft import jwt_text

CLAIMS = {"iss": "https://issuer.example", "aud": ["a", "b"]}
PASTED = {**CLAIMS, "iat": 1700000000, "exp": 1700000300, "jti": "x"}


def read(folder: Path, data: str | bytes) -> Claims:
    path = folder / "claims"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_claims(path)


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(PASTED),
        json.dumps(PASTED, indent=2).replace("\n", "\r\n").encode("utf-8-sig"),
        json.dumps(PASTED).encode("utf-16"),
        json.dumps({"header": {"alg": "ES256"}, "payload": PASTED, "signature": "x"}),
        json.dumps({"active": True, **PASTED}),
        jwt_text(PASTED),
        f"Bearer {jwt_text(PASTED)}",
        json.dumps({"access_token": jwt_text(PASTED)}),
    ],
)
def test_claims_of_a_real_token_are_read_without_what_is_its_own(tmp_path: Path, data: str | bytes) -> None:
    found = read(tmp_path, data)
    assert found.members == CLAIMS
    assert found.life_s == 300
    assert found.note == "iat, exp, jti of the claims file are set anew for each token"


def test_claims_that_were_written_for_the_purpose_stay_as_they_are(tmp_path: Path) -> None:
    found = read(tmp_path, json.dumps(CLAIMS))
    assert (found.members, found.left_out, found.note, found.life_s) == (CLAIMS, (), "", None)


@pytest.mark.parametrize(
    ("dates", "life_s"),
    [
        ({"iat": 5, "exp": 4}, None),
        ({"exp": 4}, None),
        ({"iat": "5", "exp": 9}, None),
        ({"iat": True, "exp": 9}, None),
        ({"iat": 0, "exp": 10**400}, None),
        ({"iat": 1.5, "exp": 9}, 7.5),
    ],
)
def test_a_life_is_taken_where_the_dates_tell_one(
    tmp_path: Path, dates: dict[str, object], life_s: float | None
) -> None:
    assert read(tmp_path, json.dumps(dates)).life_s == life_s


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("[]", "are no object"),
        ("{", "are no JSON"),
        ('"x"', "are neither JSON nor a token"),
        ("", "are neither JSON nor a token"),
        (b"\xff", "hold no text"),
        ('{"exp": NaN}', "hold NaN, which JSON does not have"),
        ("[" * 100_000, "are nested too deeply"),
        ("iss: me", "are neither JSON nor a token"),
    ],
)
def test_what_are_no_claims_is_named_with_the_way_out(tmp_path: Path, data: str | bytes, said: str) -> None:
    with pytest.raises(UsageError, match="; give an object of claims") as caught:
        read(tmp_path, data)
    assert said in str(caught.value)


def test_claims_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_claims(tmp_path / "none")
