"""Measures of authentication that a summary holds: false accepts and rejects, amplification, lags.

Times are seconds from zero or durations in seconds; shares carry exact bounds (`harness.results.proportion`).
"""

from dataclasses import dataclass, field

from harness.results.proportion import Share


def ideal_fetches_per_s(holders: int | None, life_s: float | None) -> float | None:
    """Return the fetches a second that renewing needs, one per holder and life; None where either is not known."""
    return holders / life_s if holders and life_s else None


@dataclass(frozen=True)
class ProbeOutcome:
    """What became of the calls that one step poisoned: negative probes, counted apart from all others.

    ``right`` were answered as ``expects`` says. Of the others ``accepted`` ended OK, ``crashed`` with UNKNOWN or
    INTERNAL, and ``other`` with anything else: no false accept, and no rejection that a client understands.
    """

    step: str
    fault: str
    text: str
    expects: tuple[str, ...] = ()
    sent: int = 0
    right: int = 0
    accepted: int = 0
    crashed: int = 0
    other: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    """Answers by status, the most frequent first."""
    wrong: dict[str, int] = field(default_factory=dict)
    """Answers that were not right, by what was sent and the status: ``SIGN-19 DER: OK``."""
    answers: dict[str, dict[str, int]] = field(default_factory=dict)
    """Answers by what was sent, and by status: the matrix that two builds are compared by."""
    naked: dict[str, int] = field(default_factory=dict)
    """Poisoned calls that ended OK, by method."""
    false_accepts: Share = field(default_factory=Share)


@dataclass(frozen=True)
class FalseRejectSummary:
    """Attempts of one phase whose token was alive by its own claims when it was sent, and how they were taken.

    ``alive`` met a verifier; ``rejected`` were turned away by it, but for those that were ``revoked``, or ``ended`` by
    a fault, whose rejection is right. ``must_accept`` of the rejected no verifier with that clock and leeway may turn
    away; for the ``grey`` ones nobody is to say (`harness.defects.oracle`), or the clocks are not known.
    """

    phase: str
    alive: int = 0
    rejected: int = 0
    revoked: int = 0
    ended: int = 0
    must_accept: int = 0
    grey: int = 0
    causes: dict[str, int] = field(default_factory=dict)
    share: Share = field(default_factory=Share)


@dataclass(frozen=True)
class InFlight:
    """Tokens that died between send and verdict, beside what the formula says.

    ``expected`` is ``(d / (T - m)) * exp(-m / d)`` for the mean delay ``d``, the life ``T`` and the margin ``m``.
    ``delay_s`` is the mean service time, which is no less than the way to the verifier, so that ``expected``
    is a bound from above. It holds for delays that are exponential and tokens of any age up to their renewal.
    """

    sent: int
    died: int
    delay_s: float
    margin_s: float
    expected: float
    share: Share


@dataclass(frozen=True)
class AmplificationSummary:
    """What renewing and sending again cost, against what it need cost.

    ``ideal_per_s`` is one fetch per holder and life; None where holders or lives are not known. The counts at
    the issuer and the target are from zero to the end of the load; None where they are not the lab's own.
    """

    holders: int | None = None
    life_s: float | None = None
    """Median life of the tokens as their issuer gave it."""
    ideal_per_s: float | None = None
    fetches: int = 0
    fetches_per_expiry: float | None = None
    peak_per_s: int = 0
    peak_ratio: float | None = None
    attempts_per_call: float | None = None
    token_requests: int | None = None
    key_set_requests: int | None = None
    key_sets_per_cooldown: float | None = None
    """Key-set requests per cooldown of the verifier's cache; a right verifier makes at most one."""
    in_flight: InFlight | None = None


@dataclass(frozen=True)
class Lag:
    """How long something took to be seen from outside, from a step's real start.

    ``seconds`` is None where nothing could tell; ``seen`` how many answers or streams told it.
    """

    of: str
    step: str | None
    seconds: float | None
    seen: int = 0
    note: str = ""


@dataclass(frozen=True)
class KeyUse:
    """One key that signed tokens: when the first of them was fetched, and how many attempts with one were refused."""

    kid: str
    first_s: float
    turned_away: int = 0


@dataclass(frozen=True)
class Measures:
    """All of them, for one run."""

    probes: tuple[ProbeOutcome, ...] = ()
    rejects: tuple[FalseRejectSummary, ...] = ()
    amplification: AmplificationSummary = AmplificationSummary()
    lags: tuple[Lag, ...] = ()
    keys: tuple[KeyUse, ...] = ()

    def rejected(self, phase: str) -> FalseRejectSummary:
        """Return the false rejects of a phase; an empty count where it has none."""
        return next((one for one in self.rejects if one.phase == phase), FalseRejectSummary(phase))
