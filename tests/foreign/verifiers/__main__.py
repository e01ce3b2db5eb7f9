"""Ask real libraries what they say of bad tokens, and write the table anew: ``make texts``.

Rows of libraries that cannot be asked here are kept. ``--score`` prints how the phrases read the table.
"""

import argparse
import sys
import time

from tests.foreign.verifiers.collection import QUOTED, TABLE, Line, line, read, write
from tests.foreign.verifiers.exam import exam
from tests.foreign.verifiers.programs import PROGRAMS, AbsentError, Program
from tests.foreign.verifiers.score import scores, table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.foreign.verifiers", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PROGRAM", help=", ".join(one.name for one in PROGRAMS))
    parser.add_argument("--score", action="store_true", help="print how the phrases read the table; ask nobody")
    options = parser.parse_args()
    if not options.score:
        rebuild([one for one in PROGRAMS if not options.names or one.name in options.names])
    _say(*table(scores(read())))
    return 0


def rebuild(programs: list[Program]) -> None:
    """Ask the libraries of some programs, and write what they say into the table."""
    said = [one for program in programs for one in _asked(program)]
    anew = {(one.language, one.library) for one in said}
    kept = [one for one in read() if one.source == "ran" and (one.language, one.library) not in anew]
    write([*said, *kept, *read(QUOTED)])
    _say(f"{TABLE.name}: {len(said)} lines asked for, {len(kept)} kept of libraries that were not asked", "")


def _asked(program: Program) -> list[Line]:
    try:
        program.make()
    except AbsentError as absent:
        _say(f"{program.name}: SKIPPED, {absent}")
        return []
    with exam(time.time()) as questions:
        return [line(program.language, one) for one in program.ask(questions.paper())]


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{one}\n" for one in lines)


if __name__ == "__main__":
    raise SystemExit(main())
