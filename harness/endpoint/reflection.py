"""Reflection: what a running server says of its own methods.

The client is grpcio-reflection's. It speaks the older protocol's name alone, whose messages are those
of the newer, so that the channel beneath renames the call where a server knows only the newer.
"""

import logging
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from harness.endpoint.metadata import Metadata
from harness.errors import UsageError
from harness.redaction import redact

METHODS = (
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
)
"""Both protocols, the newer first."""
WAY_OUT = "give --proto FILES or --descriptor-set FILE instead"
logging.getLogger("grpc_reflection").setLevel(logging.WARNING)  # it tells of every file it reads


@dataclass(frozen=True)
class _Details(grpc.ClientCallDetails):
    """What grpc asks of a changed call: attributes by these names."""

    method: str
    timeout: float | None
    metadata: tuple[tuple[str, str | bytes], ...]
    credentials: Any = None
    wait_for_ready: bool | None = None
    compression: Any = None


class _Door(grpc.StreamStreamClientInterceptor):  # type: ignore[type-arg]  # generic in its stubs alone
    """Send reflection calls to one protocol's name, with metadata and a bound of time."""

    def __init__(self, method: str, metadata: Metadata, timeout_s: float) -> None:
        self._details = _Details(method, timeout_s, tuple(metadata))

    def intercept_stream_stream(self, continuation: Any, client_call_details: Any, request_iterator: Any) -> Any:
        """Change the call's name, metadata and time-out."""
        del client_call_details
        return continuation(self._details, request_iterator)


def reflected(channel: grpc.Channel, metadata: Metadata = (), timeout_s: float = 5.0) -> FileDescriptorSet:
    """Return the files that define a server's services, and all that they need.

    Raises `UsageError` where the server has no reflection, or does not let us see it.
    """
    for method in METHODS:
        door = grpc.intercept_channel(channel, _Door(method, metadata, timeout_s))
        try:
            return _files(ProtoReflectionDescriptorDatabase(door))
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                raise UsageError(_why(error)) from error
        except (AssertionError, KeyError) as error:  # how the library says that an answer was odd
            raise UsageError(f"reflection gave an odd answer ({str(error)[:120]}); {WAY_OUT}") from error
    raise UsageError(f"the target has no server reflection; {WAY_OUT}")


def _files(database: ProtoReflectionDescriptorDatabase) -> FileDescriptorSet:
    files: dict[str, FileDescriptorProto] = {}
    for service in database.get_services():
        try:
            waiting = [database.FindFileContainingSymbol(service)]
        except KeyError:  # served, and its definition was not registered: others may be whole
            continue
        while waiting:
            file = waiting.pop()
            if file.name not in files:
                files[file.name] = file
                waiting += [database.FindFileByName(name) for name in file.dependency if name not in files]
    return FileDescriptorSet(file=files.values())


def _why(error: grpc.RpcError) -> str:
    code, details = error.code(), redact(error.details() or "")  # it may repeat what it was asked with
    if code in {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}:
        return f"server reflection turned the token away ({code.name}: {details}); {WAY_OUT}"
    return f"server reflection failed ({code.name}: {details}); {WAY_OUT}"
