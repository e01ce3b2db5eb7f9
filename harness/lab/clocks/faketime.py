"""Faketime: libfaketime before a program, and the file by which its clock is moved while it runs.

The library replaces libc's clock functions in a program that is started with it (``LD_PRELOAD``). Its offset
comes from a file of one line. Every setting here has its reason in what goes wrong without it.
"""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from harness.errors import UsageError

VARIABLE = "JWTSTORM_FAKETIME"
"""Names a libfaketime of your own to use instead of the extra's."""
INSTALL = "pip install 'jwtstorm[faketime]'"
INSTEAD = 'drop faketime=True and move the issuer\'s clock: ClockSkew(of="issuer", …)'
_IN_THE_WHEEL = "libfaketime/vendor/libfaketime/src/libfaketime.so.1"
_BUILT_FOR = ("Linux", "x86_64")
"""What the library inside the wheel is built for, whatever the wheel's name says."""


@dataclass(frozen=True)
class Library:
    """A libfaketime: its file, and where it is from."""

    path: Path
    version: str


@dataclass(frozen=True)
class Preload:
    """A library before a program, and the file that it reads its offset from.

    The program looks at the file again after ``cache_s`` seconds at the earliest; 0 is at every look at the clock.
    """

    library: Library
    file: Path
    cache_s: int = 1

    @property
    def seen_within_s(self) -> float:
        """Return how long a program that looks at its clock may take to see a moved one.

        The cache's age is compared in whole seconds: one of 1 s ends after 1 to 2 s. Source: libfaketime.c.
        """
        return self.cache_s + 1.0 if self.cache_s else 0.0

    def write(self, offset_s: float) -> None:
        """Set the offset: a whole file takes the old one's place, since half a line would end the program.

        Always with `` x1``: a rate that was set once stays until another is given.
        """
        whole = self.file.with_name(f".{self.file.name}.new")
        whole.write_text(f"{offset_s:+.6f} x1\n", encoding="ascii")
        whole.replace(self.file)

    def environ(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return what to add to a program's environment; ``given`` is what it has.

        The monotonic clock stays: deadlines run by it, and a step would end every call. Numbers in the
        file have a point, whatever the program's language. Raises `UsageError` where ``given`` overrules the file.
        """
        if "FAKETIME" in given:
            raise UsageError("faketime: FAKETIME is set, and overrules the file by which the clock is moved; unset it")
        cache = {"FAKETIME_CACHE_DURATION": str(self.cache_s)} if self.cache_s else {"FAKETIME_NO_CACHE": "1"}
        language = {"LC_ALL": "", "LANG": given["LC_ALL"]} if given.get("LC_ALL") else {}
        return {
            "LD_PRELOAD": " ".join(filter(None, (str(self.library.path), given.get("LD_PRELOAD")))),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "LC_NUMERIC": "C",
            **language,
            **cache,
        }


def find_library(environ: Mapping[str, str] = os.environ, machine: tuple[str, str] | None = None) -> Library:
    """Return the libfaketime of this machine: the one that `VARIABLE` names, else the extra's.

    Raises `UsageError` with the way out where there is none.
    """
    if named := environ.get(VARIABLE):
        return _loadable(Library(Path(named).absolute(), f"named by {VARIABLE}"))
    machine = machine or (platform.system(), platform.machine())
    if machine != _BUILT_FOR:
        raise UsageError(
            f"faketime: the library of jwtstorm[faketime] is for Linux on x86_64, not for {' on '.join(machine)}; "
            f"build libfaketime and name it by {VARIABLE}, or {INSTEAD}"
        )
    try:
        found = distribution("libfaketime")
    except PackageNotFoundError:
        raise UsageError(f"faketime: libfaketime is not installed; {INSTALL}, or {INSTEAD}") from None
    return _loadable(Library(Path(str(found.locate_file(_IN_THE_WHEEL))), f"libfaketime {found.version} (PyPI)"))


def _loadable(library: Library) -> Library:
    if not library.path.is_file():
        raise UsageError(f"faketime: there is no {library.path}; {INSTALL}, or set {VARIABLE}")
    if set(str(library.path)) & set(" :"):
        raise UsageError(f"faketime: LD_PRELOAD would cut {library.path} at its space or colon; move it elsewhere")
    return library
