"""What a served lab was asked and answered since the last look, in one line. Pure; no secret is in what it reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.formatting import cause_words, number


@dataclass(frozen=True)
class LabTraffic:
    """Counts since the lab began: verdicts on calls, token requests by grant and status, fetches of keys."""

    verdicts: Mapping[str, int] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)
    keys: int = 0
    discoveries: int = 0

    @classmethod
    def of(cls, issuer: Mapping[str, Any], target: Mapping[str, Any]) -> "LabTraffic":
        """Return the counts in the states that issuer and target tell; an empty state has none."""
        asked = issuer.get("counters", {})
        verdicts = target.get("counters", {}).get("verdicts", {})
        return cls(
            dict(verdicts),
            dict(issuer.get("answers", {})),
            int(asked.get("jwks_requests", 0)),
            int(asked.get("discovery_requests", 0)),
        )

    def since(self, before: "LabTraffic") -> "LabTraffic":
        """Return what came after another look; a part that was started again counts anew."""
        return LabTraffic(
            _grown(before.verdicts, self.verdicts),
            _grown(before.tokens, self.tokens),
            _more(before.keys, self.keys),
            _more(before.discoveries, self.discoveries),
        )

    def line(self) -> str:
        """Return the line, or nothing where nothing was asked."""
        return "; ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        calls = sum(self.verdicts.values())
        if calls:
            yield f"calls {number(calls)}: {_listed({_verdict(name): count for name, count in self.verdicts.items()})}"
        if self.tokens:
            yield f"tokens {number(sum(self.tokens.values()))}: {_listed(self.tokens)}"
        if self.keys:
            yield f"keys {number(self.keys)}"
        if self.discoveries:
            yield f"discovery {number(self.discoveries)}"


def _verdict(name: str) -> str:
    return "ok" if name == "ok" else cause_words(name.upper()).label


def _listed(counts: Mapping[str, int]) -> str:
    """Return counts with their names, the most frequent first."""
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{number(count)} {name}" for name, count in ranked)


def _grown(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    return {name: more for name, count in now.items() if (more := _more(before.get(name, 0), count))}


def _more(before: int, now: int) -> int:
    return now - before if now >= before else now
