"""Noop: nothing happens."""

from dataclasses import dataclass
from random import Random

from harness.lab.proxy.stage import Budget, Stage
from harness.lab.proxy.toxics import Toxic


@dataclass(frozen=True)
class Noop(Toxic, kind="noop"):
    """Hand everything on: for trying a connection to the API."""

    def stage(self, dice: Random, budget: Budget, now_s: float) -> Stage["Noop"]:
        """Return a stage that does nothing."""
        return Stage(self, dice, budget, now_s)
