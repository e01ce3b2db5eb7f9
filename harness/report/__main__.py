"""``python -m harness.report RUN``: write a run's report; the exit code is the verdict's."""

import sys
from pathlib import Path

from harness.errors import HarnessError, UsageError
from harness.report import report_run


def main(arguments: list[str]) -> int:
    """Report the run that is named, and return the exit code."""
    try:
        if len(arguments) != 1:
            raise UsageError("name one run's folder: python -m harness.report RUN")
        summary = report_run(Path(arguments[0]))
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write(f"{summary.verdict.word}: {summary.verdict.reasons[0]}\n")
    return summary.verdict.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
