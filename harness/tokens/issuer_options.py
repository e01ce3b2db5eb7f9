"""The options that name an OAuth issuer on a command line: the same for ``run any`` and for ``probe``."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.tokens.sources.client_auth import ClientAuth, ClientSecret, PrivateKeyJwt
from harness.tokens.sources.client_credentials import ClientCredentials

ISSUERS = ("issuer_url", "token_url")
"""The options, one of which names an issuer."""
STYLES = ("basic", "post")


def declare(option: Callable[..., Any]) -> None:
    """Declare the options."""
    option(
        "--issuer-url", default="", metavar="URL", help="OAuth client credentials, from an issuer that is discovered"
    )
    option("--token-url", default="", metavar="URL", help="the same, from its token endpoint")
    option("--client-id", default="", metavar="ID", help="for these; its secret is in CLIENT_SECRET")
    option(
        "--client-auth", default="basic", metavar="STYLE", help="how the secret goes: basic or post (default: basic)"
    )
    option("--client-key", type=Path, metavar="FILE", help="prove the client with this private key, not a secret")
    option("--client-key-id", default="", metavar="KID", help="for --client-key (default: the key's own)")
    option("--scope", default="", metavar="WORDS", help="to ask the issuer for")
    option("--audience", default="", metavar="NAME", help="to ask the issuer for")


def client_credentials(options: argparse.Namespace) -> ClientCredentials:
    """Return the source that the options name; raises `UsageError`."""
    if options.client_auth not in STYLES:
        raise UsageError(f"--client-auth {options.client_auth}: no such style; give one of {', '.join(STYLES)}")
    return ClientCredentials(
        token_url=options.token_url,
        issuer_url=options.issuer_url,
        client_id=options.client_id,
        auth=_auth(options),
        scope=options.scope,
        audience=options.audience,
        proxy=options.proxy,
    )


def _auth(options: argparse.Namespace) -> ClientAuth:
    if options.client_key is None:
        return ClientSecret(style=options.client_auth)
    if not options.issuer_url:
        raise UsageError("--client-key signs for the issuer alone; give --issuer-url, which finds the token endpoint")
    return PrivateKeyJwt(Path(options.client_key), key_id=options.client_key_id)
