"""What a clock and the settings say of claims with a good signature: one check, one question.

Each takes claims, settings and the verifier's time in seconds since the epoch; it returns
`Cause.OK`, or why not.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from harness.lab.target.verdict import VerifierSettings
from harness.results.row import Cause

Claims = Mapping[str, Any]
ClaimCheck = Callable[[Claims, VerifierSettings, float], Cause]

_GENERATION = re.compile(r"([0-9]{1,15})-[0-9]{1,15}")


def required_are_there(claims: Claims, settings: VerifierSettings, now_s: float) -> Cause:
    """Demand the required claims."""
    del now_s
    return Cause.MISSING_CLAIM if any(name not in claims for name in settings.required) else Cause.OK


def issuer_is_ours(claims: Claims, settings: VerifierSettings, now_s: float) -> Cause:
    """Demand the one issuer, character by character. Source: RFC 7519, section 4.1.1."""
    del now_s
    return Cause.OK if claims.get("iss") == settings.issuer else Cause.WRONG_ISSUER


def audience_is_ours(claims: Claims, settings: VerifierSettings, now_s: float) -> Cause:
    """Demand our name, alone or in a list of names. Source: RFC 7519, section 4.1.3."""
    del now_s
    audience = claims.get("aud")
    listed = [audience] if isinstance(audience, str) else audience
    ours = isinstance(listed, list) and all(isinstance(one, str) for one in listed) and settings.audience in listed
    return Cause.OK if ours else Cause.WRONG_AUDIENCE


def lives(claims: Claims, settings: VerifierSettings, now_s: float) -> Cause:
    """Demand that ``exp`` is still to come. Source: RFC 7519, section 4.1.4."""
    return Cause.EXPIRED if "exp" in claims and now_s - settings.leeway_s >= claims["exp"] else Cause.OK


def has_begun(claims: Claims, settings: VerifierSettings, now_s: float) -> Cause:
    """Demand that ``nbf`` has come and that ``iat`` is no date to come. Source: RFC 7519, section 4.1.5."""
    latest_s = now_s + settings.leeway_s
    early = any(claims.get(name, now_s) > latest_s for name in ("nbf", "iat"))
    return Cause.NOT_YET_VALID if early else Cause.OK


def generation_lives(claims: Claims, settings: VerifierSettings, now_s: float) -> Cause:
    """Turn generations away that chaos has expired or revoked."""
    del now_s
    parts = _GENERATION.fullmatch(claims.get("jti", ""))
    if not parts:
        return Cause.OK
    generation = int(parts[1])
    if settings.revoked_through is not None and generation <= settings.revoked_through:
        return Cause.REVOKED
    if settings.expired_through is not None and generation <= settings.expired_through:
        return Cause.EXPIRED
    return Cause.OK


CLAIM_CHECKS: tuple[ClaimCheck, ...] = (
    required_are_there,
    issuer_is_ours,
    audience_is_ours,
    lives,
    has_begun,
    generation_lives,
)
"""The checks in their order: the first that says no is the verdict."""
