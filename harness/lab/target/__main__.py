"""Run the target as a child of the lab."""

import logging
from collections.abc import Mapping
from typing import Any

import uvloop

from harness.lab.clocks.chaos_clock import ChaosClock
from harness.lab.control.server import control_app
from harness.lab.listener import HOST, Listener
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
    try:
        port = server.add_insecure_port(f"{HOST}:{settings.get('port', 0)}")
    except RuntimeError as error:
        report_error(str(error))
        return
    control = Listener(
        control_app(settings["control_secret"], TargetChaos(gate, clock).commands()), settings.get("control_port", 0)
    )
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
