"""Every file of the corpus is read, or named for what it is; a file without a line in the table fails."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import TokenError
from harness.tokens.forms import find_token
from harness.tokens.token import Token
from tests.tokens.craft import jwt_text

CORPUS = Path(__file__).parents[2] / "data" / "tokens"
TOKEN = (CORPUS / "plain").read_text().strip()

BEARER = "“Bearer ” stands before it"
QUOTES = "it is in quotes"
READ: dict[str, tuple[str, ...]] = {
    "plain": (),
    "crlf": (),
    "no-newline": (),
    "spaces-around": ("white space stands around it",),
    "utf-8-mark": ("a byte order mark stands before it",),
    "utf-16-le-mark": ("it is in UTF-16",),
    "utf-16-be-mark": ("it is in UTF-16",),
    "utf-16-le-bare": ("it is in UTF-16",),
    "utf-16-be-bare": ("it is in UTF-16",),
    "utf-32-mark": ("it is in UTF-32",),
    "zero-width-space": ("an unseen character stands beside it",),
    "no-break-space": ("white space stands around it",),
    "quotes-double": (QUOTES,),
    "quotes-single": (QUOTES,),
    "quotes-typographic": (QUOTES,),
    "quotes-backtick": (QUOTES,),
    "bearer": (BEARER,),
    "bearer-lower": (BEARER,),
    "bearer-tab": (BEARER,),
    "bearer-quoted": (BEARER, QUOTES),
    "header": (BEARER, "it is the value of Authorization"),
    "header-bare": ("it is the value of authorization",),
    "curl": (BEARER, "it is the value of Authorization"),
    "env": ("it is the value of TOKEN",),
    "env-export": ("it is the value of ACCESS_TOKEN",),
    "env-powershell": ("it is the value of ACCESS_TOKEN",),
    "env-several": ("it is the value of ACCESS_TOKEN",),
    "yaml": ("it is the value of token",),
    "toml": ("it is the value of token",),
    "broken-64": ("it is broken over 5 lines",),
    "broken-crlf": ("it is broken over 4 lines",),
    "broken-at-dots": ("it is broken over 3 lines",),
    "broken-bearer": ("it is broken over 2 lines",),
    "broken-in-signature": ("it is broken over 2 lines",),
    "followed-by-text": ("other text stands around it",),
    "in-a-sentence": ("other text stands around it",),
    "fragment-of-a-url": ("it is the value of access_token",),
    "netscape-cookie": ("other text stands around it",),
    "base64": ("it is in base64",),
    "base64-newline": ("it is in base64",),
    "json-text": (QUOTES,),
    "json-answer": ("it is the member access_token of JSON",),
    "json-answer-mark": ("a byte order mark stands before it", "it is the member access_token of JSON"),
    "json-pretty": ("it is the member access_token of JSON",),
    "json-bearer": ("it is the member authorization of JSON", BEARER),
    "json-camel": ("it is the member accessToken of JSON",),
    "json-nested": ("it is the member data.session.token of JSON",),
    "json-list": ("it is the member [0].token of JSON",),
    "json-unknown-name": ("it is the member result.value of JSON",),
    "json-newline-within": ("it is the member access_token of JSON",),
    "json-cognito": ("it is the member AuthenticationResult.AccessToken of JSON",),
    "exec-credential": ("it is the member status.token of JSON",),
    "token-request": ("it is the member status.token of JSON",),
    "vault": ("it is the member data.token of JSON",),
}
"""Files that hold the corpus's token, and what is noted of each."""

