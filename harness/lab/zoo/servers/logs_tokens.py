"""Writes every token into its log."""

import logging

from harness.lab.target.assembly import Assembly
from harness.lab.target.gate import Metadata
from harness.results.row import Cause

FINDS = ()


UNSEEN = "A log is not on the wire: look through it, as the tests of the lab's own processes do."

_log = logging.getLogger(__name__)


def change(target: Assembly) -> None:
    """Log what is read."""
    right = target.read

    def read(metadata: Metadata) -> str | Cause:
        token = right(metadata)
        _log.info("token %s", token)
        return token

    target.read = read
