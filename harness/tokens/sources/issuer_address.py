"""Where an issuer's token endpoint is: told, or discovered."""

from typing import Any
from urllib.parse import urlsplit

from harness.tokens.sources import findings
from harness.tokens.sources.discovery import Discovered, discover


def mistakes(what: str, token_url: Any, issuer_url: Any) -> list[str]:
    """Return what is wrong with the two addresses, of which one is given; one sentence each."""
    if not token_url and not issuer_url:
        return [f"{what}: no issuer; give token_url=, or issuer_url= to discover it"]
    if token_url and issuer_url:
        return [f"{what}: token_url= and issuer_url= are both given; the second finds the first, so give one"]
    return findings.url(what, **({"token_url": token_url} if token_url else {"issuer_url": issuer_url}))


def hosts(token_url: str, issuer_url: str) -> list[str]:
    """Return the machine that is asked; where discovery leads is the issuer's own word."""
    return [urlsplit(token_url or issuer_url).hostname or ""]


def resolve(token_url: str, issuer_url: str, timeout_s: float, proxy: str = "") -> Discovered:
    """Return the token endpoint, and the issuer where it was discovered; raises `harness.errors.UsageError`."""
    return Discovered("", token_url) if token_url else discover(issuer_url, timeout_s, proxy)
