"""Tokens in a file that somebody else renews: a projected service-account token."""

from dataclasses import dataclass
from pathlib import Path

from harness.errors import TokenError
from harness.foreign_files import read_bytes
from harness.tokens.forms import find_token
from harness.tokens.source import refuse
from harness.tokens.sources import findings, token_source


@token_source
@dataclass(frozen=True)
class TokenFile:
    """Read the token from a file, anew at each fetch, in any of the forms of `harness.tokens.forms`."""

    path: Path

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        return findings.path("TokenFile", path=self.path)

    def open(self) -> "TokenFile":
        """Return the source itself: it holds no secret."""
        refuse(self.mistakes())
        return self

    def fetch(self) -> str:
        """Return what the file holds now."""
        try:
            data = read_bytes(self.path)
        except OSError as error:
            text = f"token file {self.path} cannot be read: {error.strerror}; see that whoever renews it leaves one"
            raise TokenError(text, "UNREACHABLE") from error
        try:
            return find_token(data).token
        except TokenError as error:
            raise TokenError(f"token file {self.path}: {error}", error.cause) from None
