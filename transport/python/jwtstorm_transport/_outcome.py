"""What a call came to, in grpc's shape: its code, its text and its metadata, and the error that a failure is."""

from collections.abc import Callable
from typing import Any, Final

import grpc

CODES: Final = {code.value[0]: code for code in grpc.StatusCode}
Metadata = tuple[tuple[str, str | bytes], ...]
Pairs = list[tuple[str, str | bytes]]
Outcome = tuple[int, str, bytes | None, Pairs, Pairs]
"""What the compiled module tells of a call's end: code, text, a unary reply, first and last metadata."""


class Ended(grpc.Call):
    """A call that has ended."""

    def __init__(self, outcome: Outcome) -> None:
        self._number, self._details, _, initial, trailing = outcome
        self._code = CODES.get(self._number, grpc.StatusCode.UNKNOWN)
        self._initial: Metadata = tuple(initial)
        self._trailing: Metadata = tuple(trailing)

    def code(self) -> grpc.StatusCode:
        """Return the status."""
        return self._code

    def number(self) -> int:
        """Return the status as the server sent it: a number that gRPC does not define has the code UNKNOWN."""
        return self._number

    def details(self) -> str:
        """Return the status's text."""
        return self._details

    def initial_metadata(self) -> Metadata:
        """Return the server's first metadata."""
        return self._initial

    def trailing_metadata(self) -> Metadata:
        """Return the server's last metadata."""
        return self._trailing

    def is_active(self) -> bool:
        """Tell that it has ended."""
        return False

    def time_remaining(self) -> float:
        """Return that no time is left."""
        return 0.0

    def cancel(self) -> bool:
        """Tell that there is nothing to cancel."""
        return False

    def add_callback(self, _callback: Callable[[], Any]) -> bool:
        """Tell that it will not be called."""
        return False


class Failed(Ended, grpc.RpcError):  # type: ignore[misc] # its metadata is any iterable of pairs
    """A call that failed."""

    def __str__(self) -> str:
        return f'<call that ended with: status = {self._code}, details = "{self._details}">'


def failure(code: grpc.StatusCode, details: str) -> Failed:
    """Return a failure of the client's own."""
    return Failed((code.value[0], details, None, [], []))
