"""Chaos and load tests for JWT authentication over gRPC.

The names here are pure: importing the package loads no gevent, no grpc and no locust. Users come
from `harness.users`, faults from `harness.faults`.
"""

from harness.checks import (
    amplification,
    attempts,
    crashes,
    failure_ratio,
    false_accepts,
    false_rejects,
    lag,
    recovery,
    refreshes,
    response_time,
    service_time,
)
from harness.comparison.statistics.matters import Matters
from harness.endpoint import Endpoint, Retry, Tls
from harness.endpoint.call import Call, DescriptorSet, Protos, Reflection, Stubs
from harness.faults.timeline import at
from harness.lab.processes.launch import Launch
from harness.scenario.load import closed_users, constant_rate, poisson_rate, ramp_rate
from harness.scenario.scenario import LabSettings, Scenario
from harness.tokens.refresh import Tokens
from harness.tokens.sources import (
    ClientCredentials,
    ClientSecret,
    LoginCall,
    NoClientAuth,
    PrivateKeyJwt,
    RefreshToken,
    SigningKey,
    TokenCommand,
    TokenFile,
)

__all__ = [
    "Call",
    "ClientCredentials",
    "ClientSecret",
    "DescriptorSet",
    "Endpoint",
    "LabSettings",
    "Launch",
    "LoginCall",
    "Matters",
    "NoClientAuth",
    "PrivateKeyJwt",
    "Protos",
    "Reflection",
    "RefreshToken",
    "Retry",
    "Scenario",
    "SigningKey",
    "Stubs",
    "Tls",
    "TokenCommand",
    "TokenFile",
    "Tokens",
    "amplification",
    "at",
    "attempts",
    "closed_users",
    "constant_rate",
    "crashes",
    "failure_ratio",
    "false_accepts",
    "false_rejects",
    "lag",
    "poisson_rate",
    "ramp_rate",
    "recovery",
    "refreshes",
    "response_time",
    "service_time",
]
