import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.calls.trace import AuthTrace
from harness.errors import RecordError
from harness.redaction import redact
from harness.tokens.token import Token
from tests.tokens.craft import jwt_text

KEY = "a secret of the tests that is long enough"
claims = st.dictionaries(st.sampled_from(["sub", "scope", "jti"]), st.text(max_size=12))
surroundings = st.text(max_size=40) | st.from_regex(r"[\w.:=\"'-]{0,40}", fullmatch=True)


def real_jwt(payload: dict[str, Any]) -> str:
    return jwt.encode({"exp": 1_800_000_000, **payload}, KEY, "HS256", headers={"kid": "k1"})


def trace_lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "auth-0.ndjson").read_text().splitlines()]


@given(claims, surroundings, surroundings)
def test_a_real_token_never_survives_wherever_it_stands_in_a_text(
    payload: dict[str, Any], before: str, after: str
) -> None:
    text = real_jwt(payload)
    shown = redact(before + text + after)
    for part in text.split("."):
        assert part not in shown


@pytest.mark.parametrize(
    "around", ["{}", "verification.{}", "authorization.bearer.{}", "x.{}", "token={}.", '"{}"', "Bearer {}", "é{}é"]
)
def test_no_part_of_a_token_survives_its_surroundings(around: str) -> None:
    text = real_jwt({})
    shown = redact(around.format(text))
    assert "[token]" in shown
    for part in text.split("."):
        assert part not in shown


def test_a_token_cut_short_by_its_teller_does_not_survive() -> None:
    header, payload, _ = real_jwt({}).split(".")
    assert header not in redact(f"bad token {header}.{payload}")
    assert header not in redact(f"bad token {header}...")
    assert payload[:20] not in redact(f"bad token {header}.{payload[:20]}")


@pytest.mark.parametrize(
    "text",
    [
        "missing bearer token",
        "Authorization header format must be Bearer {token}",
        'Bearer realm="api", error="invalid_token"',
        "Format is Authorization: Bearer [token]",
        "Missing bearer authentication",
    ],
)
def test_words_about_bearer_tokens_survive(text: str) -> None:
    assert redact(text) == text or "{" in text or "[token]" in text


@pytest.mark.parametrize("token", ["abcdef", "token-4711", "tokens.of.mine", "isabella", "error/404", "JWTs~1"])
def test_an_opaque_token_after_bearer_does_not_survive_whatever_it_begins_with(token: str) -> None:
    assert token not in redact(f"got Bearer {token} here")


def test_what_follows_bearer_does_not_survive() -> None:
    assert redact("got BEARER opaque-123 here") == "got [token] here"


@pytest.mark.parametrize("text", ["token expired", "Jwt is expired", "jwtstorm.lab.v1.Ledger refused it", "a.b.c"])
def test_words_of_people_survive(text: str) -> None:
    assert redact(text) == text


@given(st.text(max_size=2_000))
def test_a_redacted_text_is_one_short_line(text: str) -> None:
    shown = redact(text)
    assert len(shown) <= 200
    assert len(shown.splitlines()) <= 1


def test_a_trace_holds_registered_claims_and_no_token_bytes(tmp_path: Path) -> None:
    text = real_jwt({"sub": "storm", "email": "a@b.c"})
    trace = AuthTrace(tmp_path, 0)
    trace.add(7, Token.parse(text, 0.0), cause="expired")
    trace.close()
    (line,) = trace_lines(tmp_path)
    assert line == {
        "at_ns": 7,
        "worker": 0,
        "cause": "expired",
        "kid": "k1",
        "claims": {"sub": "storm", "exp": 1_800_000_000},
    }
    written = (tmp_path / "auth-0.ndjson").read_text()
    assert not [part for part in text.split(".") if part in written]


def test_an_attempt_without_a_token_has_no_claims(tmp_path: Path) -> None:
    trace = AuthTrace(tmp_path, 0)
    trace.add(7, None, cause="unreachable")
    trace.close()
    assert trace_lines(tmp_path) == [{"at_ns": 7, "worker": 0, "cause": "unreachable"}]


@pytest.mark.parametrize(("every", "wanted"), [(1, 10), (2, 5), (3, 4), (100, 1)])
def test_the_sample_begins_with_the_first_and_takes_one_in_so_many(tmp_path: Path, every: int, wanted: int) -> None:
    trace = AuthTrace(tmp_path, 0, every)
    sampled = [trace.wants() for _ in range(10)]
    trace.close()
    assert sampled[0]
    assert sum(sampled) == wanted


def test_lines_reach_the_disk_with_flush_and_closing_twice_is_allowed(tmp_path: Path) -> None:
    trace = AuthTrace(tmp_path, 0)
    trace.add(1, Token.parse(jwt_text(), 0.0))
    assert trace_lines(tmp_path) == []
    trace.flush()
    assert len(trace_lines(tmp_path)) == 1
    trace.close()
    trace.close()
    assert len(trace_lines(tmp_path)) == 1


def test_a_full_disk_is_a_record_error(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    (tmp_path / "auth-0.ndjson").symlink_to(full)
    trace = AuthTrace(tmp_path, 0)
    trace.add(1, None)
    with pytest.raises(RecordError, match="free some space"):
        trace.close()


def test_a_folder_that_is_not_there_is_a_record_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot open the auth trace"):
        AuthTrace(tmp_path / "nowhere", 0)
