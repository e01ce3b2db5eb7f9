"""Token sources, one file each: settings that a scenario writes down, and what they open to."""

from harness.tokens.sources.client_auth import ClientSecret, NoClientAuth, PrivateKeyJwt
from harness.tokens.sources.client_credentials import ClientCredentials, OAuthSource
from harness.tokens.sources.login_call import LoginCall
from harness.tokens.sources.refresh_token import RefreshToken
from harness.tokens.sources.signing_key import SigningKey
from harness.tokens.sources.token_command import TokenCommand
from harness.tokens.sources.token_file import TokenFile

__all__ = [
    "ClientCredentials",
    "ClientSecret",
    "LoginCall",
    "NoClientAuth",
    "OAuthSource",
    "PrivateKeyJwt",
    "RefreshToken",
    "SigningKey",
    "TokenCommand",
    "TokenFile",
]
