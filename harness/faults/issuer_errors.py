"""Issuer errors: the token endpoint answers with an HTTP error."""

from dataclasses import dataclass

from harness.faults.in_issuer import IssuerFault, TokenRefusal


@dataclass(frozen=True)
class IssuerErrors(IssuerFault):
    """The token endpoint answers every request with ``status``: 503 is an outage, 401 a client that was removed."""

    status: int = 503

    def text(self) -> str:
        """Return the line for people."""
        return f"issuer answers {self.status} to token requests"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        if type(self.status) is int and 400 <= self.status <= 599:
            return []
        return [f"issuer_errors: status={self.status!r} is no HTTP error; give 400 to 599"]

    async def on_token_request(self) -> TokenRefusal:
        """Refuse."""
        return TokenRefusal(self.status)
