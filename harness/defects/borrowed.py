"""What can be made of one good token of somebody else's making, without the key that signed it, or with it."""

from dataclasses import dataclass
from typing import Any

from harness.defects.good import LEFT_OUT, Good
from harness.tokens.signer import Signer
from harness.tokens.token import Token


class Beyond(Exception):  # noqa: N818 - no failure: whoever asks says what it means
    """Something that cannot be made or asked here; the text says why, and the way out."""


@dataclass(frozen=True)
class Keyless(Signer):
    """A key that is not in our hands: whoever asks for its signature gets `Beyond`."""

    why: str = "it needs a key that is not in our hands"

    def sign(self, message: bytes, algorithm: str = "") -> bytes:
        """Raise `Beyond`."""
        del message, algorithm
        raise Beyond(self.why)

    def jwk(self, **changes: Any) -> dict[str, Any]:
        """Raise `Beyond`."""
        del changes
        raise Beyond(self.why)

    def public_bytes(self, *, pem: bool) -> bytes:
        """Raise `Beyond`."""
        del pem
        raise Beyond(self.why)


@dataclass(frozen=True)
class Borrowed(Good):
    """One good token, and what can be made of it: all of its claims and header stay, but for the changes.

    Where its ``signer`` is `Keyless`, what its own key must sign raises `Beyond`.
    """

    given: Token | None = None

    def _given(self) -> Token:
        if self.given is None:
            raise Beyond("there is no good token to begin with")
        return self.given

    def header(self, signer: Signer | None = None, **changes: Any) -> dict[str, Any]:
        """Return the token's header with changes."""
        named = {} if signer is None else {"alg": signer.algorithm, "kid": signer.kid}
        return {k: v for k, v in {**self._given().header, **named, **changes}.items() if v is not LEFT_OUT}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the token's claims with changes."""
        return {k: v for k, v in {**self._given().claims, **changes}.items() if v is not LEFT_OUT}

    def token(self, signer: Signer | None = None, **claims: Any) -> str:
        """Return the token itself, or one that another key signed; raises `Beyond` for one that its own must sign."""
        return self._given().text if signer is None and not claims else super().token(signer, **claims)
