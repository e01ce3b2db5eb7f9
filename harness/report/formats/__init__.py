"""Export formats of a run, one file each, registered by being defined.

A format is a function from a run and its summary to the files that it wrote into the run's folder, each whole or not at
all. The first line of its docstring is its help. Some are written with every report, the others when they are asked
for: ``jwtstorm report RUN --format NAME``. All are loaded for any report: import here what is light, the rest in the
function.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.registry import Registry
from harness.results.run import Run
from harness.results.summary import Summary

Write = Callable[[Run, Summary], Sequence[Path]]


@dataclass(frozen=True)
class ExportFormat:
    """One format; ``always`` is whether every report has it."""

    name: str
    write: Write
    always: bool

    @property
    def text(self) -> str:
        """Return what it writes: the first line of its docstring."""
        return (self.write.__doc__ or "").strip().partition("\n")[0]


FORMATS: Registry[ExportFormat] = Registry("export format", "harness.report.formats")


def export_format(name: str, *, always: bool = False) -> Callable[[Write], Write]:
    """Register a format."""

    def register(write: Write) -> Write:
        FORMATS.add(name, ExportFormat(name, write, always))
        return write

    return register
