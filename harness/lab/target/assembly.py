"""The assembly: what a target is put together from, part by part, before it serves.

The parts that are right are the defaults; the zoo puts others in their place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from harness.clock import monotonic
from harness.lab.clocks.chaos_clock import ChaosClock
from harness.lab.proto import ledger_pb2, ledger_pb2_grpc
from harness.lab.target.bearer import read_bearer
from harness.lab.target.gate import Gate, Handler, Metadata, cut, is_open, turn_away
from harness.lab.target.jwks_source import JwksSource
from harness.lab.target.key_cache import KeyCache
from harness.lab.target.key_set import KeySet
from harness.lab.target.ledger import Ledger
from harness.lab.target.pace import AnswerPace
from harness.lab.target.service import LEDGER_SCOPES, LedgerService
from harness.lab.target.steps import MAX_TOKEN_CHARS, Steps
from harness.lab.target.verdict import CUT_AT_EXPIRY, TokenVerdict, VerifierSettings
from harness.lab.target.verifier import Verifier
from harness.lab.target.warden import Warden
from harness.results.row import Cause

# Soft and hard limit are one: between them grpc rejects at random.
_LIMIT = MAX_TOKEN_CHARS
_OPTIONS = (
    ("grpc.max_metadata_size", _LIMIT),
    ("grpc.absolute_max_metadata_size", _LIMIT),
    ("grpc.so_reuseport", 0),
    ("grpc.max_concurrent_streams", 10_000),
)

Verify = Callable[[str, KeySet, VerifierSettings, float], TokenVerdict]
Interceptor: TypeAlias = "grpc.aio.ServerInterceptor[Any, Any]"


def _same(part: Any) -> Any:
    return part


@dataclass
class Assembly:
    """The parts of one target.

    ``wrap_verifier`` and ``wrap_gate`` put something before the whole verifier, or before the gate;
    ``wrap_warden`` another in place of who ends streams with their tokens, where the target declares that.
    """

    keys: KeyCache
    demands: VerifierSettings
    clock: ChaosClock
    pace: AnswerPace
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    steps: Steps = field(default_factory=Steps)
    read: Callable[[Metadata], str | Cause] = read_bearer
    is_open: Callable[[str], bool] = is_open
    turn_away: Callable[[Cause], Handler] = turn_away
    scopes: Mapping[str, str] = field(default_factory=dict)
    options: tuple[tuple[str, int], ...] = _OPTIONS
    wrap_verifier: Callable[[Verify], Verify] = _same
    wrap_gate: Callable[[Interceptor], Interceptor] = _same
    wrap_warden: Callable[[Warden], Warden | None] = _same

    @classmethod
    def of(cls, settings: Mapping[str, Any], clock: ChaosClock) -> "Assembly":
        """Return the parts that the settings ask for."""
        demands = VerifierSettings(
            settings["issuer"], settings["audience"], tuple(settings["required"]), settings["leeway_s"]
        )
        scopes = LEDGER_SCOPES if settings.get("scopes") else {}
        return cls(_key_cache(settings), demands, clock, AnswerPace(settings["work_s"]), settings, scopes=scopes)

    def gate(self) -> Gate:
        """Return the gate, made of these parts."""
        verify = self.wrap_verifier(Verifier(self.steps))
        gate = Gate(
            self.keys,
            self.demands,
            self.clock,
            self.pace,
            self.read,
            verify,
            self.is_open,
            self.turn_away,
            self.scopes,
        )
        if self.settings.get("streams") == CUT_AT_EXPIRY:
            gate.warden = self.wrap_warden(Warden(self.steps.claim_checks, lambda: gate.settings, self.clock, cut))
        return gate

    def server(self, gate: Gate) -> grpc.aio.Server:
        """Return the server: ledger and reflection behind the gate, health open."""
        server = grpc.aio.server(interceptors=[self.wrap_gate(gate)], options=self.options)
        ledger_pb2_grpc.add_LedgerServicer_to_server(LedgerService(Ledger()), server)  # type: ignore[no-untyped-call]
        name = ledger_pb2.DESCRIPTOR.services_by_name["Ledger"].full_name
        health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)  # type: ignore[attr-defined]
        if self.settings.get("reflection", True):
            services = (name, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(services, server)
        return server


def _key_cache(settings: Mapping[str, Any]) -> KeyCache:
    """Return the cache over the JWKS, or over the shared secret where there is one."""
    lifetime_s, cooldown_s = settings["keys_lifetime_s"], settings["keys_cooldown_s"]
    if settings.get("shared_key"):
        return KeyCache(lambda: _ready(KeySet.shared(**settings["shared_key"])), monotonic, lifetime_s, cooldown_s)
    ca = (settings.get("tls") or {}).get("ca")
    source = JwksSource(settings["jwks_url"], settings["algorithms"], settings["keys_timeout_s"], ca=ca)
    return KeyCache(source.fetch, monotonic, lifetime_s, cooldown_s)


async def _ready(keys: KeySet) -> KeySet:
    return keys
