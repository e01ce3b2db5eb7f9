"""The commands of ``jwtstorm``: one file each, registered by being defined.

A command is a function from its parsed options to an exit code; the first line of its docstring is its help.
All files here are loaded for ``jwtstorm --help``, so that a command imports what is heavy when it runs.

Exit codes of every command: 0 good; 1 a check failed, or worse; 2 usage or scenario error;
3 invalid or not comparable; 4 too noisy to tell; 130 interrupted, with everything undone and written.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from harness.registry import Registry

EXIT_CODES = """\
exit codes: 0 good; 1 a check failed, or worse; 2 usage or scenario error; 3 invalid (unsteady before the
storm, no samples, generator saturated, rows lost, a fault that could not be undone) or not comparable;
4 too noisy to tell; 130 interrupted before the planned end, with everything undone and written"""


def exit_codes() -> str:
    """Return what the exit codes mean."""
    return EXIT_CODES


Run = Callable[[Namespace], int]
AddOptions = Callable[[ArgumentParser], None]


class Group(Enum):
    """What a command is for; the values head the groups of ``jwtstorm --help``, in this order."""

    STORM = "run storms"
    READ = "read what a run left"
    COMPARE = "compare builds"
    TARGET = "look at a target, or serve one"
    HERE = "see to this machine"


@dataclass(frozen=True)
class CliCommand:
    """One command."""

    name: str
    group: Group
    run: Run
    add_options: AddOptions
    ending: Callable[[], str] = exit_codes
    """Makes the text that ends its help, with its exit codes."""
    hands_on: bool = False
    """Whether options that it does not know are left in ``options.rest``, for what it starts; else they are refused."""

    @property
    def text(self) -> str:
        """Return what it does: the first line of its docstring."""
        return (self.run.__doc__ or "").strip().partition("\n")[0]


COMMANDS: Registry[CliCommand] = Registry("command", "harness.cli.commands")


def no_options(parser: ArgumentParser) -> None:
    """Add nothing: the command takes no options."""
    del parser


def command(
    name: str,
    group: Group,
    add_options: AddOptions = no_options,
    *,
    ending: Callable[[], str] = exit_codes,
    hands_on: bool = False,
) -> Callable[[Run], Run]:
    """Register a command; ``ending`` makes the text that ends its help, which tells its exit codes."""

    def register(run: Run) -> Run:
        COMMANDS.add(name, CliCommand(name, group, run, add_options, ending, hands_on))
        return run

    return register
