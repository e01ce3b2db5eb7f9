"""Methods: the RPCs of services, with the classes of their messages, from a private pool.

Nothing is registered with protobuf's default pool, so that two services, or two versions of one,
can be at hand in one process.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Literal

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from harness.endpoint import descriptors
from harness.endpoint.metadata import Metadata
from harness.endpoint.pool import build
from harness.endpoint.reflection import reflected
from harness.errors import UsageError

Kind = Literal["unary", "server-stream", "client-stream", "bidi"]
_KINDS: dict[tuple[bool, bool], Kind] = {
    (False, False): "unary",
    (False, True): "server-stream",
    (True, False): "client-stream",
    (True, True): "bidi",
}
_MULTI_CALLABLES: dict[Kind, str] = {
    "unary": "unary_unary",
    "server-stream": "unary_stream",
    "client-stream": "stream_unary",
    "bidi": "stream_stream",
}


READS = re.compile(r"(Get|List|Find|Check|Describe|Read|Show|Who|Search|Query|Range|Status|Count|Lookup|Fetch|Echo)")
"""How methods begin that change nothing, mostly."""


@dataclass(frozen=True)
class Method:
    """One RPC; ``path`` is ``/pkg.Service/Name``."""

    path: str
    service: str
    name: str
    kind: Kind
    request: type[Message]
    reply: type[Message]

    @property
    def takes_many(self) -> bool:
        """Tell whether the client sends a stream."""
        return self.kind in {"client-stream", "bidi"}

    @property
    def reads(self) -> bool:
        """Tell whether it is a unary method that reads, by its name, and none of gRPC's own services."""
        return self.kind == "unary" and bool(READS.match(self.name)) and not self.service.startswith("grpc.")

    def on(self, channel: grpc.Channel) -> Callable[..., object]:
        """Return the call, as a stub of any channel of that shape would have it."""
        opened: Callable[..., object] = getattr(channel, _MULTI_CALLABLES[self.kind])(
            self.path, request_serializer=self.request.SerializeToString, response_deserializer=self.reply.FromString
        )
        return opened


class Methods(Sequence[Method]):
    """All methods of a set of files, sorted by path; ``files`` is the set, ``pool`` knows its messages.

    ``left_out`` says of services and methods, by name, why they could not be built. Raises `UsageError` where
    there are some, and none could.
    """

    def __init__(
        self, files: FileDescriptorSet, missing: Mapping[str, str] = MappingProxyType({}), protocol: str = ""
    ) -> None:
        self.files = files
        self.protocol = protocol
        """Of server reflection, where that told of them."""
        self._built = build(files)
        self.pool = self._built.descriptors
        self.left_out = {**missing, **self._built.left_out}
        self.all: tuple[Method, ...] = tuple(sorted(self._read(), key=lambda method: method.path))
        if self.left_out and not self.all:
            raise UsageError(f"descriptors: {next(iter(self.left_out.values()))}")

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, place):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204 - as a tuple does
        return self.all[place]

    def __iter__(self) -> Iterator[Method]:
        return iter(self.all)

    @property
    def services(self) -> tuple[str, ...]:
        """Return the services' full names, sorted."""
        return tuple(dict.fromkeys(method.service for method in self.all))

    def find(self, name: str) -> Method:
        """Return a method by ``pkg.Service/Name``, ``/pkg.Service/Name`` or ``pkg.Service.Name``.

        Raises `UsageError` that names those that come near.
        """
        wanted = _plain(name)
        for method in self.all:
            if _plain(method.path) == wanted:
                return method
        raise UsageError(self._why_lost(name, wanted) or self._unknown(name, wanted))

    def _why_lost(self, name: str, wanted: str) -> str:
        """Return why a method that is told of could not be built; empty for any other."""
        for lost, why in self.left_out.items():
            if f"{wanted}.".startswith(f"{_plain(lost)}."):
                return f"method {name!r} is served, and cannot be called: {why}"
        return ""

    def _unknown(self, name: str, wanted: str) -> str:
        known = {_plain(method.path): method.path.lstrip("/") for method in self.all}
        near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
        ending = [plain for plain in known if plain.endswith("." + wanted.rpartition(".")[2])]
        hint = ", ".join(known[plain] for plain in dict.fromkeys([*ending, *near]))
        if hint:
            return f"no method {name!r}; did you mean {hint}?"
        some = ", ".join(list(known.values())[:8]) or "none"
        return f"no method {name!r}; there {'are' if known else 'is'}: {some}{', …' if len(known) > 8 else ''}"

    def _read(self) -> Iterator[Method]:
        for name in dict.fromkeys(self._built.files):
            for service in self.pool.FindFileByName(name).services_by_name.values():
                yield from map(_method, service.methods)


def from_reflection(channel: grpc.Channel, metadata: Metadata = (), timeout_s: float = 5.0) -> Methods:
    """Ask a server for its methods; ``metadata`` may carry a token. Raises `UsageError`."""
    found = reflected(channel, metadata, timeout_s)
    return Methods(found.files, found.missing, found.protocol)


def from_protos(paths: Sequence[Path], includes: Sequence[Path] = ()) -> Methods:
    """Compile ``.proto`` files. Raises `UsageError`."""
    return Methods(descriptors.compiled(paths, includes))


def from_descriptor_set(path: Path) -> Methods:
    """Read what ``protoc --include_imports --descriptor_set_out`` wrote. Raises `UsageError`."""
    return Methods(descriptors.read_set(path))


def from_stubs(module: str | ModuleType) -> Methods:
    """Take the methods of generated stubs. Raises `UsageError`."""
    return Methods(descriptors.of_stubs(module))


def _plain(name: str) -> str:
    return name.strip().lstrip("/").replace("/", ".")


def _method(found: MethodDescriptor) -> Method:
    service = found.containing_service.full_name
    return Method(
        path=f"/{service}/{found.name}",
        service=service,
        name=found.name,
        kind=_KINDS[found.client_streaming, found.server_streaming],
        request=GetMessageClass(found.input_type),
        reply=GetMessageClass(found.output_type),
    )
