"""What Locust's own live page is told: one event per call and per token fetch.

Its numbers are for watching; ours come from the journals.
"""

from collections.abc import Callable
from typing import Any

from harness.answers import worth
from harness.auth.channel import Attempt
from harness.calls import Cause
from harness.errors import HarnessError, TokenError
from harness.worker import Watchers

Fire = Callable[..., Any]


class CallFailed(Exception):  # noqa: N818 - the page shows its text as the failure's name
    """A failed call, as the page lists it."""


def watchers(fire: Fire, on_error: Callable[[HarnessError], None]) -> Watchers:
    """Return a worker's watchers; ``fire`` is the request event's."""

    def show_call(attempt: Attempt) -> None:
        response_s = (attempt.end_ns - attempt.arrival.intended_ns) / 1e9
        if attempt.expects:
            answer = worth(attempt.code, attempt.expects)
            _show(fire, "poisoned", attempt.method.lstrip("/"), response_s, None if answer == "right" else answer)
            return
        failure = None if attempt.cause is Cause.OK else f"{_words(attempt.origin.name)}: {_words(attempt.cause.name)}"
        _show(fire, "grpc", attempt.method.lstrip("/"), response_s, failure)

    def show_fetch(seconds: float, error: TokenError | None) -> None:
        _show(fire, "token", "fetch", seconds, None if error is None else f"token source: {_words(error.cause)}")

    return Watchers(show_call, show_fetch, on_error)


def _show(fire: Fire, kind: str, name: str, seconds: float, failure: str | None) -> None:
    fire(
        request_type=kind,
        name=name,
        response_time=seconds * 1e3,
        response_length=0,
        exception=None if failure is None else CallFailed(failure),
        context={},
    )


def _words(name: str) -> str:
    return name.lower().replace("_", " ")
