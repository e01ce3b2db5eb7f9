"""Mint tokens in the client, with a private key of the user's own: any claims, any skew."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from harness import clock
from harness.errors import TokenError, UsageError
from harness.tokens.signer import Signer
from harness.tokens.source import TokenSource, refuse
from harness.tokens.sources import findings, key_file, template, token_source
from harness.validation import positive


@token_source
@dataclass(frozen=True)
class SigningKey:
    """Mint tokens with the private key in a PEM or JWK file (or a secret in one, for HS256).

    ``algorithm`` and ``key_id`` are the key's own where they are empty. ``claims`` is a template:
    its texts may hold ``{user}``, ``{sequence}`` and ``{uuid}`` (see `harness.tokens.sources.template`). `iat`
    and `exp` are added, and `nbf` where ``not_before_s`` is given (seconds after `iat`; below 0 before
    it); a claim that the template names itself is left as it is, and one that it names None is left
    out. ``skew_s`` puts the minting clock ahead of this machine's (behind, where negative). Prefer
    ES256 or EdDSA: RS256 costs a millisecond of processor time per token.
    """

    path: Path
    algorithm: str = ""
    key_id: str = ""
    lifetime_s: float = 300.0
    claims: Mapping[str, Any] = field(default_factory=dict)
    not_before_s: float | None = None
    skew_s: float = 0.0

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        found = key_file.mistakes("SigningKey", self.path, self.algorithm)
        found += findings.text("SigningKey", key_id=self.key_id)
        found += positive("SigningKey", lifetime_s=self.lifetime_s)
        for name, value in {"not_before_s": self.not_before_s or 0.0, "skew_s": self.skew_s}.items():
            if not isinstance(value, int | float) or not math.isfinite(value):
                found.append(f"SigningKey: {name}={value!r} must be a finite number of seconds")
        wrong = findings.mapping("SigningKey", claims=self.claims)
        return found + (wrong or template.mistakes("SigningKey: claims", self.claims))

    def signs_by(self) -> str:
        """Return the algorithm that the key signs by, or an empty text where it cannot be read."""
        try:
            return key_file.read(Path(self.path), self.algorithm, self.key_id).algorithm
        except UsageError:
            return ""

    def dates_on_purpose(self) -> bool:
        """Tell whether its tokens may be dead because the settings say so."""
        return bool(self.skew_s or self.not_before_s) or not {"exp", "nbf"}.isdisjoint(self.claims)

    def open(self) -> "MintingSource":
        """Read the key and return the source."""
        refuse(self.mistakes())
        return MintingSource(self, key_file.read(Path(self.path), self.algorithm, self.key_id), count(1))


class MintingSource:
    """Mint tokens with a key that the client holds."""

    def __init__(self, settings: SigningKey, key: key_file.PrivateKey, serials: "count[int]", user: str = "0") -> None:
        self._settings = settings
        self._key = key
        self._serials = serials
        self._user = user

    @property
    def signer(self) -> Signer:
        """Return the key, for faults that forge tokens with it."""
        return Signer(self._key.key_id, self._key.algorithm, self._key.secret)

    def for_user(self, name: str) -> TokenSource:
        """Return the source of one user's tokens; all count in one sequence."""
        return MintingSource(self._settings, self._key, self._serials, name)

    def fetch(self) -> str:
        """Return a token minted now."""
        try:
            return self._key.sign(self._claims(clock.wall()))
        except Exception as error:  # noqa: BLE001 - the template's values are the user's: not all of them are JSON
            kind = type(error).__name__
            raise TokenError(f"SigningKey: the claims cannot be signed ({kind}); are all JSON?", "BAD_CLIENT") from None

    def _claims(self, now_s: float) -> dict[str, Any]:
        settings = self._settings
        issued_s = int(now_s + settings.skew_s)
        claims: dict[str, Any] = {"iat": issued_s, "exp": issued_s + round(settings.lifetime_s)}
        if settings.not_before_s is not None:
            claims["nbf"] = issued_s + round(settings.not_before_s)
        claims |= template.fill(settings.claims, self._user, next(self._serials))
        return {name: value for name, value in claims.items() if value is not None}
