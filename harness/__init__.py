"""Chaos and load tests for JWT authentication over gRPC.

What a scenario file imports, each name loaded when it is first asked for: the settings of a scenario, every check and
every token source. Users come from `harness.users`, faults from `harness.faults`. The names are pure: none of them
loads gevent, grpc or locust. ``__init__.pyi`` tells them to type checkers; ``make stubs`` writes it.
"""

from collections.abc import Mapping

from harness.registry import Names

_HOMES = {
    "Call": "harness.endpoint.call",
    "ClientSecret": "harness.tokens.sources.client_auth",
    "DescriptorSet": "harness.endpoint.call",
    "Endpoint": "harness.endpoint",
    "LabSettings": "harness.scenario.scenario",
    "Launch": "harness.lab.processes.launch",
    "Matters": "harness.comparison.statistics.matters",
    "NoClientAuth": "harness.tokens.sources.client_auth",
    "PrivateKeyJwt": "harness.tokens.sources.client_auth",
    "Protos": "harness.endpoint.call",
    "Reflection": "harness.endpoint.call",
    "Retry": "harness.endpoint",
    "Scenario": "harness.scenario.scenario",
    "Stubs": "harness.endpoint.call",
    "Tls": "harness.endpoint",
    "Tokens": "harness.tokens.refresh",
    "at": "harness.faults.timeline",
    "closed_users": "harness.scenario.load",
    "constant_rate": "harness.scenario.load",
    "poisson_rate": "harness.scenario.load",
    "ramp_rate": "harness.scenario.load",
}
"""The settings of a scenario; checks and token sources come from their registries."""


def _registered() -> Mapping[str, type]:
    from harness.checks import CHECKS
    from harness.tokens.sources import SOURCES

    return {**CHECKS, **SOURCES}


NAMES = Names(__name__, _HOMES, _registered)
__getattr__, __dir__ = NAMES.get, NAMES.all
