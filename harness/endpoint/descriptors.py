"""Descriptors: files that define services, from ``.proto`` files, a descriptor set or generated stubs.

Each way ends in a ``FileDescriptorSet``, which can be sent to workers and read anywhere.
"""

import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.message import DecodeError

from harness.errors import UsageError

WELL_KNOWN = (
    "any",
    "api",
    "descriptor",
    "duration",
    "empty",
    "field_mask",
    "source_context",
    "struct",
    "timestamp",
    "type",
    "wrappers",
)
"""Files of protobuf itself, that a descriptor set may leave out."""


def compiled(paths: Sequence[Path], includes: Sequence[Path] = ()) -> FileDescriptorSet:
    """Compile ``.proto`` files; without ``includes`` each file's own folder is looked through.

    Raises `UsageError` with the compiler's first line, or where grpcio-tools is not installed.
    """
    try:
        import grpc_tools
        from grpc_tools import protoc
    except ImportError as error:
        raise UsageError(
            "--proto needs the compiler: pip install grpcio-tools; or give --descriptor-set FILE, made with protoc"
        ) from error
    for path in paths:
        if not path.is_file():
            raise UsageError(f"proto file {path}: no such file; check the path")
    folders = list(dict.fromkeys([*includes, *(path.parent for path in paths)]))
    own = Path(grpc_tools.__file__).parent / "_proto"
    with tempfile.TemporaryDirectory(prefix="jwtstorm-") as folder:
        out = Path(folder) / "set.bin"
        command = ["protoc", *(f"-I{place}" for place in [*folders, own]), "--include_imports"]
        command += [f"--descriptor_set_out={out}", *map(str, paths)]
        code, said = _quietly(protoc, command)
        if code:
            first = next((line for line in said.splitlines() if ".proto" in line), f"exit code {code}")
            raise UsageError(f"proto files do not compile: {first}; add --include FOLDER where an import is missing")
        return read_set(out)


def _quietly(protoc: ModuleType, command: Sequence[str]) -> tuple[int, str]:
    """Run the compiler here, and catch its standard error: a fork beside grpc under gevent may abort."""
    import os

    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            code = protoc.main(list(command))
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        caught.seek(0)
        return code, caught.read().decode(errors="replace")


def read_set(path: Path) -> FileDescriptorSet:
    """Read a descriptor set: what ``protoc --include_imports --descriptor_set_out`` writes.

    Raises `UsageError` where the file cannot be read or is none.
    """
    try:
        found = FileDescriptorSet.FromString(path.read_bytes())
    except OSError as error:
        raise UsageError(f"descriptor set {path}: {error.strerror}; check the path") from error
    except DecodeError:
        found = FileDescriptorSet()
    if not found.file:
        raise UsageError(f"{path} is no descriptor set; {_instead(path)}")
    return found


def _instead(path: Path) -> str:
    """Return the way out for a file that is no descriptor set; a command in it writes to a new file, never over one."""
    if path.suffix == ".proto":
        return f"it is a source, so give --proto {path}"
    if path.suffix == ".py":
        return f"it is generated code, so give --stubs {path.stem}"
    return "make one: protoc --include_imports --descriptor_set_out=NEW_FILE SOURCE.proto …, and give that"


def of_stubs(module: str | ModuleType) -> FileDescriptorSet:
    """Return the files of generated stubs, ``my_service_pb2`` or ``my_service_pb2_grpc``.

    Raises `UsageError` where the module cannot be imported or is no generated one.
    """
    name = module if isinstance(module, str) else module.__name__
    try:
        loaded = import_module(name.removesuffix("_grpc"))
    except ImportError as error:
        raise UsageError(f"stubs {name}: {error}; give the module's name as your code imports it") from error
    descriptor = getattr(loaded, "DESCRIPTOR", None)
    if not isinstance(descriptor, FileDescriptor):
        raise UsageError(f"stubs {name}: no generated code of protobuf; name a module that ends with _pb2")
    return _closure([descriptor])


def well_known(name: str) -> FileDescriptorProto | None:
    """Return one of protobuf's own files by its name, or None."""
    for stem in WELL_KNOWN:
        if name == f"google/protobuf/{stem}.proto":
            return _proto(import_module(f"google.protobuf.{stem}_pb2").DESCRIPTOR)
    return None


def _closure(files: Sequence[FileDescriptor]) -> FileDescriptorSet:
    found: dict[str, FileDescriptorProto] = {}
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file.name not in found:
            found[file.name] = _proto(file)
            waiting += file.dependencies
    return FileDescriptorSet(file=found.values())


def _proto(file: FileDescriptor) -> FileDescriptorProto:
    proto = FileDescriptorProto()
    file.CopyToProto(proto)
    return proto
