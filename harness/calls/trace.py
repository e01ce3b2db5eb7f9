"""The auth trace: for every failure and a sample of successes, what the token was like at send.

One JSON object a line in ``auth-<worker>.ndjson``, merged to ``auth.ndjson`` after the run. No
token, no signature, no header but `kid`: `SHOWN_CLAIMS` only.
"""

import json
import os
from pathlib import Path
from typing import Any

from harness.errors import RecordError
from harness.results.call_journal import trace_path
from harness.tokens.token import Token


class AuthTrace:
    """Append trace lines of one worker; `flush` puts them on disk."""

    def __init__(self, run: Path, worker: int, every: int = 100) -> None:
        self._every = every
        self._seen = 0
        self._lines: list[str] = []
        self._worker = worker
        try:
            self._file = os.open(trace_path(run, worker), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise RecordError(f"cannot open the auth trace: {error.strerror}; free some space") from error

    def wants(self) -> bool:
        """Tell whether this success is in the sample."""
        self._seen += 1
        return (self._seen - 1) % self._every == 0

    def add(self, at_ns: int, token: Token | None, **fields: Any) -> None:
        """Buffer one line about an attempt."""
        about = {"kid": token.header.get("kid"), "claims": token.shown()} if token is not None else {}
        self._lines.append(json.dumps({"at_ns": at_ns, "worker": self._worker, **fields, **about}, default=str))

    def flush(self) -> None:
        """Write the buffered lines."""
        if not self._lines:
            return
        data = "".join(line + "\n" for line in self._lines).encode()
        self._lines.clear()
        try:
            os.write(self._file, data)
        except OSError as error:
            raise RecordError(f"cannot write the auth trace: {error.strerror}; free some space") from error

    def close(self) -> None:
        """Write what is buffered and close the file; closing twice is allowed."""
        if self._file >= 0:
            try:
                self.flush()
            finally:
                os.close(self._file)
                self._file = -1
