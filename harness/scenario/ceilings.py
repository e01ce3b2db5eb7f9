"""Ceilings: how much load another machine may get unless the command line says more. Pure.

A typing error in a scenario should not be able to hurt a service that others use. Against this
machine there is no ceiling.
"""

import math
from dataclasses import dataclass

from harness.errors import UsageError
from harness.scenario.load import Load


@dataclass(frozen=True)
class Ceilings:
    """The most that another machine may get; `--max-rate`, `--max-users` and `--max-duration` raise them."""

    rate_per_s: float = 5000.0
    users: float = 2000.0
    duration_s: float = 3600.0

    def guard(self, load: Load, users: int) -> None:
        """Refuse a load above a ceiling; raises `UsageError` with everything that is.

        A closed load has no planned rate: its users bound it.
        """
        wanted = (
            ("calls/s", max(load.per_s, load.to_per_s), self.rate_per_s, "--max-rate"),
            ("users", users, self.users, "--max-users"),
            ("s of load", load.warm_up_s + load.duration_s, self.duration_s, "--max-duration"),
        )
        above = [
            f"{value:,.10g} {what} are above {ceiling:,.10g} (raise it with {option} {math.ceil(value)})"
            for what, value, ceiling, option in wanted
            if not value <= ceiling
        ]
        if above:
            raise UsageError(f"the target is not on this machine: {'; '.join(above)}; or offer less")
