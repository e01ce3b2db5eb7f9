"""Keys: with which keys the issuer signed, from when on, and whose tokens were turned away, out of the auth trace."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.analysis.measures import Measure, Totals
from harness.results.auth_summary import KeyUse
from harness.results.row import Origin

MOST_KEYS = 16
"""Keys that are told: an issuer that has more in one run signs each token with another."""
_TURNED_AWAY = Origin.VERIFIER.name.lower()


class Keys(Measure, of="keys"):
    """Follows the keys of tokens that calls carried; poisoned calls bear keys of our own making."""

    def __init__(self, *_: Any) -> None:
        self._seen: dict[str, KeyUse] = {}

    def hear(self, line: Mapping[str, Any]) -> None:
        """Note the key of an attempt's token; the token's age tells when it was fetched."""
        kid = line.get("kid")
        if not isinstance(kid, str) or "poisoned_by" in line:
            return
        fetched_s = float(line.get("t_s") or 0.0) - float(line.get("token_age_s") or 0.0)
        known = self._seen.get(kid) or KeyUse(kid, fetched_s)
        if kid in self._seen or len(self._seen) < MOST_KEYS:
            turned_away = known.turned_away + (line.get("origin") == _TURNED_AWAY)
            self._seen[kid] = replace(known, first_s=min(known.first_s, fetched_s), turned_away=turned_away)

    def result(self, totals: Totals) -> tuple[KeyUse, ...]:
        """Return the keys by when they were first seen."""
        del totals
        return tuple(sorted(self._seen.values(), key=lambda key: key.first_s))
