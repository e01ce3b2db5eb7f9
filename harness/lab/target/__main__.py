"""Run the target as a child of the lab."""

import logging
from collections.abc import Mapping
from typing import Any

import grpc
import uvloop
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from harness.clock import monotonic
from harness.lab.chaos_clock import ChaosClock
from harness.lab.commands import control_app
from harness.lab.listener import HOST, Listener
from harness.lab.process import report_error, report_ready, settle_in
from harness.lab.proto import ledger_pb2, ledger_pb2_grpc
from harness.lab.target.chaos import TargetChaos
from harness.lab.target.gate import Gate
from harness.lab.target.jwks_source import JwksSource
from harness.lab.target.key_cache import KeyCache
from harness.lab.target.key_set import KeySet
from harness.lab.target.ledger import Ledger
from harness.lab.target.pace import Pace
from harness.lab.target.service import LedgerService
from harness.lab.target.verifier import MAX_TOKEN_CHARS, VerifierSettings

# Soft and hard limit are one: between them grpc rejects at random.
_LIMIT = MAX_TOKEN_CHARS
_OPTIONS = (
    ("grpc.max_metadata_size", _LIMIT),
    ("grpc.absolute_max_metadata_size", _LIMIT),
    ("grpc.so_reuseport", 0),
    ("grpc.max_concurrent_streams", 10_000),
)


def key_cache(settings: Mapping[str, Any]) -> KeyCache:
    """Return the cache over the JWKS, or over the shared secret where there is one."""
    lifetime_s, cooldown_s = settings["keys_lifetime_s"], settings["keys_cooldown_s"]
    if settings.get("shared_key"):
        return KeyCache(lambda: _ready(KeySet.shared(**settings["shared_key"])), monotonic, lifetime_s, cooldown_s)
    source = JwksSource(settings["jwks_url"], settings["algorithms"])
    return KeyCache(source.fetch, monotonic, lifetime_s, cooldown_s)


async def _ready(keys: KeySet) -> KeySet:
    return keys


def build_gate(settings: Mapping[str, Any], clock: ChaosClock) -> Gate:
    """Return the gate that the settings ask for."""
    demands = VerifierSettings(
        settings["issuer"], settings["audience"], tuple(settings["required"]), settings["leeway_s"]
    )
    return Gate(key_cache(settings), demands, clock, Pace(settings["work_s"]))


def build_server(gate: Gate, *, with_reflection: bool) -> grpc.aio.Server:
    """Return the server: ledger and reflection behind the gate, health open."""
    server = grpc.aio.server(interceptors=[gate], options=_OPTIONS)
    ledger_pb2_grpc.add_LedgerServicer_to_server(LedgerService(Ledger()), server)  # type: ignore[no-untyped-call]
    name = ledger_pb2.DESCRIPTOR.services_by_name["Ledger"].full_name
    health_pb2_grpc.add_HealthServicer_to_server(health.aio.HealthServicer(), server)  # type: ignore[attr-defined]
    if with_reflection:
        services = (name, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(services, server)
    return server


async def serve(settings: Mapping[str, Any]) -> None:
    """Serve until the process ends."""
    clock = ChaosClock()
    gate = build_gate(settings, clock)
    server = build_server(gate, with_reflection=settings["reflection"])
    try:
        port = server.add_insecure_port(f"{HOST}:{settings.get('port', 0)}")
    except RuntimeError as error:
        report_error(str(error))
        return
    control = Listener(control_app(settings["control_secret"], TargetChaos(gate, clock).commands()))
    await gate.keys.current()  # now, so that the first calls do not wait for it; a failure is not final
    await server.start()
    await control.open()
    report_ready(address=f"{HOST}:{port}", control_url=control.url)
    await server.wait_for_termination()


def keep_metadata_out_of_the_log() -> None:
    """Drop grpc's own line about metadata that is not UTF-8: it quotes the value, which may be a token."""
    logging.getLogger("grpc._cython.cygrpc").addFilter(lambda record: "Invalid encoding" not in str(record.msg))


if __name__ == "__main__":
    keep_metadata_out_of_the_log()
    uvloop.run(serve(settle_in()))
