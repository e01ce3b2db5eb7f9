"""The minter: what the probe makes tokens from. A signing key and claims of the user's, or good tokens alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.defects import ALGORITHMS
from harness.defects.borrowed import Beyond, Borrowed, Keyless
from harness.defects.good import LEFT_OUT, Good
from harness.errors import UsageError
from harness.probe.target.beyond import NO_KEY, NO_SECOND_KEY
from harness.tokens.signer import Signer
from harness.tokens.sources import key_file
from harness.tokens.sources.claims_file import Claims, claims_of
from harness.tokens.token import Token

_LIFE_S = 3600.0
_RENEW_S = 60.0
_DAY_S = 86_400.0


@dataclass(frozen=True)
class Templated(Good):
    """Good tokens with the header and the claims of a template."""

    members: Mapping[str, Any] = field(default_factory=dict)

    def header(self, signer: Signer | None = None, **changes: Any) -> dict[str, Any]:
        """Return the template's header with changes."""
        key = signer or self.signer
        named = {"alg": key.algorithm, "kid": key.kid or LEFT_OUT}
        return {name: value for name, value in ({**self.members, **named} | changes).items() if value is not LEFT_OUT}


@dataclass
class Minter:
    """Make good tokens, and what the catalogue's defects start from; make one with a class method.

    ``template`` holds the claims of a good token; its dates are left out, for the probe sets them.
    """

    signer: Signer | None = field(default=None, repr=False)
    template: Mapping[str, Any] = field(default_factory=dict, repr=False)
    members: Mapping[str, Any] = field(default_factory=lambda: {"typ": "at+jwt"})
    fetch: Callable[[], str] | None = field(default=None, repr=False)
    life_s: float = _LIFE_S
    _kept: Token | None = field(default=None, repr=False)

    @classmethod
    def with_key(
        cls, signer: Signer, template: Mapping[str, Any] | Claims, header: Mapping[str, Any] | None = None
    ) -> "Minter":
        """Return a minter that signs; ``header`` holds members beside ``alg`` and ``kid`` (``typ``: at+jwt)."""
        claims = template if isinstance(template, Claims) else claims_of(template)
        members = {"typ": "at+jwt"} if header is None else header
        return cls(signer, claims.members, members, life_s=claims.life_s or _LIFE_S)

    @classmethod
    def with_tokens(cls, fetch: Callable[[], str]) -> "Minter":
        """Return a minter that has good tokens only, from a source; it asks again when one is near its end."""
        return cls(fetch=fetch)

    @property
    def signs(self) -> bool:
        """Return whether tokens of any claims can be made."""
        return self.signer is not None

    def good(self, now_s: float, **settings: Any) -> Good:
        """Return what defects start from, at a time of the target's clock.

        ``settings`` are fields of `Good`: ``leeway_s``, ``canary_url``. Raises `TokenError` where the source
        gives none.
        """
        return self._templated(self.signer, now_s, settings) if self.signer else self._borrowed(now_s, settings)

    def lasting(self, now_s: float) -> str:
        """Return a token that is good on any clock within a day of this one; the usual one where there is no key.

        A verifier that bounds lifetimes may refuse it.
        """
        if not self.signs:
            return self.good(now_s).token()
        dates: dict[str, Any] = {"iat": int(now_s - _DAY_S), "exp": int(now_s + _DAY_S)}
        return self.good(now_s).token(**dates)

    def holds(self, claim: str) -> bool:
        """Return whether good tokens have a claim."""
        return claim in (self.template if self.signs else self._kept.claims if self._kept else {})

    def _templated(self, signer: Signer, now_s: float, settings: Mapping[str, Any]) -> Good:
        template = self.template
        audience = template.get("aud", "")
        listed = audience[0] if isinstance(audience, list) and audience else audience
        absent = {name: LEFT_OUT for name in ("iss", "sub", "aud", "scope") if name not in template}
        others = _others(signer)
        return Templated(
            str(template.get("iss", "")), str(listed), signer, *others, now_s,
            life_s=self.life_s, extra={**absent, **template}, members=self.members, **settings,
        )  # fmt: skip

    def _borrowed(self, now_s: float, settings: Mapping[str, Any]) -> Good:
        given = self._token(now_s)
        claims = given.claims
        signer = Keyless(str(given.header.get("kid", "")), _nearest(str(given.header.get("alg"))), None)
        audience = claims.get("aud", "")
        listed = audience[0] if isinstance(audience, list) and audience else audience
        return Borrowed(
            str(claims.get("iss", "")), str(listed), signer, *_others(signer), now_s,
            given=given, **settings,
        )  # fmt: skip

    def _token(self, now_s: float) -> Token:
        if self._kept is None or self._kept.life_s(now_s) < _RENEW_S:
            if self.fetch is None:
                raise Beyond(NO_KEY)
            self._kept = Token.parse(self.fetch(), now_s)
        return self._kept


def read_key(path: Path, algorithm: str = "", kid: str = "") -> Signer:
    """Read a private key in PEM or as a JWK, or a shared secret (any bytes, with ``algorithm`` HS256).

    Raises `UsageError`; no message quotes the file.
    """
    if algorithm and algorithm not in ALGORITHMS:
        raise UsageError(f"--algorithm {algorithm} is not known to the catalogue; give one of {_known()}")
    key = key_file.read(path, algorithm, kid)
    if key.algorithm not in ALGORITHMS:
        raise UsageError(f"key {path} signs with {key.algorithm}, and the probe with {_known()} only; give another")
    return Signer(key.key_id, key.algorithm, key.secret)


def _others(signer: Signer) -> tuple[Signer, Signer, Signer]:
    missing = Keyless("", signer.algorithm, None, why=NO_SECOND_KEY)
    return missing, missing, Signer.generate(signer.algorithm, f"stranger-{signer.algorithm.lower()}")


def _nearest(algorithm: str) -> str:
    """Return the catalogue's algorithm that is most like another: its rows are asked, but for what only fits itself."""
    if algorithm in ALGORITHMS:
        return algorithm
    return {"RS": "RS256", "PS": "PS256", "HS": "HS256"}.get(algorithm[:2], "EdDSA")


def _known() -> str:
    return ", ".join(sorted(ALGORITHMS))
