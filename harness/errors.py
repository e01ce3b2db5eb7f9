"""The errors of jwtstorm, one tree.

::

    HarnessError
    ├── UsageError            exit 2: a wrong name, option or file; the message says the way out
    │   └── ScenarioError     exit 2: all mistakes of one scenario, reported at once
    └── RunError              exit 3: the run cannot give a valid answer
        ├── LabError          a child of ours did not start, died, or refused a command
        │   └── LinkError     the proxy did not carry out a change of a link
        ├── RecordError       rows could not be written or read back
        └── TokenError        a token source gave no token (becomes a row, never ends a run)

A leaf exists where a caller acts differently. Messages name the thing, the value, the limit and
the way out; they never hold a token, a key or a password.
"""

from collections.abc import Sequence


class HarnessError(Exception):
    """Root of all errors that jwtstorm raises on purpose."""

    exit_code = 3


class UsageError(HarnessError):
    """A wrong name, option or file: nothing was started."""

    exit_code = 2


class ScenarioError(UsageError):
    """All mistakes of one scenario.

    ``mistakes`` holds one sentence each, every one with its way out.
    """

    def __init__(self, name: str, mistakes: Sequence[str]) -> None:
        self.name = name
        self.mistakes = tuple(mistakes)
        count = f"{len(self.mistakes)} mistake{'s' if len(self.mistakes) > 1 else ''}"
        super().__init__(f"{name}: {count}\n" + "\n".join(f"  - {mistake}" for mistake in self.mistakes))


class RunError(HarnessError):
    """The run cannot give a valid answer."""


class LabError(RunError):
    """A child process of the lab did not start, died, or refused a command."""


class LinkError(LabError):
    """The proxy did not carry out, or does not show, a change of a link."""


class RecordError(RunError):
    """Rows or files of a run could not be written or read back."""


class TokenError(RunError):
    """A token source gave no token.

    ``cause`` is the name of the matching `harness.results.row.Cause`; ``status`` the HTTP status, or 0;
    ``retry_after_s`` what the issuer asked for, or 0.
    """

    def __init__(self, message: str, cause: str, status: int = 0, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.cause = cause
        self.status = status
        self.retry_after_s = retry_after_s
