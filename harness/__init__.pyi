# Made by `make stubs` from the registries: what the package gives, for type checkers and editors.

from harness.registry import Names
from harness.checks.amplification import Amplification as amplification
from harness.checks.attempts import Attempts as attempts
from harness.checks.crashes import Crashes as crashes
from harness.checks.failure_ratio import FailureRatio as failure_ratio
from harness.checks.false_accepts import FalseAccepts as false_accepts
from harness.checks.false_rejects import FalseRejects as false_rejects
from harness.checks.lag import LagCheck as lag
from harness.checks.recovery import Recovery as recovery
from harness.checks.refreshes import Refreshes as refreshes
from harness.checks.times import ResponseTime as response_time
from harness.checks.times import ServiceTime as service_time
from harness.comparison.statistics.matters import Matters as Matters
from harness.endpoint import Endpoint as Endpoint
from harness.endpoint import Retry as Retry
from harness.endpoint import Tls as Tls
from harness.endpoint.call import Call as Call
from harness.endpoint.call import DescriptorSet as DescriptorSet
from harness.endpoint.call import Protos as Protos
from harness.endpoint.call import Reflection as Reflection
from harness.endpoint.call import Stubs as Stubs
from harness.faults.timeline import at as at
from harness.lab.processes.launch import Launch as Launch
from harness.scenario.load import closed_users as closed_users
from harness.scenario.load import constant_rate as constant_rate
from harness.scenario.load import poisson_rate as poisson_rate
from harness.scenario.load import ramp_rate as ramp_rate
from harness.scenario.scenario import LabSettings as LabSettings
from harness.scenario.scenario import Scenario as Scenario
from harness.tokens.refresh import Tokens as Tokens
from harness.tokens.sources.client_auth import ClientSecret as ClientSecret
from harness.tokens.sources.client_auth import NoClientAuth as NoClientAuth
from harness.tokens.sources.client_auth import PrivateKeyJwt as PrivateKeyJwt
from harness.tokens.sources.client_credentials import ClientCredentials as ClientCredentials
from harness.tokens.sources.login_call import LoginCall as LoginCall
from harness.tokens.sources.refresh_token import RefreshToken as RefreshToken
from harness.tokens.sources.signing_key import SigningKey as SigningKey
from harness.tokens.sources.token_command import TokenCommand as TokenCommand
from harness.tokens.sources.token_file import TokenFile as TokenFile

NAMES: Names

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
