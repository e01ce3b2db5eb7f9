"""OIDC discovery: from an issuer's address to its token endpoint.

Source: OpenID Connect Discovery 1.0, section 4; RFC 8414, section 3, where the first is not there.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from harness.endpoint.proxy import http_pool
from harness.errors import TokenError, UsageError
from harness.tokens.sources import findings, issuer_request
from harness.tokens.sources.token_answer import looks_like_html


@dataclass(frozen=True)
class Discovered:
    """What an issuer says of itself."""

    issuer: str
    token_endpoint: str


def discover(issuer_url: str, timeout_s: float, proxy: str = "") -> Discovered:
    """Return what the issuer's document says; raises `UsageError` with what is wrong with it."""
    for url in documents(issuer_url):
        status, kind, body = _get(url, timeout_s, proxy)
        if status != 404:
            return read_document(issuer_url, url, status, kind, body)
    raise UsageError(f"{issuer_url} has no discovery document (404 at {url}); give its token_url= instead")


def documents(issuer_url: str) -> tuple[str, str]:
    """Return where the document may be: OpenID's place, then OAuth's."""
    parts = urlsplit(issuer_url.rstrip("/"))
    oauth = parts._replace(path=f"/.well-known/oauth-authorization-server{parts.path}")
    return f"{issuer_url.rstrip('/')}/.well-known/openid-configuration", urlunsplit(oauth)


def read_document(issuer_url: str, url: str, status: int, content_type: str, body: bytes) -> Discovered:
    """Return what a document says; raises `UsageError`."""
    if status != 200:
        raise UsageError(f"{url} answered {status}; is issuer_url the issuer's own?")
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        what = "HTML" if looks_like_html(content_type, body) else "no JSON object"
        raise UsageError(f"{url} answered {what}; is issuer_url the issuer's own?")
    issuer, endpoint = data.get("issuer"), data.get("token_endpoint")
    if not isinstance(issuer, str) or issuer.rstrip("/") != issuer_url.rstrip("/"):
        shown = issuer if isinstance(issuer, str) else "nobody"
        raise UsageError(f"{url} is the document of {shown[:200]!r}; give that as issuer_url, or correct the issuer")
    if not isinstance(endpoint, str):
        raise UsageError(f"{url} names no token_endpoint; give token_url= instead")
    if wrong := findings.url(url, token_endpoint=endpoint):
        raise UsageError(wrong[0])
    if urlsplit(issuer_url).scheme == "https" and urlsplit(endpoint).scheme != "https":
        raise UsageError(f"{url}: token_endpoint is not https, so the secret would travel in clear; correct the issuer")
    return Discovered(issuer, endpoint)


def _get(url: str, timeout_s: float, proxy: str) -> tuple[int, str, bytes]:
    import urllib3

    try:
        with http_pool(url, proxy, retries=False, timeout=urllib3.Timeout(timeout_s)) as pool:
            answer = issuer_request.ask(
                pool, "GET", url, timeout_s, headers={"accept": "application/json"}, redirect=True
            )
    except TokenError as error:
        raise UsageError(f"{url}: {error}") from error
    return answer.status, answer.content_type, answer.body
