"""Clock faults: the issuer's or the verifier's clock runs apart from everybody else's.

These move the injected clocks of the lab's own processes, or the clock of a launched one by libfaketime, never a
machine's.
"""

from dataclasses import dataclass, replace

from harness.faults.of_lab import LabControls, LabFault, Reading, Site
from harness.results.fault_events import Command
from harness.validation import not_zero, one_of

CLOCKS = {"issuer": "issuer", "verifier": "clock"}
"""Whose clock, and the part of the lab that has it."""
RUNGS = {"issuer": 1, "verifier": 2}
"""How a clock is moved: 1, the minting clock; 2, the reference target's own. 3 is libfaketime, which says so itself."""
KEPT = ("measured_s", "bound_s", "library", "seen_within_s")
"""What of a clock's state goes into the journal."""


@dataclass(frozen=True)
class MovedClock(LabFault, registered=False):
    """What the two clock faults share: whose clock, the way back, and the measured offset."""

    of: str

    def part(self) -> str:
        """Return the part of the lab whose clock it is."""
        return CLOCKS[self.of]

    def needs(self) -> frozenset[str]:
        """Return the part whose clock moves."""
        return frozenset({CLOCKS.get(self.of, "issuer")})

    def holds(self) -> str:
        """Return the clock: it shows one time only."""
        return f"clock of the {self.of}"

    def undo(self, site: Site) -> tuple[Command, ...]:
        """Return the order to show the machine's time again."""
        del site
        return (Command(self.part(), "move_clock", {"skew_s": 0.0, "rate_ppm": 0.0}),)

    def read(self, lab: LabControls, site: Site) -> Reading:
        """Measure the offset against this process's clock."""
        del site
        clock = lab.state(self.part())["clock"]
        moved = bool(clock["offset_s"] or clock["rate_ppm"])
        measured = {"rung": clock.get("rung", RUNGS[self.of]), "asked_s": clock["offset_s"]}
        return Reading(moved, {**measured, **{key: clock[key] for key in KEPT if key in clock}})

    def move(self, lab: LabControls, skew_s: float, rate_ppm: float) -> int:
        """Set offset and rate; return when it took effect."""
        command = Command(self.part(), "move_clock", {"skew_s": skew_s, "rate_ppm": rate_ppm})
        return int(lab.do(command)["at_ns"])


@dataclass(frozen=True)
class ClockSkew(MovedClock):
    """Put a clock ``skew_s`` seconds ahead (behind, where negative); ``of`` is issuer or verifier."""

    skew_s: float

    def text(self) -> str:
        """Return the line for people."""
        return f"clock of the {self.of} is {abs(self.skew_s):g} s {'ahead' if self.skew_s > 0 else 'behind'}"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return one_of("clock_skew", "of", self.of, tuple(CLOCKS)) + not_zero("clock_skew", skew_s=self.skew_s)

    def apply(self, lab: LabControls, site: Site) -> int:
        """Move the clock at once."""
        del site
        return self.move(lab, self.skew_s, 0.0)


@dataclass(frozen=True)
class ClockDrift(MovedClock):
    """Let a clock run ``rate_ppm`` millionths too fast: 100,000 gains a second in ten."""

    rate_ppm: float

    def text(self) -> str:
        """Return the line for people."""
        return f"clock of the {self.of} drifts by {self.rate_ppm:+g} ppm"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return one_of("clock_drift", "of", self.of, tuple(CLOCKS)) + not_zero("clock_drift", rate_ppm=self.rate_ppm)

    def shortened(self, factor: float) -> "ClockDrift":
        """Return the rate that gains as much in the shorter time."""
        return replace(self, rate_ppm=self.rate_ppm / factor)

    def apply(self, lab: LabControls, site: Site) -> int:
        """Let the clock drift from now on."""
        del site
        return self.move(lab, 0.0, self.rate_ppm)
