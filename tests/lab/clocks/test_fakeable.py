"""Programs that libfaketime reaches, and those that it does not."""

import os
import struct
import sys
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.lab.clocks.fakeable import require_fakeable, require_preloaded
from harness.lab.clocks.faketime import Library

WIDE = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
"""How the header of a 64-bit little-endian program begins. Source: elf(5)."""


def elf(*kinds: int, tail: bytes = b"") -> bytes:
    """Return a program's header and its program headers, of these kinds."""
    header = WIDE + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, len(kinds), 0, 0, 0)
    return header + b"".join(struct.pack("<I52x", kind) for kind in kinds) + tail


def program(folder: Path, content: bytes, mode: int = 0o755) -> str:
    path = folder / "server"
    path.write_bytes(content)
    path.chmod(mode)
    return str(path)


def test_a_program_with_a_loader_is_reached(tmp_path: Path) -> None:
    command = program(tmp_path, elf(1, 3))
    assert require_fakeable(command, ".") == Path(command)


def test_a_program_is_looked_for_in_its_folder_and_on_the_path(tmp_path: Path) -> None:
    command = program(tmp_path, elf(3))
    assert require_fakeable("./server", str(tmp_path)) == tmp_path / "server"
    assert require_fakeable("server", ".", str(tmp_path)) == Path(command)


@pytest.mark.parametrize("line", ["#!{}\n", "#!/usr/bin/env server\n", "#!/usr/bin/env -S server -u\n"])
def test_a_scripts_interpreter_counts(line: str, tmp_path: Path) -> None:
    interpreter = program(tmp_path, elf(3))
    script = tmp_path / "script"
    script.write_text(line.format(interpreter))
    assert require_fakeable(str(script), ".", str(tmp_path)) == Path(interpreter)


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (elf(1), 0o755, "is statically linked"),
        (elf(3, tail=b"..\xff Go buildinf:.."), 0o755, "is written in Go"),
        (elf(3), 0o4755, "with another user's rights"),
        (b"MZ", 0o755, "is no Linux program"),
        (b"", 0o755, "is no Linux program"),
    ],
)
def test_an_unreachable_program_is_refused_with_the_way_out(
    content: bytes, mode: int, why: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=f'{why}.*ClockSkew\\(of="issuer"'):
        require_fakeable(program(tmp_path, content, mode), ".")


@pytest.mark.parametrize("command", ["no-such-server", "./no-such-server"])
def test_a_program_that_is_not_there_is_refused(command: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no-such-server.*command="):
        require_fakeable(command, str(tmp_path), str(tmp_path))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells what a process has in its memory")
def test_a_process_without_the_library_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"runs without libfaketime"):
        require_preloaded(os.getpgid(0), Library(tmp_path / "libfaketime.so.1", "one"))
