"""Methods: the RPCs of services, with the classes of their messages, from a private pool.

Nothing is registered with protobuf's default pool, so that two services, or two versions of one,
can be at hand in one process.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

import grpc
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from harness.endpoint import descriptors
from harness.endpoint.metadata import Metadata
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

    def on(self, channel: grpc.Channel) -> Callable[..., object]:
        """Return the call, as a stub of any channel of that shape would have it."""
        opened: Callable[..., object] = getattr(channel, _MULTI_CALLABLES[self.kind])(
            self.path, request_serializer=self.request.SerializeToString, response_deserializer=self.reply.FromString
        )
        return opened


class Methods(Sequence[Method]):
    """All methods of a set of files, sorted by path; ``files`` is the set, ``pool`` knows its messages."""

    def __init__(self, files: FileDescriptorSet) -> None:
        self.files = files
        self.pool = _pool(files)
        self.all: tuple[Method, ...] = tuple(sorted(self._read(), key=lambda method: method.path))

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
        raise UsageError(self._unknown(name, wanted))

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
        for file in self.files.file:
            for service in self.pool.FindFileByName(file.name).services_by_name.values():
                yield from map(_method, service.methods)


def from_reflection(channel: grpc.Channel, metadata: Metadata = (), timeout_s: float = 5.0) -> Methods:
    """Ask a server for its methods; ``metadata`` may carry a token. Raises `UsageError`."""
    return Methods(reflected(channel, metadata, timeout_s))


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


def _pool(files: FileDescriptorSet) -> DescriptorPool:
    """Return a pool of the files, each added after those that it needs.

    Raises `UsageError` for a file that is missing or does not hold together.
    """
    pool = DescriptorPool()
    known = {file.name: file for file in files.file}
    try:
        for file in _in_order(known):
            pool.Add(file)
        for name in known:
            pool.FindFileByName(name)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"descriptors do not hold together: {str(error)[:200]}; make them anew") from error
    return pool


def _in_order(known: dict[str, FileDescriptorProto]) -> Iterable[FileDescriptorProto]:
    added: dict[str, FileDescriptorProto] = {}

    def add(name: str, asker: str) -> None:
        if name in added:
            return
        file = known.get(name) or descriptors.well_known(name)
        if file is None:
            raise UsageError(f"descriptors: {asker} imports {name}, which is missing; make them with --include_imports")
        for needed in file.dependency:
            add(needed, file.name)
        added[name] = file

    for name in known:
        add(name, name)
    return added.values()
