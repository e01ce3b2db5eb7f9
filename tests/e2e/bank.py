"""A gRPC server with PyJWT, as somebody else would write one: ``python bank.py PORT JWKS_URL``.

It knows nothing of the harness but the definition of its service, and reads the time where everybody does.
"""

import sys
from concurrent import futures
from typing import Any

import grpc
import jwt

from harness.lab.proto import ledger_pb2, ledger_pb2_grpc

LEEWAY_S = 5


class Bank(ledger_pb2_grpc.LedgerServicer):
    def __init__(self, jwks_url: str) -> None:
        self.keys = jwt.PyJWKClient(jwks_url, cache_keys=True)

    def GetBalance(self, request: Any, context: Any) -> Any:  # noqa: N802 - the service's name
        token = dict(context.invocation_metadata()).get("authorization", "").removeprefix("Bearer ")
        try:
            key = self.keys.get_signing_key_from_jwt(token)
            jwt.decode(token, key, algorithms=["ES256"], audience="ledger", leeway=LEEWAY_S)
        except jwt.PyJWTError as error:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, str(error))
        return ledger_pb2.Balance(account=request.account, cents=1)


def main(port: str, jwks_url: str) -> None:
    server = grpc.server(futures.ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
    ledger_pb2_grpc.add_LedgerServicer_to_server(Bank(jwks_url), server)  # type: ignore[no-untyped-call]
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
