"""What a tap says of calls, without a socket."""

from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from harness.errors import TokenError
from harness.lab.gateway.call import RelayedCall
from harness.lab.gateway.header_codec import Field
from harness.results.wire_row import WireEnding
from harness.tap.account import TokenAccount
from harness.tap.keys import IssuerKeys
from harness.tap.seen import SeenCall

NOW_S = 1_700_000_000.0
KEY, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
ISSUER = "https://issuer.test"


def token(key: Any = KEY, kid: str = "k1", **claims: Any) -> bytes:
    whole = {"iss": ISSUER, "aud": "ledger", "iat": NOW_S - 60, "exp": NOW_S + 240, **claims}
    return jwt.encode(whole, key, "ES256", headers={"kid": kid}).encode()


def call(bearer: bytes = b"", status: int = 0, text: bytes = b"", http: bytes = b"200", **more: bytes) -> SeenCall:
    request = {":path": b"/shop.v1.Cart/Get?secret=1", **({"authorization": b"Bearer " + bearer} if bearer else {})}
    answer = {":status": http, **({"grpc-status": b"%d" % status, "grpc-message": text} if http == b"200" else {})}
    relayed = RelayedCall(1, 1_000_000_000, fields(request))
    relayed.see_response_fields(fields({**answer, **more}), 1)
    relayed.end(WireEnding.ANSWERED, 1_003_000_000)
    return SeenCall.of(relayed, b"authorization")


def fields(values: Mapping[str, bytes]) -> tuple[Field, ...]:
    return tuple(Field(name.encode(), value) for name, value in values.items())


def told(account: TokenAccount, *calls: SeenCall) -> str:
    return "\n".join(line for one in calls for line in account.tell(one))


@pytest.fixture
def account() -> TokenAccount:
    return TokenAccount(lambda: NOW_S)


def test_a_call_that_is_let_in_is_one_line_with_the_life_of_its_token(account: TokenAccount) -> None:
    assert told(account, call(token())) == "/shop.v1.Cart/Get  OK, 3 ms  token 1, 240 s left"


def test_an_expired_token_is_told_with_its_dates_the_clock_and_the_cause(account: TokenAccount) -> None:
    late = call(token(exp=NOW_S - 400), 16, b"token expired", date=b"Tue, 14 Nov 2023 22:13:30 GMT")
    said = told(account, late)
    assert "UNAUTHENTICATED (“token expired”): token expired, 3 ms  token 1, over for 400 s" in said
    assert "It expired 400 s ago: fetch a new one, and renew before exp." in said
    assert "The service's clock (its date header) is 10 s ahead of this machine's." in said


def test_an_early_token_is_told_by_how_much(account: TokenAccount) -> None:
    early = call(token(nbf=NOW_S + 600), 16, b"token not yet valid")
    assert "nbf lies 600 s ahead of what the verifier takes" in told(account, early)


def test_a_misnamed_token_is_compared_with_one_that_was_let_in(account: TokenAccount) -> None:
    said = told(account, call(token()), call(token(aud="legder"), 16, b"wrong audience"))
    assert "A token that is accepted has aud ledger, and this one has legder" in said


def test_a_refused_token_that_comes_again_is_called_out(account: TokenAccount) -> None:
    dead = call(token(exp=NOW_S - 400), 16, b"token expired")
    said = told(account, dead, dead, call(token(jti="x")), dead)
    assert "Token 1 again, refused for the same reason 1 time before: nobody renewed it." in said
    assert "refused for the same reason 2 times before" in said
    assert said.count("It expired 400 s ago") == 1


def test_a_call_without_a_token_says_so(account: TokenAccount) -> None:
    assert "No token came" in told(account, call(b"", 16, b"authorization metadata missing"))


def test_only_rejected_calls_are_told_where_that_is_asked_for() -> None:
    quiet = TokenAccount(lambda: NOW_S, only_rejected=True)
    assert told(quiet, call(token())) == ""
    assert "UNAUTHENTICATED" in told(quiet, call(token(exp=NOW_S - 400), 16))


def test_an_http_answer_of_something_in_between_is_a_rejection(account: TokenAccount) -> None:
    assert "UNAUTHENTICATED" in told(account, call(token(), http=b"401"))


def test_no_line_holds_a_token_or_a_query() -> None:
    account = TokenAccount(lambda: NOW_S, issuer(KEY))
    bearers = [
        token(),
        token(exp=NOW_S - 400),
        token(OTHER),
        token(nbf=NOW_S + 600),
        b"opaque-" * 9,
        b"a.b",
        b"\xff\xfe x",
    ]
    calls = [call(bearer, status, b"no: " + bearer) for bearer in bearers for status in (0, 16, 7)]
    said = told(account, *calls)
    assert "secret=1" not in said
    for bearer in bearers[:5]:
        for part in bearer.decode().split("."):
            assert part not in said


def issuer(*keys: Any, fails: bool = False) -> IssuerKeys:
    jwks = [{**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": f"k{n}"} for n, key in enumerate(keys, 1)]

    def get(url: str) -> Any:
        if fails:
            raise TokenError("the issuer cannot be reached", "UNREACHABLE")
        return {"jwks_uri": f"{ISSUER}/keys"} if "well-known" in url else {"keys": jwks}

    return IssuerKeys(ISSUER, get)


@pytest.mark.parametrize(
    ("keys", "bearer", "said"),
    [
        (issuer(KEY), token(), "is published by https://issuer.test, and its signature is that key's"),
        (issuer(KEY), token(OTHER), "its signature is not that key's"),
        (issuer(KEY), token(kid="k9"), "'k9' is not among those that https://issuer.test publishes: k1"),
        (issuer(), token(), "there are none"),
        (issuer(KEY, fails=True), token(), "cannot be read: the issuer cannot be reached"),
    ],
)
def test_a_rejected_token_is_held_against_the_published_keys(keys: IssuerKeys, bearer: bytes, said: str) -> None:
    assert said in told(TokenAccount(lambda: NOW_S, keys), call(bearer, 16, b"bad signature"))


def test_an_unknown_key_is_asked_for_once_and_then_not_for_a_while() -> None:
    asked: list[str] = []
    known = issuer(KEY)
    get: Callable[[str], Any] = known.get

    def counted(url: str) -> Any:
        asked.append(url)
        return get(url)

    account = TokenAccount(lambda: NOW_S, IssuerKeys(ISSUER, counted))
    told(account, *(call(token(kid=f"made-up-{n}"), 16) for n in range(20)))
    assert len(asked) == 2