NAMED = {
    "no-empty": "it is empty; is whoever writes it at work?",
    "no-blank": "it is empty",
    "no-mark-alone": "it is empty",
    "no-binary": "it holds no text (byte 128 (0x80)",
    "no-zeros": "zero byte",
    "no-bearer-alone": "“Bearer” and no token",
    "no-quotes-alone": "quotes or “Bearer” and no token",
    "no-sentence": "9 words and no JWT among them",
    "no-html": "a page of HTML",
    "no-xml": "XML",
    "no-pem-key": "a private key; give it as --signing-key",
    "no-certificate": "a certificate",
    "no-ssh-key": "an SSH public key",
    "no-refusal": "an issuer's refusal (invalid_client)",
    "no-json-member": "JSON without a token",
    "no-jws-json": "a JWS in its JSON form; ask for the compact one",
    "no-jws-json-general": "a JWS in its JSON form",
    "no-jwe-json": "an encrypted token (JWE) in its JSON form",
    "no-jwk": "a key (JWK)",
    "no-jwks": "a key set (JWKS)",
    "no-claims": "the claims of a token, decoded",
    "no-header": "the header of a token, decoded",
    "no-service-account": "a service account's key; give it as --signing-key",
    "no-exec-certificate": "a certificate and no token; the plugin logs in by TLS",
    "no-exec-empty": "an ExecCredential without a token",
    "no-discovery": "an issuer's discovery document",
    "no-introspection": "token introspection",
    "no-device-login": "a device's login that nobody has finished",
    "no-two-tokens": "it holds 2 tokens; keep the one that is meant",
    "no-refresh-alone": "a refresh token and no access token",
    "no-deep": "nested too deeply",
}
"""Files that hold no token, and what they are called."""

PARSED = {
    "no-opaque-answer": "the token is opaque, no JWT",
    "no-opaque": "the token has 2 parts",
    "no-jwe": "encrypted (a JWE)",
    "no-cut-short": "cut short, with 2 of its 3 parts",
    "no-dash": "U+2014 at character 56",
    "no-umlaut": "U+00FC at character 51",
}
"""Files that hold something that a client might take for a token, and what it is called when it is parsed."""

OTHER = {"json-id-token-only": "it is an ID token"}


def test_the_table_has_every_file_of_the_corpus() -> None:
    assert {path.name for path in CORPUS.iterdir()} == {*READ, *NAMED, *PARSED, *OTHER}


@pytest.mark.parametrize(("name", "notes"), READ.items())
def test_a_token_is_found_in_whatever_it_was_saved_as(name: str, notes: tuple[str, ...]) -> None:
    found = find_token((CORPUS / name).read_bytes())
    assert found.token == TOKEN
    assert found.notes == notes
    assert "eyJ" not in repr(found)


@pytest.mark.parametrize(("name", "said"), NAMED.items())
def test_what_lies_in_a_tokens_place_is_named_with_a_way_out(name: str, said: str) -> None:
    with pytest.raises(TokenError) as caught:
        find_token((CORPUS / name).read_bytes())
    assert said in str(caught.value)
    assert "; " in str(caught.value)


@pytest.mark.parametrize(("name", "said"), PARSED.items())
def test_what_is_no_jwt_is_named_when_it_is_parsed(name: str, said: str) -> None:
    found = find_token((CORPUS / name).read_bytes())
    with pytest.raises(TokenError) as caught:
        Token.parse(found.token, 0.0)
    assert said in str(caught.value)
    assert "; " in str(caught.value)


def test_an_id_token_is_taken_where_there_is_no_other_and_called_one() -> None:
    found = find_token((CORPUS / "json-id-token-only").read_bytes())
    assert Token.parse(found.token, 0.0).claims["jti"] == "id"
    assert OTHER["json-id-token-only"] in found.notes[0]


def test_an_opaque_access_token_is_not_replaced_by_the_id_token_beside_it() -> None:
    answer = f'{{"access_token": "opaque", "id_token": "{TOKEN}"}}'
    assert find_token(answer).token == "opaque"


@given(
    st.sampled_from([jwt_text(), TOKEN]),
    st.sampled_from(["", " ", "\n", "\r\n", "\ufeff", "\t"]),
    st.sampled_from(["", "Bearer ", "bearer\t", "authorization: Bearer ", "TOKEN=", "token: ", "export A_TOKEN="]),
    st.sampled_from(["", '"', "'", "`"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_forms_may_be_combined(token: str, beside: str, before: str, quote: str, encoding: str) -> None:
    text = f"{beside}{before}{quote}{token}{quote}{beside}"
    assert find_token(text.encode(encoding)).token == token


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_whatever_is_read_is_a_word_or_a_refusal_that_quotes_nothing(data: bytes | str) -> None:
    said = ";"
    try:
        found = find_token(data)
    except TokenError as error:
        said = str(error)
    else:
        assert found.token == "".join(found.token.split())
    text = data if isinstance(data, str) else data.decode(errors="replace")
    assert len(text) < 20 or text[:20] not in said
    assert ";" in said
