"""Variants: a scenario with a difference that the command line asks for.

Other tokens (``--tokens``), a shorter course (``--short``), a defect let loose in the target or in the clients
(``--zoo``). A variant is a scenario of its own: its fingerprint differs, and it compares with its like only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

from harness.checks import Check
from harness.errors import UsageError
from harness.faults.timeline import Planned
from harness.lab import zoo
from harness.scenario.load import Load
from harness.scenario.scenario import Scenario
from harness.tokens.client_parts import ClientParts
from harness.tokens.refresh import Tokens
from harness.tokens.variation import vary

LEAST_WARM_UP_S = 4.0
"""A warm-up must end with three good seconds, and first calls open connections and fetch tokens."""
LEAST_LIFE_S = 3.0
"""Claims are whole seconds: a token that should live shorter would live a third more or less."""
MOST_STRETCH_S = 60


def variant(
    scenario: Scenario, tokens: str = "", *, short: bool = False, animals: Sequence[str] = (), transport: str = ""
) -> Scenario:
    """Return a scenario with what the command line asks for; raises `UsageError` or `ScenarioError`.

    Another ``transport`` leaves the scenario what it is: runs tell what carried them, and compare by that.
    """
    if transport:
        scenario = replace(scenario, transport=transport)
    if tokens:
        scenario = replace(scenario, tokens=vary(scenario.tokens, tokens))
    if animals:
        scenario = let_loose(scenario, animals)
    return shortened(scenario) if short else scenario


def let_loose(scenario: Scenario, animals: Iterable[str]) -> Scenario:
    """Return a scenario with defects of the zoo in the lab's target, or in the clients."""
    kinds = {name: zoo.find(name).kind for name in animals}
    servers = tuple(name for name, kind in kinds.items() if kind == "servers")
    clients = tuple(name for name, kind in kinds.items() if kind == "clients")
    if servers and scenario.target is not None:
        raise UsageError(f"--zoo {servers[0]}: it lives in the lab's own target; drop target=, or --zoo")
    lab = replace(scenario.lab, zoo=(*scenario.lab.zoo, *servers)) if servers else scenario.lab
    return replace(scenario, lab=lab, clients=(*scenario.clients, *clients))


def client_parts(scenario: Scenario) -> ClientParts:
    """Return how the scenario's clients treat their tokens, its defects in place."""
    parts = ClientParts.of(scenario.tokens)
    for name in scenario.clients:
        parts = zoo.find(name).release(parts)
    return parts


def shortened(scenario: Scenario, factor: float | None = None) -> Scenario:
    """Return the scenario on a course of ``factor`` times its length (its own ``short`` where that is None).

    What says *when* shrinks: the load, the warm-up (to four seconds at least), the edges of the timeline, the lives and
    margins of tokens, the ages of the key set, and what faults measure against those. What says *how much* stays:
    rates, delays, skews, leeway, deadlines, and the limits of all checks. Counts per fault (token fetches) and shares
    stay, too, for the callers are as many; where a check needs more of the course to be seen (a recovery), the load
    ends that much later. A quantile may have too few calls, and is no data then: its author gives ``short`` for that.
    """
    factor = scenario.short if factor is None else factor
    timeline = [_sooner(plan, factor) for plan in scenario.timeline]
    bare = replace(scenario, timeline=timeline, checks=(), matters=type(scenario.matters)(), hunts={})
    names = {old.id: new.id for old, new in zip(scenario.steps, bare.steps, strict=True)}
    checks = [_renamed(check, names) for check in scenario.checks]
    labels = {old.label: new.label for old, new in zip(scenario.checks, checks, strict=True)}
    lab = replace(
        scenario.lab,
        keys_lifetime_s=scenario.lab.keys_lifetime_s * factor,
        keys_cooldown_s=scenario.lab.keys_cooldown_s * factor,
    )
    return replace(
        scenario,
        load=_long_enough(_shorter(scenario.load, factor), bare, checks),
        tokens=_briefer(scenario.tokens, factor),
        timeline=timeline,
        checks=checks,
        lab=lab,
        matters=_renamed_metrics(scenario.matters, names),
        hunts={animal: tuple(labels[name] for name in found) for animal, found in scenario.hunts.items()},
        scale=scenario.scale * factor,
    )


def _sooner(plan: Planned, factor: float) -> Planned:
    until_s = None if plan.until_s is None else round(plan.until_s * factor, 2)
    return Planned(round(plan.at_s * factor, 2), plan.fault.shortened(factor), until_s, plan.toxicity, plan.allow_open)


def _shorter(load: Load, factor: float) -> Load:
    warm_up_s = max(load.warm_up_s * factor, min(load.warm_up_s, LEAST_WARM_UP_S))
    return replace(load, duration_s=round(load.duration_s * factor, 2), warm_up_s=round(warm_up_s, 2))


def _briefer(tokens: Tokens, factor: float) -> Tokens:
    """Return tokens whose life, in whole seconds, and margin keep their proportion."""
    life_s = float(max(round(tokens.lifetime_s * factor), min(tokens.lifetime_s, LEAST_LIFE_S)))
    same = life_s / tokens.lifetime_s
    return replace(tokens, lifetime_s=life_s, before_s=tokens.before_s * same, jitter_s=tokens.jitter_s * same)


def _long_enough(load: Load, bare: Scenario, checks: Sequence[Check]) -> Load:
    """Return the load, so much longer that every check can be judged."""
    steps = bare.steps
    ends_s = {step.id: step.at_s if step.until_s is None else step.until_s for step in steps}
    names = {step.id: step.fault.name() for step in steps}
    for stretch_s in range(MOST_STRETCH_S):
        longer = replace(load, duration_s=load.duration_s + stretch_s)
        if not any(check.misfits(ends_s, names, longer.duration_s) for check in checks):
            return longer
    return load


def _renamed(check: Check, names: dict[str, str]) -> Check:
    """Return a check that names steps by their new ids."""
    settings = {field.name: getattr(check, field.name) for field in fields(check)}
    return replace(check, **{key: names[value] for key, value in settings.items() if value in names})


def _renamed_metrics(matters: Any, names: dict[str, str]) -> Any:
    def renamed(metric: str) -> str:
        what, _, when = metric.rpartition(" ")
        return f"{what} {names[when]}" if when in names else metric

    return replace(matters, primaries=tuple(map(renamed, matters.primaries)))
