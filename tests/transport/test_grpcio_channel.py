"""Calls whose completions come by one thread a channel end as those of the library's own path do."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.transport.channels import POOL, THREAD
from tests.fakes.call_server import serving

CASES = {
    "a_reply": "hello",
    "a_reply_with_its_call": ["hello", {"code": "OK", "details": "", "first": ..., "last": ...}],
    "a_refusal": {"code": "FAILED_PRECONDITION", "details": "not now: é", "first": [], "last": ...},
    "a_refusal_with_call": {"code": "FAILED_PRECONDITION", "details": "not now: é", "first": [], "last": ...},
    "a_deadline": {"code": "DEADLINE_EXCEEDED", "details": "Deadline Exceeded", "first": [], "last": []},
    "no_method": {"code": "UNIMPLEMENTED", "details": ..., "first": [], "last": []},
    "no_server": {"code": "UNAVAILABLE", "details": ..., "first": [], "last": []},
    "waiting_for_a_server": "DEADLINE_EXCEEDED",
    "waiting_by_service_config": "DEADLINE_EXCEEDED",
    "readiness": None,
    "retries": "3",
    "no_retries": {"code": "UNAVAILABLE", "details": "come back", "first": [], "last": []},
    "compression": [9000, 9000, 5000],
    "a_request_too_large": {"code": "RESOURCE_EXHAUSTED", "details": ..., "first": [], "last": []},
    "a_reply_too_large": {"code": "RESOURCE_EXHAUSTED", "details": ..., "first": ..., "last": ...},
    "a_request_that_cannot_be_written": {"code": "INTERNAL", "details": ..., "first": [], "last": []},
    "a_reply_that_cannot_be_read": {"code": "INTERNAL", "details": ..., "first": ..., "last": ...},
    "wrong_metadata": {"code": "INTERNAL", "details": ..., "first": [], "last": []},
    "a_killed_caller": ["GreenletExit", "1"],
    "a_caller_that_times_out": "1",
    "a_killed_sender": ["GreenletExit", "after"],
    "fast_calls_beside_slow_ones": ["fast"] * 5 + ["slow"] * 40,
    "messages": ["0", "1", "2"],
    "a_stream_that_fails": [["0", "1", "2", "3", "4"], ...],
    "a_stream_that_is_cancelled": ["a", True, "CANCELLED"],
    "a_sent_stream": "a+b",
    "a_sent_stream_with_its_call": ["a+b", {"code": "OK", "details": "", "first": [], "last": ...}],
    "a_sent_stream_that_is_refused": {"code": "INVALID_ARGUMENT", "details": ..., "first": [], "last": ...},
    "a_sent_stream_past_its_deadline": {"code": "DEADLINE_EXCEEDED", "details": ..., "first": [], "last": []},
    "a_mirror": ["a", "b", "c"],
    "all_kinds_at_once": ["0123", "mn", "unary", "x+y"],
    "a_future": ["0", "1", "2"],
    "closing_with_calls_in_flight": [["CANCELLED", "Channel closed!"]] * 2,
    "a_closed_channel": "ValueError",
}
"""What becomes of each case on both paths; ``...`` is anything, the same on both."""


@pytest.fixture(scope="module")
def made() -> Iterator[Mapping[str, Mapping[str, Any]]]:
    """Make every case on both paths, each in a process under gevent that ends with a call in flight."""

    def make(path: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "tests.fakes.made_calls", address, path]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    with serving() as address, ThreadPoolExecutor() as both:
        yield dict(zip((THREAD, POOL), both.map(make, (THREAD, POOL)), strict=True))


def alike(found: Any, expected: Any) -> bool:
    """Return whether what was found is what is expected, where anything is named."""
    if expected is ...:
        return True
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(alike(found[key], one) for key, one in expected.items())
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(alike, found, expected))
    return bool(found == expected)


@pytest.mark.parametrize("name", CASES)
def test_a_call_ends_alike_on_both_paths(made: Mapping[str, Mapping[str, Any]], name: str) -> None:
    on_thread, on_pool = made[THREAD][name], made[POOL][name]
    assert on_thread == on_pool
    assert alike(on_thread, CASES[name]), on_thread


def test_every_case_that_is_made_is_expected(made: Mapping[str, Mapping[str, Any]]) -> None:
    for path in (THREAD, POOL):
        assert made[path].keys() - {"path"} == CASES.keys()


def test_the_run_says_where_its_calls_wait(made: Mapping[str, Mapping[str, Any]]) -> None:
    told = made[THREAD]["path"]
    assert (told["completions"], "threadpool" in told) == (THREAD, False)


def test_without_a_private_name_calls_wait_in_a_pool_above_those_in_flight(
    made: Mapping[str, Mapping[str, Any]],
) -> None:
    told = made[POOL]["path"]
    assert (told["completions"], told["threadpool"]) == (POOL, 116)


def tried(change: str) -> str:
    """Return why the path cannot be had in a process under gevent where something of grpcio has changed."""
    code = (
        "import gevent.monkey; gevent.monkey.patch_all()\n"
        "import types, grpc.experimental.gevent\n"
        "from harness.transport import grpcio_channel, grpcio_completions\n"
        "grpc.experimental.gevent.init_gevent()\n"
        f"{change}\n"
        "print(grpcio_channel.unusable())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


IN_VAIN = "grpcio_completions.cygrpc = types.SimpleNamespace(**vars(grpcio_completions.cygrpc))"
"""Parts that are put in place have no effect, as if the library looked for them elsewhere."""


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("pass", "None"),
        ("del grpcio_completions.cygrpc.g_gevent_threadpool", "no attribute 'g_gevent_threadpool'"),
        ("del grpcio_completions.cygrpc._GRPC_ENABLE_FORK_SUPPORT", "'_GRPC_ENABLE_FORK_SUPPORT' is not defined"),
        ("del grpcio_completions.cygrpc.PropagationConstants", "no attribute 'PropagationConstants'"),
        ("del grpcio_channel.library._UnaryUnaryMultiCallable._prepare", "no attribute '_prepare'"),
        ("del grpcio_channel.library._handle_event", "no attribute '_handle_event'"),
        ("grpcio_completions.cygrpc._GRPC_ENABLE_FORK_SUPPORT = True", "GRPC_ENABLE_FORK_SUPPORT is set"),
        (IN_VAIN, "a call to nowhere did not fail within 1 s"),
    ],
)
def test_a_changed_library_is_noticed_before_any_call(change: str, why: str) -> None:
    assert why in tried(change)
