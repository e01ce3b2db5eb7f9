import pytest

from harness.errors import UsageError
from harness.tokens.sources.discovery import discover, documents, read_document
from tests.tokens.sources.fake_issuer import body, issuer

ISSUER = "https://id.example/realm"
URL = f"{ISSUER}/.well-known/openid-configuration"


def test_the_document_is_looked_for_in_both_places() -> None:
    assert documents(f"{ISSUER}/") == (URL, "https://id.example/.well-known/oauth-authorization-server/realm")


def test_a_trailing_slash_is_no_other_issuer() -> None:
    document = body(issuer=f"{ISSUER}/", token_endpoint=f"{ISSUER}/token")
    found = read_document(ISSUER, URL, 200, "", document)
    assert (found.issuer, found.token_endpoint) == (f"{ISSUER}/", f"{ISSUER}/token")


@pytest.mark.parametrize(
    ("status", "document", "sentence"),
    [
        (200, b"<html>log in</html>", "answered HTML"),
        (200, b"[]", "answered no JSON object"),
        (503, b"", "answered 503"),
        (
            200,
            body(issuer="https://evil.example", token_endpoint="https://evil.example/t"),
            "document of 'https://evil",
        ),
        (200, body(token_endpoint=f"{ISSUER}/token"), "document of 'nobody'"),
        (200, body(issuer=ISSUER), "names no token_endpoint; give token_url="),
        (200, body(issuer=ISSUER, token_endpoint="/token"), "is no HTTP address"),
        (200, body(issuer=ISSUER, token_endpoint="http://id.example/token"), "is not https"),
    ],
)
def test_a_wrong_document_is_named(status: int, document: bytes, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        read_document(ISSUER, URL, status, "", document)


@pytest.mark.e2e
def test_an_issuer_without_a_document_or_without_a_port_is_named() -> None:
    with issuer() as server:
        with pytest.raises(UsageError, match="has no discovery document"):
            discover(server.root, 5)
        root = server.root
    with pytest.raises(UsageError, match="cannot be reached"):
        discover(root, 5)
