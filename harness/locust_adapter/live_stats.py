"""What Locust's own live page is told: every call and every token fetch, in batches.

A request event per call, with the statistics behind it, costs the generator as much as its own
record does. So calls are tallied, and folded into Locust's statistics a few times a second, right to
the count. Where somebody else listens to request events, each call is an event of its own, as ever.
Its numbers are for watching; ours come from the journals.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from harness.calls.channel import Attempt
from harness.errors import HarnessError, TokenError
from harness.results.grpc_status import worth
from harness.results.row import Cause
from harness.worker.recorder import Watchers

LOCUST = "locust.runners"
"""The module of Locust's own listener, which feeds its statistics."""


class CallFailed(Exception):  # noqa: N818 - the page shows its text as the failure's name
    """A failed call, as the page lists it."""


class LiveTally:
    """Calls that Locust's statistics are still to be told of.

    ``environment`` is Locust's, ``rules`` its module `locust.stats`: how times are put into buckets, and what
    tells one error from another.
    """

    def __init__(self, environment: Any, rules: Any) -> None:
        self._environment = environment
        self._rules = rules
        self._times_ms: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self._failures: Counter[tuple[str, str, str]] = Counter()
        self.batching = False
        """Whether calls wait for the next `fold`; otherwise each is an event at once."""

    def begin(self) -> None:
        """Tally from now on, where nobody but Locust itself listens."""
        listeners = getattr(self._environment.events.request, "_handlers", None)
        self.batching = listeners is not None and all(one.__module__ == LOCUST for one in listeners)

    def end(self) -> None:
        """Fold what is left; a straggler is an event of its own."""
        self.fold()
        self.batching = False

    def add(self, kind: str, name: str, seconds: float, failure: str | None) -> None:
        """Note one call or fetch."""
        if not self.batching:
            self._fire(kind, name, seconds, failure)
            return
        self._times_ms[kind, name].append(seconds * 1e3)
        if failure is not None:
            self._failures[kind, name, failure] += 1

    def add_all(self, kind: str, name: str, seconds: Sequence[float]) -> None:
        """Note good calls."""
        if self.batching:
            self._times_ms[kind, name].extend(one * 1e3 for one in seconds)
            return
        for one in seconds:
            self._fire(kind, name, one, None)

    def fold(self) -> None:
        """Bring Locust's statistics up to date, and see whether somebody listens now."""
        times_ms, self._times_ms = self._times_ms, defaultdict(list)
        failures, self._failures = self._failures, Counter()
        for (kind, name), times in times_ms.items():
            self._log(kind, name, times)
        for (kind, name, failure), count in failures.items():
            self._log_failures(kind, name, CallFailed(failure), count)
        if self.batching:
            self.begin()

    def _log(self, kind: str, name: str, times_ms: Sequence[float]) -> None:
        """Log the first by Locust's own method, which keeps its clocks and caches, and the rest at once."""
        stats, (first, *rest) = self._environment.stats, times_ms
        stats.log_request(kind, name, first, 0)
        if not rest:
            return
        buckets = Counter(map(self._rules.bucket_response_time, rest))
        for entry in (stats.total, stats.get(name, kind)):
            entry.num_requests += len(rest)
            entry.num_reqs_per_sec[int(entry.last_request_timestamp)] += len(rest)
            entry.total_response_time += sum(rest)
            entry.min_response_time = min(entry.min_response_time, *rest)
            entry.max_response_time = max(entry.max_response_time, *rest)
            for bucket, count in buckets.items():
                entry.response_times[bucket] += count

    def _log_failures(self, kind: str, name: str, error: CallFailed, count: int) -> None:
        stats, rest = self._environment.stats, count - 1
        stats.log_error(kind, name, error)
        stats.errors[self._rules.StatsError.create_key(kind, name, error)].occurrences += rest
        for entry in (stats.total, stats.get(name, kind)):
            entry.num_failures += rest
            entry.num_fail_per_sec[int(entry.last_request_timestamp)] += rest

    def _fire(self, kind: str, name: str, seconds: float, failure: str | None) -> None:
        self._environment.events.request.fire(
            request_type=kind,
            name=name,
            response_time=seconds * 1e3,
            response_length=0,
            exception=None if failure is None else CallFailed(failure),
            context={},
        )

    def watchers(self, on_error: Callable[[HarnessError], None]) -> Watchers:
        """Return what a worker tells of its calls and fetches, for this page."""
        return _watchers(self, on_error)


def _watchers(tally: LiveTally, on_error: Callable[[HarnessError], None]) -> Watchers:
    add = tally.add

    def show_call(attempt: Attempt) -> None:
        response_s = (attempt.end_ns - attempt.arrival.intended_ns) / 1e9
        if attempt.expects:
            answer = worth(attempt.code, attempt.expects)
            add("poisoned", attempt.method.lstrip("/"), response_s, None if answer == "right" else answer)
            return
        failure = None if attempt.cause is Cause.OK else f"{_words(attempt.origin.name)}: {_words(attempt.cause.name)}"
        add("grpc", attempt.method.lstrip("/"), response_s, failure)

    def show_calls(name: str, response_s: Sequence[float]) -> None:
        tally.add_all("grpc", name, response_s)

    def show_fetch(seconds: float, error: TokenError | None) -> None:
        add("token", "fetch", seconds, None if error is None else f"token source: {_words(error.cause)}")

    return Watchers(show_call, show_calls, show_fetch, on_error)


def _words(name: str) -> str:
    return name.lower().replace("_", " ")
