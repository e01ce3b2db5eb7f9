"""Hunts: which wrong servers and clients a scenario finds, and by which of its checks.

A hunt maps an animal of the zoo to the checks that must fail on it, by their labels: ``failure_ratio steady``.
A storm that fails no check on its animal measures nothing; one that fails more cries wolf.
"""

from collections.abc import Mapping, Sequence

from harness.checks import Check
from harness.lab import zoo
from harness.validation import of_kind

Hunts = Mapping[str, tuple[str, ...]]


def mistakes_of(hunts: object, checks: Sequence[Check]) -> list[str]:
    """Return which hunts name no animal, or no check of the scenario."""
    if found := of_kind("scenario", Mapping, 'give {"never-renews": ("failure_ratio steady",)}', hunts=hunts):
        return found
    assert isinstance(hunts, Mapping)  # noqa: S101 - `of_kind` saw to it
    labels = [check.label for check in checks if isinstance(check, Check)]
    known = set(zoo.names())
    there = ", ".join(labels) or "none"
    for animal, names in hunts.items():
        found += [] if animal in known else zoo.mistakes([animal], "servers")
        strange = [name for name in names if name not in labels]
        found += [f"hunts: {animal}: {name!r} is no check of this scenario; there are {there}" for name in strange]
    return found
