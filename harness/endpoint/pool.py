"""The pool: descriptors of files, put together as far as they go.

A set may lack files, hold broken ones, or import what only options need, as descriptors of people's servers do. What
cannot be built costs its own methods, each named with why; everything else is there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from harness.endpoint.descriptors import well_known

MISSING = "make them with --include_imports"


@dataclass
class Pool:
    """What could be built, and by service (``pkg.Service``) or method (``pkg.Service/Method``) why it could not."""

    descriptors: DescriptorPool = field(default_factory=DescriptorPool)
    left_out: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    """The names of the files of the set that are in it."""


def build(files: FileDescriptorSet) -> Pool:
    """Return the pool of a set of files, each added after those that it needs."""
    builder = _Builder({file.name: file for file in files.file})
    for file in _in_order(builder.given):
        builder.add(file)
    return builder.pool


def _in_order(given: Mapping[str, FileDescriptorProto]) -> Iterator[FileDescriptorProto]:
    """Yield files after those that they need; without recursion, for a set may be as deep as it likes."""
    done: set[str] = set()
    for name in given:
        waiting = [name]
        opened: set[str] = set()
        while waiting:
            file = _file(given, waiting[-1])
            if file is None or file.name in done:
                waiting.pop()
                continue
            needed = [] if file.name in opened else [one for one in file.dependency if one not in done | opened]
            opened.add(file.name)
            if needed:
                waiting += needed
                continue
            done.add(waiting.pop())
            yield file


def _file(given: Mapping[str, FileDescriptorProto], name: str) -> FileDescriptorProto | None:
    return well_known(name) or given.get(name)


class _Builder:
    def __init__(self, given: Mapping[str, FileDescriptorProto]) -> None:
        self.given = given
        self.pool = Pool()
        self._types: dict[str, set[str]] = {}
        """By file, the full names that it defines or passes on."""

    def add(self, file: FileDescriptorProto) -> None:
        """Add a file as it is, else without what it lacks; else note what is lost with it."""
        lacking = [name for name in file.dependency if name not in self._types]
        pruned = self._pruned(file, lacking) if lacking else file
        why = f"{file.name} imports {lacking[0]}, which is missing; {MISSING}" if lacking else ""
        for candidate in (pruned,) if lacking else (file, self._pruned(file, [])):
            try:
                self.pool.descriptors.Add(candidate)
                self.pool.descriptors.FindFileByName(candidate.name)
            except (KeyError, TypeError, ValueError) as error:
                why = why or f"{file.name} does not hold together ({_line(error)}); make the descriptors anew"
                continue
            self._types[file.name] = set(_defined(candidate)) | self._passed_on(candidate)
            if file.name in self.given:
                self.pool.files.append(file.name)
            self._note_lost(file, candidate, why)
            return
        self._note_lost(file, None, why)

    def _note_lost(self, file: FileDescriptorProto, kept: FileDescriptorProto | None, why: str) -> None:
        left = set(_methods(kept)) if kept else set()
        for service in file.service:
            full = f"{file.package}.{service.name}".lstrip(".")
            lost = [method.name for method in service.method if f"{full}/{method.name}" not in left]
            names = [full] if len(lost) == len(service.method) else [f"{full}/{name}" for name in lost]
            self.pool.left_out |= dict.fromkeys(names, why) if lost else {}

    def _passed_on(self, file: FileDescriptorProto) -> set[str]:
        public = [file.dependency[place] for place in file.public_dependency if place < len(file.dependency)]
        return {name for dependency in public for name in self._types.get(dependency, ())}

    def _pruned(self, file: FileDescriptorProto, lacking: Iterable[str]) -> FileDescriptorProto:
        """Return a copy without the imports that are lacking, and without what names a type that nobody defines."""
        kept = FileDescriptorProto()
        kept.CopyFrom(file)
        gone = set(lacking)
        public = {file.dependency[place] for place in file.public_dependency if place < len(file.dependency)}
        for places in (kept.dependency, kept.public_dependency, kept.weak_dependency):
            del places[:]
        kept.dependency.extend(name for name in file.dependency if name not in gone)
        kept.public_dependency.extend(place for place, name in enumerate(kept.dependency) if name in public)
        known = set(_defined(file)).union(*(self._types.get(name, ()) for name in kept.dependency))
        _keep(kept.extension, lambda one: _is_known(one.extendee, known) and _is_known(one.type_name, known))
        for message in _messages(kept.message_type):
            _keep(message.field, lambda one: _is_known(one.type_name, known))
            _keep(message.extension, lambda one: _is_known(one.extendee, known) and _is_known(one.type_name, known))
        for service in kept.service:
            _keep(service.method, lambda one: _is_known(one.input_type, known) and _is_known(one.output_type, known))
        return kept


def _keep(items: Any, fits: Any) -> None:
    kept = [item for item in items if fits(item)]
    if len(kept) < len(items):
        del items[:]
        items.extend(kept)


def _is_known(name: str, known: set[str]) -> bool:
    """Tell whether a type is defined; a relative name is left to the pool to find."""
    return not name.startswith(".") or name[1:] in known


def _defined(file: FileDescriptorProto) -> Iterator[str]:
    prefix = f"{file.package}." if file.package else ""
    waiting = [(prefix, message) for message in file.message_type]
    yield from (f"{prefix}{enum.name}" for enum in file.enum_type)
    while waiting:
        above, message = waiting.pop()
        name = f"{above}{message.name}"
        yield name
        yield from (f"{name}.{enum.name}" for enum in message.enum_type)
        waiting += [(f"{name}.", nested) for nested in message.nested_type]


def _messages(top: Iterable[DescriptorProto]) -> Iterator[DescriptorProto]:
    waiting = list(top)
    while waiting:
        message = waiting.pop()
        yield message
        waiting += message.nested_type


def _methods(file: FileDescriptorProto) -> Iterator[str]:
    for service in file.service:
        full = f"{file.package}.{service.name}".lstrip(".")
        yield from (f"{full}/{method.name}" for method in service.method)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
