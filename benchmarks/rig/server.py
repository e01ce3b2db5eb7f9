"""A target that costs as little as Python allows: no verifier, a fast method and a slow one.

Started as a child of the lab's kind. Settings: ``fast_s`` and ``slow_s``, how long GetBalance and
FindTransfer take (0: no wait at all); ``cpu`` pins the process to one core, where it is given; ``host`` is
the address to listen on, loopback by default.
"""

import asyncio
import os
from typing import Any

import grpc

from harness.lab.processes.child import report_ready, settle_in
from harness.lab.proto import ledger_pb2, ledger_pb2_grpc


class PlainLedger(ledger_pb2_grpc.LedgerServicer):
    """Answer two methods with the same message every time."""

    def __init__(self, fast_s: float, slow_s: float) -> None:
        self._fast_s = fast_s
        self._slow_s = slow_s
        self._balance = ledger_pb2.Balance(account="42", cents=4200, version=1)
        self._receipt = ledger_pb2.TransferReceipt(id="1", nonce="n")

    async def GetBalance(self, _request: Any, _context: Any) -> Any:  # noqa: N802 - the name in ledger.proto
        """Answer after ``fast_s``."""
        if self._fast_s:
            await asyncio.sleep(self._fast_s)
        return self._balance

    async def FindTransfer(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Answer after ``slow_s``."""
        await asyncio.sleep(self._slow_s)
        return self._receipt


async def serve(fast_s: float = 0.0, slow_s: float = 0.0, host: str = "127.0.0.1") -> None:
    """Serve on a free port until the parent ends us."""
    server = grpc.aio.server()
    ledger_pb2_grpc.add_LedgerServicer_to_server(PlainLedger(fast_s, slow_s), server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port(f"{host}:0")
    await server.start()
    report_ready(address=f"{host}:{port}")
    await server.wait_for_termination()


def main() -> None:
    settings = settle_in()
    pin(settings.pop("cpu", None))
    asyncio.run(serve(**settings))


def pin(cpu: float | None) -> None:
    """Keep this process on one core, where the system can; ``cpu`` counts those we may use."""
    if cpu is not None and hasattr(os, "sched_setaffinity"):
        ours = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {ours[int(cpu) % len(ours)]})


if __name__ == "__main__":
    main()
