"""Under test: which build a run is of, where that is not what its scenario says (``--under-test``).

A build is no part of a scenario. So a run of another build keeps its scenario's identity: its
settings and fingerprint are those of the file, and it compares with the runs of every other build.
What is written is ``lab:work_s=0.0055,zoo=NAME+NAME`` (the lab's target with other settings, or
defects of the zoo in it or in the clients), ``tokens:refresh=reactive`` (clients with another refresh
policy), ``cmd:./new/server --port {port}`` (another program in the place of the one that the scenario
launches), or an address of your own service.
"""

import shlex
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from harness.endpoint import address as addresses
from harness.endpoint import endpoint_of
from harness.errors import UsageError
from harness.lab.processes.launch import Launch
from harness.scenario.scenario import LabSettings, Scenario
from harness.scenario.variants import let_loose
from harness.tokens.variation import vary

LAB, TOKENS, COMMAND = "lab", "tokens", "cmd"


def put_under_test(scenario: Scenario, text: str) -> Scenario:
    """Return the scenario as it runs against a build; its mistakes are a `UsageError`."""
    kind, _, changes = text.partition(":")
    if kind == LAB:
        return _with_lab(scenario, changes)
    if kind == TOKENS:
        return replace(scenario, tokens=vary(scenario.tokens, changes))
    if kind == COMMAND:
        return _launching(scenario, changes)
    return _at(scenario, text)


def lab_changes(text: str) -> dict[str, Any]:
    """Return the settings that ``work_s=0.0055,zoo=a+b`` changes; raises `UsageError` that names the wrong one."""
    parse: dict[str, Callable[[str], Any]] = {"zoo": lambda names: tuple(names.split("+")), "algorithm": str}
    known = [field.name for field in fields(LabSettings)]
    changes: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if name not in known:
            raise UsageError(f"lab: setting {name!r} is unknown; known are {', '.join(known)}")
        if not equals or not value:
            raise UsageError(f"lab: {name} has no value; write {name}=VALUE")
        try:
            changes[name] = parse.get(name, float)(value)
        except ValueError:
            raise UsageError(f"lab: {name}={value!r} is no number") from None
    return changes


def _with_lab(scenario: Scenario, text: str) -> Scenario:
    if scenario.target is not None:
        raise UsageError("lab: the scenario has a target of its own; give its address, a command (cmd:…) or git:REF")
    changes = lab_changes(text)
    animals = changes.pop("zoo", ())
    lab = replace(scenario.lab, **changes)
    if wrong := lab.mistakes():
        raise UsageError("; ".join(wrong))
    return let_loose(replace(scenario, lab=lab), animals)


def _launching(scenario: Scenario, command: str) -> Scenario:
    if not isinstance(scenario.target, Launch):
        raise UsageError(
            f"cmd:{command}: the scenario launches no program whose place it could take; write target=Launch([…]) "
            "into it, or start the program and give its address"
        )
    try:
        launch = replace(scenario.target, command=tuple(shlex.split(command)))
    except ValueError as error:
        raise UsageError(f"cmd:{command}: {error}; quote the command whole") from error
    if wrong := launch.mistakes():
        raise UsageError("; ".join(wrong))
    return replace(scenario, target=launch)


def _at(scenario: Scenario, address: str) -> Scenario:
    if wrong := addresses.mistakes(address):
        raise UsageError("; ".join(wrong))
    if isinstance(scenario.target, Launch):
        return replace(scenario, target=scenario.target.endpoint(address, scenario.connections))
    if scenario.target is None:
        raise UsageError(
            f"{address}: the lab serves this scenario and mints its tokens; write target= and issuer= into it, "
            "or duel builds of the lab (lab:work_s=0.0055)"
        )
    endpoint = endpoint_of(scenario.target, scenario.connections)
    if len(endpoint.addresses) == 1 and isinstance(scenario.target, str):
        return replace(scenario, target=address)
    return replace(scenario, target=replace(endpoint, addresses=(address,)))
