"""Loads: when each call is due. Pure arithmetic; `harness.worker.pacer` carries it out.

In the open model a schedule sets the starts, whatever the target does; in the closed model each
user starts its next call when the last one has ended. Seconds count from the end of warm-up, so
starts of the warm-up are negative.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from harness.validation import not_negative, positive, whole

WARM_UP_S = 10.0


@dataclass(frozen=True)
class Load:
    """How many calls are due, and when.

    ``per_s`` is the arrival rate at zero, ``to_per_s`` the one at the end; ``max_users`` bounds
    the calls in flight (the closed model's number of users); ``think_s`` is the closed model's
    pause between two calls of one user.
    """

    model: Literal["open", "closed"]
    shape: Literal["constant", "ramp", "poisson", "users"]
    duration_s: float
    max_users: int
    per_s: float = 0.0
    to_per_s: float = 0.0
    think_s: float = 0.0
    warm_up_s: float = WARM_UP_S

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        users = "users" if self.model == "closed" else "max_users"
        found = positive("load", duration_s=self.duration_s) + whole("load", 1, **{users: self.max_users})
        if self.model == "open":
            rates = {"from_per_s" if self.shape == "ramp" else "per_s": self.per_s}
            if self.to_per_s != self.per_s:  # the others have one rate, and one mistake in it
                rates["to_per_s"] = self.to_per_s
            found += positive("load", **rates)
        found += not_negative("load", warm_up_s=self.warm_up_s, think_s=self.think_s)
        return found

    def doubt(self, users: int) -> str | None:
        """Return what to say where fewer users are asked for (``-u``) than the plan was made for, or None."""
        if users >= self.max_users or self.model == "closed":
            return None
        peak_per_s = max(self.per_s, self.to_per_s)
        return (
            f"{users} users are fewer than the scenario's {self.max_users}: at {peak_per_s:g} calls/s none is free "
            f"once calls take over {users / peak_per_s:.3g} s, and calls wait or are not sent; drop -u, or give more"
        )

    def planned(self) -> int:
        """Return how many calls are due from zero to the end (open model), by expectation."""
        return round((self.per_s + self.to_per_s) / 2 * self.duration_s) if self.model == "open" else 0

    def starts(self, seed: int) -> Iterator[float]:
        """Yield the intended starts in seconds from zero, sorted, from the warm-up to the end."""
        if self.model == "closed":
            return iter(())
        return self._poisson_starts(seed) if self.shape == "poisson" else self._even_starts()

    def _even_starts(self) -> Iterator[float]:
        warm_up = math.floor(self.warm_up_s * self.per_s + 1e-9)
        for i in range(warm_up):
            yield (i - warm_up) / self.per_s
        growth = (self.to_per_s - self.per_s) / self.duration_s
        for i in range(round((self.per_s + self.to_per_s) / 2 * self.duration_s)):
            # The i-th start solves per_s·t + growth·t²/2 = i; this form is stable for growth near 0.
            yield 2 * i / (self.per_s + math.sqrt(self.per_s**2 + 2 * growth * i))

    def _poisson_starts(self, seed: int) -> Iterator[float]:
        dice = random.Random(f"{seed}/arrivals")
        start = -self.warm_up_s + dice.expovariate(self.per_s)
        while start < self.duration_s:
            yield start
            start += dice.expovariate(self.per_s)


def constant_rate(per_s: float, duration_s: float, max_users: int, warm_up_s: float = WARM_UP_S) -> Load:
    """Return an open load of ``per_s`` evenly spaced calls a second."""
    return Load("open", "constant", duration_s, max_users, per_s, per_s, warm_up_s=warm_up_s)


def ramp_rate(
    from_per_s: float, to_per_s: float, duration_s: float, max_users: int, warm_up_s: float = WARM_UP_S
) -> Load:
    """Return an open load whose rate moves linearly; the warm-up runs at ``from_per_s``."""
    return Load("open", "ramp", duration_s, max_users, from_per_s, to_per_s, warm_up_s=warm_up_s)


def poisson_rate(per_s: float, duration_s: float, max_users: int, warm_up_s: float = WARM_UP_S) -> Load:
    """Return an open load of independent arrivals, drawn from the scenario's seed."""
    return Load("open", "poisson", duration_s, max_users, per_s, per_s, warm_up_s=warm_up_s)


def closed_users(users: int, duration_s: float, think_s: float = 0.0, warm_up_s: float = WARM_UP_S) -> Load:
    """Return a closed load: each user calls, waits for the answer, thinks, and calls again.

    Its latencies hide the target's stalls (coordinated omission); the report says so.
    """
    return Load("closed", "users", duration_s, users, think_s=think_s, warm_up_s=warm_up_s)
