"""Readers of tokens: files, answers, what is said of one."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from harness.defects.bench import Answer
from harness.probe.explain_token import Evidence, explain
from harness.tokens.base64url import encode
from harness.tokens.forms import find_token
from harness.tokens.freshness import doubt
from harness.tokens.sources.claims_file import read_claims
from harness.tokens.sources.discovery import read_document
from harness.tokens.sources.secret_file import read_secret
from harness.tokens.sources.token_answer import read_answer
from harness.tokens.sources.token_file import TokenFile
from harness.tokens.token import Token
from tests.fuzz import reader
from tests.fuzz.mutations import corpus, foreign, json_values

NOW_S = 1_800_000_000.0
TOKENS = foreign(corpus("tokens"))
FOLDER = TemporaryDirectory(prefix="jwtstorm-fuzz-")
KINDS = st.sampled_from(["", "application/json", "text/html", "text/plain", "application/x-www-form-urlencoded"])
ANSWERS = st.tuples(st.integers(100, 599), st.text(max_size=12) | st.just("9" * 400), TOKENS, KINDS)
NUMBERS: st.SearchStrategy[object] = (
    st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 1e308, True, None, "17", [], {}])
)
CLAIMS = st.dictionaries(st.sampled_from(["exp", "nbf", "iat", "aud", "scope", "kid"]), NUMBERS | json_values)


def kept(data: bytes) -> Path:
    """Return a file with an input in it."""
    path = Path(FOLDER.name) / "input"
    path.write_bytes(data)
    return path


def compact(claims: object, header: object = None) -> str:
    """Return a token of any header and claims."""

    def part(value: object) -> str:
        return encode(json.dumps(value).encode(errors="surrogatepass"))

    return f"{part({'alg': 'ES256'} if header is None else header)}.{part(claims)}.AAAA"


@reader("token in a text", TOKENS | TOKENS.map(lambda data: data.decode("latin-1")), secret=True)
def _(data: bytes | str) -> object:
    return find_token(data)


@reader("token file", TOKENS, secret=True)
def _(data: bytes) -> object:
    return TokenFile(kept(data)).open().fetch()


@reader("token, parsed", TOKENS.map(lambda data: data.decode("latin-1")), secret=True)
def _(text: str) -> object:
    return Token.parse(text, 0.0)


@reader("token of any claims", st.tuples(CLAIMS, st.none() | json_values))
def _(given: tuple[object, object]) -> object:
    token = Token.parse(compact(*given), 0.0)
    return token.life_s(NOW_S), token.shown(), doubt(token, NOW_S)


@reader("explained file", TOKENS, secret=True)
def _(data: bytes) -> object:
    text = explain(data, Evidence(NOW_S, answer=Answer("UNAUTHENTICATED", "no")))
    assert text.strip()
    assert "\n" not in text
    return text


@reader("explained claims", st.tuples(CLAIMS, CLAIMS))
def _(given: tuple[object, object]) -> object:
    return explain(compact(given[0]), Evidence(NOW_S, good=Token.parse(compact(given[1]), 0.0)))


@reader("token endpoint's answer", ANSWERS, secret=True)
def _(given: tuple[int, str, bytes, str]) -> object:
    status, retry_after, data, kind = given
    return read_answer(status, retry_after, data, kind)


@reader("discovery document", ANSWERS)
def _(given: tuple[int, str, bytes, str]) -> object:
    status, _, data, kind = given
    return read_document("https://issuer.example", "https://issuer.example/.well-known/x", status, kind, data)


CLAIM_FILES = foreign(
    [*corpus("tokens"), b'{"iss": "a", "iat": 1, "exp": 9}', b'{"header": {}, "payload": {"aud": []}}']
)


@reader("claims file", CLAIM_FILES)
def _(data: bytes) -> object:
    return read_claims(kept(data)).note


@reader("secret file", TOKENS, secret=True)
def _(data: bytes) -> object:
    return read_secret("client secret", kept(data), ("clientsecret", "secret"), "write the secret alone into it")
