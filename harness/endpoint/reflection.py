"""Reflection: what a running server says of its own methods.

Both protocols are asked, the newer first, and the older after any failure: proxies and interceptors answer for a
service that is not there in many ways. Their messages are the same. A symbol or a file that a server does not give
costs what needs it, and no more (`harness.endpoint.pool`).

Source: grpc/grpc doc/server-reflection.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from harness.clock import monotonic
from harness.endpoint.descriptors import well_known
from harness.endpoint.metadata import Metadata
from harness.errors import UsageError
from harness.redaction import redact

METHODS = (
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
)
"""Both protocols, the newer first."""
WAY_OUT = "give --proto FILES or --descriptor-set FILE instead"
MOST_FILES = 10_000
WITHIN_S = 60.0
"""A server that makes up files without end is given up here."""
_MOST_LOST = 3
"""So many questions in a row that end the call mean that nobody is there to be asked any more."""
_AUTH = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED"})


@dataclass(frozen=True)
class Reflected:
    """What a server says: files, and by service why its own is missing; ``protocol`` is ``v1`` or ``v1alpha``."""

    files: FileDescriptorSet
    protocol: str
    missing: dict[str, str] = field(default_factory=dict)


class _RefusedError(Exception):
    """A question that was not answered, or not with what was asked for."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}" if text else code)
        self.code = code


def reflected(channel: grpc.Channel, metadata: Metadata = (), timeout_s: float = 5.0) -> Reflected:
    """Return the files that define a server's services, and all that they need.

    Raises `UsageError` where the server has no reflection, or does not let us see it.
    """
    refusals: dict[str, _RefusedError] = {}
    for method in METHODS:
        protocol = method.split(".")[2]
        try:
            return _Reader(_asker(channel, method, metadata, timeout_s), protocol).read()
        except _RefusedError as error:
            refusals[protocol] = error
    raise UsageError(_why(refusals))


Ask = Callable[..., Any]
"""Asks one question, and returns the answer of the kind that fits it; raises `_RefusedError`."""


def _asker(channel: grpc.Channel, method: str, metadata: Metadata, timeout_s: float) -> Ask:
    call: Any = channel.stream_stream(
        method,
        request_serializer=ServerReflectionRequest.SerializeToString,
        response_deserializer=ServerReflectionResponse.FromString,
    )

    def ask(wanted: str, **question: str) -> Any:
        replies = call(iter([ServerReflectionRequest(**question)]), timeout=timeout_s, metadata=metadata)
        try:
            reply = next(replies)
        except StopIteration:
            raise _RefusedError("odd", "it ended without an answer") from None
        except grpc.RpcError as error:
            raise _lost(error) from error
        replies.cancel()
        return _answer(reply, wanted)

    return ask


def _lost(error: Any) -> _RefusedError:
    return _RefusedError(error.code().name, redact(error.details() or ""))  # it may repeat what it was asked with


def _answer(reply: ServerReflectionResponse, wanted: str) -> Any:
    kind = reply.WhichOneof("message_response")
    if kind == wanted:
        return getattr(reply, wanted)
    if kind == "error_response":
        said = reply.error_response
        raise _RefusedError("error", redact(said.error_message) or f"code {said.error_code}")
    raise _RefusedError("odd", f"it answered {kind or 'nothing'}")


class _Reader:
    """Reads all files by one protocol."""

    def __init__(self, ask: Ask, protocol: str) -> None:
        self._ask = ask
        self._protocol = protocol
        self._files: dict[str, FileDescriptorProto] = {}
        self._until_s = monotonic() + WITHIN_S
        self._lost = 0

    def read(self) -> Reflected:
        """Return what the server says; raises `_RefusedError` where it says nothing of any service."""
        services = [service.name for service in self._ask("list_services_response", list_services="").service]
        missing = {name: why for name in services if (why := self._take(file_containing_symbol=name))}
        if services and len(missing) == len(services):
            raise _RefusedError("odd", f"no service is described ({next(iter(missing.values()))})")
        asked: set[str] = set()
        while wanted := set(self._needed()) - asked:
            for name in sorted(wanted):
                self._take(file_by_filename=name)  # where it is not given, the pool says what that costs
            asked |= wanted
        return Reflected(FileDescriptorSet(file=self._files.values()), self._protocol, missing)

    def _needed(self) -> Iterator[str]:
        for file in self._files.values():
            yield from (name for name in file.dependency if name not in self._files and well_known(name) is None)

    def _take(self, **question: str) -> str:
        """Ask for a file, and take all that the answer holds; return why there is none, or an empty text."""
        if monotonic() > self._until_s or len(self._files) > MOST_FILES:
            raise _RefusedError("odd", f"it did not come to an end within {WITHIN_S:g} s and {MOST_FILES} files")
        try:
            answer = self._ask("file_descriptor_response", **question)
            found = [FileDescriptorProto.FromString(data) for data in answer.file_descriptor_proto]
        except DecodeError:
            return "its file is no descriptor"
        except _RefusedError as error:
            self._lost = self._lost + 1 if error.code.isupper() else 0
            if self._lost >= _MOST_LOST:
                raise
            return str(error)
        self._lost = 0
        for file in found:
            self._files.setdefault(file.name, file)
        return "" if found else "it gave no file"


def _why(refusals: dict[str, _RefusedError]) -> str:
    codes = {error.code for error in refusals.values()}
    if codes == {"UNIMPLEMENTED"}:
        return f"the target has no server reflection; {WAY_OUT}"
    told = [(protocol, error) for protocol, error in refusals.items() if error.code != "UNIMPLEMENTED"]
    said = "; ".join(f"{protocol}: {error}" for protocol, error in told) if len(told) > 1 else str(told[0][1])
    verb = "turned the token away" if codes & _AUTH else "failed"
    return f"server reflection {verb} ({said}); {WAY_OUT}"
