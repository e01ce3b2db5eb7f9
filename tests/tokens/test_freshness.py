import logging
import re

import pytest

from harness import clock
from harness.tokens.freshness import Vetted, doubt
from harness.tokens.token import Token
from tests.tokens.craft import jwt_text


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"exp": 1000}, "is expired since 0 s"),
        ({"exp": 100}, "is expired since 900 s"),
        ({"exp": 2000, "nbf": 1030}, "is not valid for another 30 s"),
        ({"exp": 2000, "iat": 1037}, "was issued 37 s in the future"),
    ],
)
def test_a_fresh_token_tells_of_a_clock_that_is_off(claims: dict[str, int], sentence: str) -> None:
    found = doubt(Token.parse(jwt_text(claims), 0.0), 1000.0)
    assert found
    assert sentence in found


@pytest.mark.parametrize("claims", [{"exp": 2000, "iat": 1000, "nbf": 1001}, {"exp": 1001}, {}, {"iat": True}])
def test_a_token_that_is_good_now_raises_no_doubt(claims: dict[str, int]) -> None:
    assert doubt(Token.parse(jwt_text(claims), 0.0), 1000.0) is None


class _Dead:
    def fetch(self) -> str:
        return jwt_text({"exp": int(clock.wall()) - 100})

    def for_user(self, name: str) -> "_Dead":
        assert name
        return self


def test_only_the_first_doubtful_token_is_named(caplog: pytest.LogCaptureFixture) -> None:
    source = Vetted(_Dead())
    with caplog.at_level(logging.WARNING, logger="jwtstorm"):
        for user in (source, source, source.for_user("0-1")):
            assert user.fetch().count(".") == 2
    (record,) = caplog.records
    assert re.search(r"expired since 10\d s by this machine's clock", record.getMessage())
    assert jwt_text()[:20] not in record.getMessage()
