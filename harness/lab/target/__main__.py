"""Run the target as a child of the lab."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
import uvloop

from harness.endpoint.address import bracketed
from harness.lab.clocks.chaos_clock import ChaosClock
from harness.lab.control.server import control_app
from harness.lab.listener import Listener
from harness.lab.place import LOOPBACK
from harness.lab.processes.child import report_error, report_ready, settle_in
from harness.lab.target.assembly import Assembly
from harness.lab.target.chaos import TargetChaos
from harness.lab.zoo import release


async def serve(settings: Mapping[str, Any]) -> None:
    """Serve until the process ends."""
    clock = ChaosClock()
    assembly = Assembly.of(settings, clock)
    release(settings.get("zoo", ()), assembly)
    gate = assembly.gate()
    server = assembly.server(gate)
    place = bracketed(settings.get("host", LOOPBACK))
    try:
        port = _listen(server, f"{place}:{settings.get('port', 0)}", settings.get("tls"))
    except RuntimeError as error:
        report_error(str(error))
        return
    control = Listener(
        control_app(settings["control_secret"], TargetChaos(gate, clock).commands()), settings.get("control_port", 0)
    )
    await gate.keys.current()  # now, so that the first calls do not wait for it; a failure is not final
    await server.start()
    await control.open()
    report_ready(address=f"{place}:{port}", control_url=control.url)
    await server.wait_for_termination()


def _listen(server: grpc.aio.Server, address: str, tls: Mapping[str, str] | None) -> int:
    """Listen at an address, in TLS where files are given, and return the port."""
    if tls is None:
        return server.add_insecure_port(address)
    pair = Path(tls["key"]).read_bytes(), Path(tls["certificate"]).read_bytes()
    return server.add_secure_port(address, grpc.ssl_server_credentials([pair]))


def keep_metadata_out_of_the_log() -> None:
    """Drop grpc's own line about metadata that is not UTF-8: it quotes the value, which may be a token."""
    logging.getLogger("grpc._cython.cygrpc").addFilter(lambda record: "Invalid encoding" not in str(record.msg))


if __name__ == "__main__":
    keep_metadata_out_of_the_log()
    uvloop.run(serve(settle_in()))
