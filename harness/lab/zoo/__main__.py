"""Print the mutation table: ``python -m harness.lab.zoo [NAME …]``; exit 1 where an animal lives.

With ``--storms [SCENARIO …]`` storms hunt instead of the catalogue; ``--write FILE`` puts their table into a page.
"""

import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.lab import zoo
from harness.lab.zoo import storms
from harness.lab.zoo.table import page, try_all


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the animals that are named, or all; print the table."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "--storms" in given:
        return _storms([word for word in given if word != "--storms"])
    try:
        chosen = [zoo.find(name).name for name in given] or zoo.names("servers") + zoo.names("clients")
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    logging.disable(logging.CRITICAL)  # animals crash, and their key sets fail: that is their work
    trials = asyncio.run(try_all(chosen))
    sys.stdout.write(f"{page(trials)}\n")
    return 0 if all(trial.killed or trial.animal.unseen for trial in trials) else 1


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _storms(given: list[str]) -> int:
    """Run the storms that are named, or all that hunt; print their table."""
    document = None
    if "--write" in given:
        place = given.index("--write")
        document, given = Path(given[place + 1]), given[:place] + given[place + 2 :]
    try:
        found = storms.run_storms(given, _tell)
        if document is not None:
            storms.write_into(document, storms.page(found))
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{storms.page(found)}\n")
    return 0 if all(storm.as_claimed for storm in found) else 1


if __name__ == "__main__":
    sys.exit(main())
