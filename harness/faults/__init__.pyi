# Made by `make stubs` from the registries: what the package gives, for type checkers and editors.

from harness.registry import Names
from harness.faults.bandwidth import Bandwidth as Bandwidth
from harness.faults.blackhole import Blackhole as Blackhole
from harness.faults.clock import ClockDrift as ClockDrift
from harness.faults.clock import ClockSkew as ClockSkew
from harness.faults.connection_churn import ConnectionChurn as ConnectionChurn
from harness.faults.down import Down as Down
from harness.faults.early_expiry import EarlyExpiry as EarlyExpiry
from harness.faults.fault import FAULTS as FAULTS
from harness.faults.fault import Fault as Fault
from harness.faults.fault import Surroundings as Surroundings
from harness.faults.fault import fault_from_json as fault_from_json
from harness.faults.issuer_down import IssuerDown as IssuerDown
from harness.faults.issuer_errors import IssuerErrors as IssuerErrors
from harness.faults.issuer_rate_limit import IssuerRateLimit as IssuerRateLimit
from harness.faults.issuer_slow import IssuerSlow as IssuerSlow
from harness.faults.jwks import JwksDown as JwksDown
from harness.faults.jwks import JwksEmpty as JwksEmpty
from harness.faults.jwks import JwksSlow as JwksSlow
from harness.faults.keys import PublishKey as PublishKey
from harness.faults.keys import RetireKey as RetireKey
from harness.faults.keys import RotateKeys as RotateKeys
from harness.faults.kill_tokens import ExpireAll as ExpireAll
from harness.faults.kill_tokens import RevokeAll as RevokeAll
from harness.faults.latency import Latency as Latency
from harness.faults.limit_data import LimitData as LimitData
from harness.faults.of_lab import LabControls as LabControls
from harness.faults.of_lab import LabFault as LabFault
from harness.faults.of_lab import Meter as Meter
from harness.faults.of_lab import Reading as Reading
from harness.faults.of_lab import Site as Site
from harness.faults.per_call import CallFault as CallFault
from harness.faults.per_call import CallView as CallView
from harness.faults.per_call import Forge as Forge
from harness.faults.per_call.client_clock import ClientClockDrift as ClientClockDrift
from harness.faults.per_call.client_clock import ClientClockSkew as ClientClockSkew
from harness.faults.per_call.defect_mix import DefectMix as DefectMix
from harness.faults.per_call.force_refresh import ForceRefresh as ForceRefresh
from harness.faults.per_call.refresh_off import RefreshOff as RefreshOff
from harness.faults.per_call.token_defect import TokenDefect as TokenDefect
from harness.faults.per_call.unknown_kid_flood import UnknownKidFlood as UnknownKidFlood
from harness.faults.reset_peer import ResetPeer as ResetPeer
from harness.faults.run_command import RunCommand as RunCommand
from harness.faults.same_token_again import SameTokenAgain as SameTokenAgain
from harness.faults.slicer import Slicer as Slicer
from harness.faults.slow_close import SlowClose as SlowClose
from harness.faults.strange_key import StrangeKey as StrangeKey
from harness.faults.target_process import PauseTarget as PauseTarget
from harness.faults.target_process import RestartTarget as RestartTarget
from harness.faults.token_bloat import TokenBloat as TokenBloat
from harness.results.fault_events import Command as Command

NAMES: Names

__all__ = [
    "Bandwidth",
    "Blackhole",
    "CallFault",
    "CallView",
    "ClientClockDrift",
    "ClientClockSkew",
    "ClockDrift",
    "ClockSkew",
    "Command",
    "ConnectionChurn",
    "DefectMix",
    "Down",
    "EarlyExpiry",
    "ExpireAll",
    "FAULTS",
    "Fault",
    "ForceRefresh",
    "Forge",
    "IssuerDown",
    "IssuerErrors",
    "IssuerRateLimit",
    "IssuerSlow",
    "JwksDown",
    "JwksEmpty",
    "JwksSlow",
    "LabControls",
    "LabFault",
    "Latency",
    "LimitData",
    "Meter",
    "PauseTarget",
    "PublishKey",
    "Reading",
    "RefreshOff",
    "ResetPeer",
    "RestartTarget",
    "RetireKey",
    "RevokeAll",
    "RotateKeys",
    "RunCommand",
    "SameTokenAgain",
    "Site",
    "Slicer",
    "SlowClose",
    "StrangeKey",
    "Surroundings",
    "TokenBloat",
    "TokenDefect",
    "UnknownKidFlood",
    "fault_from_json",
]
