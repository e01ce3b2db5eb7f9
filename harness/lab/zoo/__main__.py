"""Print the mutation table: ``python -m harness.lab.zoo [NAME …]``; exit 1 where an animal lives."""

import asyncio
import logging
import sys
from collections.abc import Sequence

from harness.errors import HarnessError
from harness.lab import zoo
from harness.lab.zoo.table import page, try_all


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the animals that are named, or all; print the table."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        chosen = [zoo.find(name).name for name in given] or zoo.names("servers") + zoo.names("clients")
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    logging.disable(logging.CRITICAL)  # animals crash, and their key sets fail: that is their work
    trials = asyncio.run(try_all(chosen))
    sys.stdout.write(f"{page(trials)}\n")
    return 0 if all(trial.killed or trial.animal.unseen for trial in trials) else 1


if __name__ == "__main__":
    sys.exit(main())
