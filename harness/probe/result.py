"""What a probe finds: one `Finding` per question asked of a target, and the `ProbeResult` that holds them.

Pure data, to JSON and back. No token, key or request is ever in it.
"""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from harness.defects.oracle import Bounds
from harness.errors import RecordError

SCHEMA = 1
"""Version of ``probe.json``; it grows when a field changes its meaning."""


COVERAGE, REFUSAL, VERDICTS = "coverage", "refusal", "verdicts"
"""The parts whose findings are told by their method or their row; all parts are in `harness.probe.parts`."""


class Outcome(StrEnum):
    """What came of a question; the text of a finding says the rest."""

    PASSED = "passed"
    ALLOWED = "allowed"
    """Not what was expected, and right all the same: a policy, which ``text`` names."""
    FALSE_ACCEPT = "false accept"
    FALSE_REJECT = "false reject"
    CRASH_CODE = "crash code"
    """UNKNOWN, INTERNAL or DATA_LOSS: it looks like a crash."""
    WRONG_CODE = "wrong code"
    """Turned away, with a status that makes clients do the wrong thing (UNAVAILABLE: try again)."""
    NAKED = "naked"
    """The handler ran for a call that nobody may make."""
    PROBLEM = "problem"
    """Something else is wrong: a text that tells too much, a limit that is drawn by luck, clocks that disagree."""
    VOID = "void"
    """A good call beside it failed, so that the answer proves nothing."""
    NOT_CHECKED = "not checked"
    """``text`` says why, and what to give."""


FAILING = frozenset({Outcome.FALSE_ACCEPT, Outcome.CRASH_CODE, Outcome.NAKED})
"""Outcomes that end a probe with exit code 1."""
FOUND = FAILING | {Outcome.FALSE_REJECT, Outcome.WRONG_CODE, Outcome.PROBLEM}
"""Outcomes that say that something is wrong."""


@dataclass(frozen=True)
class Finding:
    """The answer to one question.

    ``part`` is what the question was about, a heading of a part of the probe; ``subject`` is what was tried: a row of
    the catalogue (``row``), a method, a size, an edge.
    ``expected``, ``allowed`` and ``seen`` are names of gRPC statuses, or short texts where the question
    was another; ``origin`` and ``cause`` are those of `harness.results.row` in lower case; ``latency_s`` is that
    of the call (0 where there was none). ``way_out`` is what to change.
    """

    part: str
    subject: str
    outcome: Outcome
    expected: str = ""
    allowed: tuple[str, ...] = ()
    seen: str = ""
    origin: str = ""
    cause: str = ""
    latency_s: float = 0.0
    text: str = ""
    way_out: str = ""
    row: str = ""
    variant: str = ""
    method: str = ""
    replica: str = ""
    source: str = ""
    """Where the rule is written down."""

    @property
    def failing(self) -> bool:
        """Return whether it ends the probe with exit code 1."""
        return self.outcome in FAILING

    @property
    def found(self) -> bool:
        """Return whether it says that something is wrong."""
        return self.outcome in FOUND


@dataclass(frozen=True)
class ClockEstimate:
    """A verifier's clock and leeway, as measured from outside against this machine's clock.

    ``grace`` and ``head_start`` are facts: for how long after ``exp`` a token is still accepted, and how
    long before ``nbf`` already (both on this machine's clock). ``offset`` (how far the verifier's clock is
    ahead) and ``leeway`` follow from them where the verifier forgives as much at both edges; ``whole_s`` is 1
    where it compares whole seconds with the last one included. ``doubts`` says what went against the
    assumptions, in sentences; with any, ``offset`` and ``leeway`` are not to be trusted.
    """

    replica: str
    at_utc: str
    grace: Bounds | None = None
    head_start: Bounds | None = None
    offset: Bounds | None = None
    leeway: Bounds | None = None
    whole_s: int | None = None
    rtt_s: float = 0.0
    """Shortest round trip that was seen."""
    calls: int = 0
    took_s: float = 0.0
    drift_ppm: Bounds | None = None
    """Growth of the offset between two measurements; a number of millionths, not seconds."""
    doubts: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Return whether offset and leeway are known, and nothing speaks against them."""
        return self.offset is not None and self.leeway is not None and not self.doubts


Piece = Finding | ClockEstimate
"""What a part yields, as it finds it."""


@dataclass(frozen=True)
class ProbeResult:
    """All that one probe of one target found; ``partial`` says why it is not all, where it is not."""

    address: str
    started_utc: str
    services: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    clocks: tuple[ClockEstimate, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    took_s: float = 0.0
    partial: str = ""

    def counts(self) -> dict[str, int]:
        """Return the number of findings by outcome, all outcomes named."""
        counted = Counter(finding.outcome for finding in self.findings)
        return {outcome.value: counted[outcome] for outcome in Outcome}

    @property
    def failing(self) -> tuple[Finding, ...]:
        """Return what ends the probe with exit code 1."""
        return tuple(finding for finding in self.findings if finding.failing)

    def to_json(self) -> str:
        """Return ``probe.json``."""
        return json.dumps({"schema": SCHEMA, **asdict(self), "counts": self.counts()}, indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read ``probe.json``; raises `RecordError` where it is none, or of another version."""
        try:
            data = json.loads(text)
            if data.pop("schema") != SCHEMA:
                raise RecordError(f"probe.json is not of schema {SCHEMA}; probe the target again with this version")
            data.pop("counts", None)
            data["findings"] = tuple(_finding(one) for one in data["findings"])
            data["clocks"] = tuple(_clock(one) for one in data["clocks"])
            data["services"] = tuple(data["services"])
            return cls(**data)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise RecordError(f"this is no probe.json ({type(error).__name__}); probe the target again") from error


def _finding(data: dict[str, Any]) -> Finding:
    data["part"], data["outcome"] = str(data["part"]), Outcome(data["outcome"])
    data["allowed"] = tuple(data["allowed"])
    return Finding(**data)


def _clock(data: dict[str, Any]) -> ClockEstimate:
    data["doubts"] = tuple(data["doubts"])
    for known in dataclasses.fields(ClockEstimate):
        if isinstance(data[known.name], dict):
            data[known.name] = Bounds(**data[known.name])
    return ClockEstimate(**data)
