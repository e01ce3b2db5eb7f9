"""The command line as a module: ``python -m harness.cli``."""

import sys

from harness.cli import main

sys.exit(main())
