"""Staging: what must be in place before a run's first call, from the scenario alone."""

import os
from collections.abc import Mapping

from harness.faults.per_call.dice import keyed
from harness.lab.issuer.keys import IssuerKey
from harness.lab.plan import IssuerSettings, LabPlan, TargetSettings
from harness.lab.processes.child import started_ticks
from harness.lab.processes.launched import Launched
from harness.lab.running import Lab
from harness.lab.toxiproxy.choice import choose
from harness.results.fault_events import LabEvent, NotedProcess, NotedProxy
from harness.scenario.scenario import LabSettings, Scenario
from harness.transport import choice
from harness.transport.choice import Choice


def lab_plan(scenario: Scenario, environ: Mapping[str, str]) -> LabPlan:
    """Return the parts of the lab that a scenario does not bring itself."""
    lab = scenario.lab
    return LabPlan(
        issuer=_issuer_settings(scenario) if scenario.issuer is None else None,
        target=target_settings(lab) if scenario.target is None else None,
        links=scenario.links(),
        launch=scenario.launch,
        foreign=_foreign(scenario),
        environ=environ,
        seed=scenario.seed,
        issuer_key=_issuer_key(scenario),
    )


def _foreign(scenario: Scenario) -> dict[str, str]:
    """Return where a target is that runs already."""
    endpoint = scenario.endpoint
    return {} if endpoint is None or scenario.launch is not None else {"target": endpoint.addresses[0]}


def _issuer_key(scenario: Scenario) -> dict[str, str] | None:
    """Return a key pair for the lab's issuer, made here where workers need it too; it is never written down."""
    if not keyed(scenario.steps) or scenario.issuer is not None or scenario.lab.algorithm == "HS256":
        return None
    key = IssuerKey.generate(scenario.lab.algorithm, serial=1)
    return {"kid": key.kid, "pem": key.pem()}


def _issuer_settings(scenario: Scenario) -> IssuerSettings:
    return IssuerSettings(
        algorithm=scenario.lab.algorithm,
        lifetime_s=scenario.tokens.lifetime_s,
        fetch_failure_ratio=scenario.lab.fetch_failure_ratio,
    )


def target_settings(lab: LabSettings) -> TargetSettings:
    """Return the lab's target as a scenario wants it."""
    return TargetSettings(
        leeway_s=lab.leeway_s,
        work_s=lab.work_s,
        keys_lifetime_s=lab.keys_lifetime_s,
        keys_cooldown_s=lab.keys_cooldown_s,
        keys_timeout_s=lab.keys_timeout_s,
        streams=lab.streams,
        zoo=lab.zoo,
    )


def lab_note(plan: LabPlan, lab: Lab | None) -> LabEvent:
    """Return what `jwtstorm recover` must know of the processes and proxies that may outlive the conductor."""
    choice = choose(os.environ if plan.environ is None else plan.environ)
    children = lab.children if lab is not None else ()
    return LabEvent(
        conductor=NotedProcess(os.getpid(), started_ticks(os.getpid())),
        children=tuple(
            NotedProcess(child.pid, child.started_ticks, child.name, group=isinstance(child, Launched))
            for child in children
        ),
        proxy=NotedProxy(choice.kind, choice.url) if plan.links else NotedProxy(),
        proxies=dict(lab.proxies) if lab is not None else {},
    )


def choose_transport(scenario: Scenario) -> Choice:
    """Return what carries the calls of all workers of a run.

    Raises `UsageError` where what the scenario or the command line asks for cannot.
    """

    def refusal() -> str | None:
        from harness.endpoint import native

        return native.refusal(scenario.endpoint or scenario.endpoint_at(native.NOWHERE))

    return choice.choose(scenario.transport, refusal)
