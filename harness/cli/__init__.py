"""The command line: ``jwtstorm``. Its commands are the files of `harness.cli.commands`."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from harness.cli.commands import COMMANDS, Group, exit_codes
from harness.errors import HarnessError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code. An error is one line and the way out, never a traceback."""
    parser = _parser()
    options, rest = parser.parse_known_args(sys.argv[1:] if arguments is None else arguments)
    command = COMMANDS[options.command]
    if rest and not command.hands_on:
        parser.error(f"{command.name} does not know {' '.join(rest)}")
    options.rest = rest
    _listen_to_sigint()
    try:
        return command.run(options)
    except HarnessError as error:
        sys.stderr.write(f"jwtstorm: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _listen_to_sigint() -> None:
    """Let SIGINT end us in the background of a script, too: there a shell has every job ignore it from its start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class _Parser(argparse.ArgumentParser):
    """A parser whose last words are made when its help is printed, so that nothing is loaded for them before."""

    ending: Callable[[], str] = staticmethod(exit_codes)

    def format_help(self) -> str:
        """Return the help."""
        self.epilog = self.ending().replace("%", "%%")
        return super().format_help()


class _Version(argparse.Action):
    """Print the version; reading it takes longer than all the rest of a start."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print it, and exit."""
        from importlib.metadata import version

        sys.stdout.write(f"jwtstorm {version('jwtstorm')}\n")
        parser.exit()


def _parser() -> _Parser:
    parser = _Parser(
        prog="jwtstorm",
        description=f"Chaos and load tests for JWT authentication over gRPC.\n\n{_overview()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", help="jwtstorm COMMAND --help tells its options"
    )
    for command in COMMANDS.values():
        sub = commands.add_parser(
            command.name, description=command.text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        sub.ending = command.ending
        command.add_options(sub)
    return parser


def _overview() -> str:
    """Return every command with its sentence, under the headings of their groups."""
    parts = []
    for group in Group:
        members = sorted((one for one in COMMANDS.values() if one.group is group), key=lambda one: one.name)
        parts.append(f"{group.value}:\n" + "".join(f"  {one.name:<11}{one.text}\n" for one in members))
    return "\n".join(parts)
