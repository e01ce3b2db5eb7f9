"""Tokens in a file that somebody else renews: a projected service-account token."""

from dataclasses import dataclass
from pathlib import Path

from harness.errors import TokenError
from harness.tokens.source import refuse
from harness.tokens.sources import findings, token_source


@token_source
@dataclass(frozen=True)
class TokenFile:
    """Read the token from a file, anew at each fetch."""

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
            text = Path(self.path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            kind = type(error).__name__
            raise TokenError(f"token file {self.path} cannot be read ({kind})", "UNREACHABLE") from error
        if not text:
            raise TokenError(f"token file {self.path} is empty; is whoever renews it at work?", "BAD_RESPONSE")
        return text
