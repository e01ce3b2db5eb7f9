"""Token sources, one file each: settings that a scenario writes down, and what they open to."""

from harness.auth.sources.client_auth import ClientSecret, NoClientAuth, PrivateKeyJwt
from harness.auth.sources.client_credentials import ClientCredentials, OAuthSource
from harness.auth.sources.login_call import LoginCall
from harness.auth.sources.refresh_token import RefreshToken
from harness.auth.sources.signing_key import SigningKey
from harness.auth.sources.token_command import TokenCommand
from harness.auth.sources.token_file import TokenFile

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
