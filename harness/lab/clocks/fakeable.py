"""Fakeable: whether libfaketime can reach a program, before it is started and when it runs."""

import mmap
import os
import shutil
import stat
from pathlib import Path
from typing import Literal

from harness.errors import UsageError
from harness.lab.clocks.faketime import INSTEAD, Library

_ELF = b"\x7fELF"
_INTERPRETER = 3
"""The kind of an ELF program header that names the dynamic loader. Source: elf(5), PT_INTERP."""
_GO = b"\xff Go buildinf:"
"""How the build information of a Go program begins. Source: Go, debug/buildinfo."""
_MOST_INTERPRETERS = 4


def require_fakeable(command: str, folder: str, path: str = os.defpath) -> Path:
    """Return the program that a command's first word starts, a script's interpreter in its place.

    Raises `UsageError` that says why libfaketime cannot reach it.
    """
    program = _find(command, folder, path)
    try:
        for _ in range(_MOST_INTERPRETERS):
            interpreter = _interpreter(program, path)
            if interpreter is None:
                break
            program = interpreter
        why = _why_not(program)
    except OSError as error:
        raise UsageError(f"launch: {program}: {error.strerror}; give another program in command=") from error
    if why:
        raise UsageError(f"faketime: {program} {why}, so that libfaketime does not reach its clock; {INSTEAD}")
    return program


def require_preloaded(group: int, library: Library) -> None:
    """See that every process of a group has the library in its memory.

    Raises `UsageError` that names one that has not. Source: proc(5), maps.
    """
    for pid, name in _processes(group):
        try:
            maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it ended meanwhile
        if maps and str(library.path.resolve()) not in maps:
            raise UsageError(
                f"faketime: the target's process {name} (pid {pid}) runs without libfaketime: it is static, of "
                f"another architecture, or dropped LD_PRELOAD; {INSTEAD}"
            )


def _find(command: str, folder: str, path: str) -> Path:
    if os.sep in command:
        return Path(folder, command)
    found = shutil.which(command, path=path)
    if found is None:
        raise UsageError(f"launch: there is no program {command}; give its path in command=")
    return Path(found)


def _interpreter(program: Path, path: str) -> Path | None:
    """Return what runs a script by its first line, looked up where that line says ``env``."""
    with program.open("rb") as file:
        line = file.readline(256)
    if not line.startswith(b"#!"):
        return None
    words = [word for word in line[2:].decode(errors="replace").split() if word != "-S"]
    if len(words) > 1 and Path(words[0]).name == "env":
        return _find(words[1], ".", path)
    return Path(words[0]) if words else None


def _why_not(program: Path) -> str | None:
    """Return why no preload works in a program; None where nothing speaks against it."""
    if program.stat().st_mode & (stat.S_ISUID | stat.S_ISGID):
        return "runs with another user's rights, for which the system drops LD_PRELOAD"
    with program.open("rb") as file:
        if file.read(len(_ELF)) != _ELF:
            return "is no Linux program"
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as image:
            if image.find(_GO) >= 0:
                return "is written in Go, which asks the kernel for the time and not libc"
            return None if _is_dynamic(image) else "is statically linked"


def _is_dynamic(image: mmap.mmap) -> bool:
    """Tell whether a program asks for a dynamic loader. Source: elf(5), the file header and the program headers."""
    order: Literal["little", "big"] = "little" if image[5] == 1 else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(image[at : at + size], order)

    if image[4] == 2:  # 64 bits
        table, size, count = number(32, 8), number(54, 2), number(56, 2)
    else:
        table, size, count = number(28, 4), number(42, 2), number(44, 2)
    return any(number(table + row * size, 4) == _INTERPRETER for row in range(count))


def _processes(group: int) -> list[tuple[int, str]]:
    """Return pid and name of the living processes of a group. Source: proc_pid_stat(5), fields 2, 3 and 5."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = path.read_text(errors="replace").rpartition(")")
        except OSError:
            continue
        state, _parent, its_group = rest.split()[:3]
        if int(its_group) == group and state != "Z":
            found.append((int(path.parent.name), head.partition("(")[2]))
    return found
