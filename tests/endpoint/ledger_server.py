"""A gRPC server that is not the lab's: all four RPC kinds, with or without TLS, in this process."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from grpc_reflection.v1alpha import reflection

from harness.lab.proto import ledger_pb2, ledger_pb2_grpc

SERVICE = "jwtstorm.lab.v1.Ledger"


class Ledger(ledger_pb2_grpc.LedgerServicer):
    """Answers, and counts what it saw: calls, accounts, and the peers' metadata."""

    def __init__(self, key: str = "authorization", begins: str = "Bearer ey") -> None:
        self._key, self._begins = key, begins
        self.lock = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.accounts: list[str] = []
        self.authorities: set[str] = set()
        self.wanted: dict[str, str | bytes] = {}
        """Metadata without which a call is no good, whatever its token."""
        self.metadata: list[dict[str, str | bytes]] = []

    def _note(self, name: str, context: Any) -> None:
        with self.lock:
            self.calls[name] += 1
        metadata = dict(context.invocation_metadata())
        with self.lock:
            self.metadata.append(metadata)
        if not self.wanted.items() <= metadata.items():
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no tenant")
        if not metadata.get(self._key, "").startswith(self._begins):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "no token")

    def GetBalance(self, request: Any, context: Any) -> Any:  # noqa: N802 - the service's name
        self._note("GetBalance", context)
        with self.lock:
            self.accounts.append(request.account)
        return ledger_pb2.Balance(account=request.account, cents=1)

    def ListTransfers(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802 - the service's name
        self._note("ListTransfers", context)
        for number in range(request.limit):
            yield ledger_pb2.Transfer(id=str(number))

    def ImportTransfers(self, request_iterator: Any, context: Any) -> Any:  # noqa: N802 - the service's name
        self._note("ImportTransfers", context)
        return ledger_pb2.ImportSummary(accepted=sum(1 for _ in request_iterator))

    def StreamTransfers(self, request_iterator: Any, context: Any) -> Iterator[Any]:  # noqa: N802 - the service's name
        self._note("StreamTransfers", context)
        for request in request_iterator:
            yield ledger_pb2.TransferReceipt(nonce=request.nonce)


@contextmanager
def serving(
    address: str = "127.0.0.1:0",
    credentials: grpc.ServerCredentials | None = None,
    *,
    reflects: bool = True,
    options: Sequence[tuple[str, Any]] = (),
    ledger: Ledger | None = None,
) -> Iterator[tuple[str, Ledger]]:
    """Serve; yield where, and the servicer: one that wants a bearer token, where none is given."""
    server = grpc.server(ThreadPoolExecutor(max_workers=16), options=[("grpc.so_reuseport", 0), *options])
    ledger = ledger or Ledger()
    ledger_pb2_grpc.add_LedgerServicer_to_server(ledger, server)  # type: ignore[no-untyped-call]
    if reflects:
        reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), server)
    port = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    server.start()
    try:
        yield address if address.startswith("unix:") else f"127.0.0.1:{port}", ledger
    finally:
        server.stop(grace=None).wait()
