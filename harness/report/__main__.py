"""``python -m harness.report RUN``: write a run's report; the exit code is the verdict's."""

import sys

from harness.report import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
