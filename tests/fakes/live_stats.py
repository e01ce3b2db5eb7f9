"""Tell Locust of the same calls twice, by events and in batches, and print both of its statistics as JSON.

Run by `tests/locust_adapter/test_live_stats.py` in a process of its own: Locust patches sockets.
"""

from locust import stats  # first: it patches sockets
from locust.env import Environment

# isort: split
import json
import random
import sys
from typing import Any

from harness.locust_adapter.live_stats import LiveTally

KINDS = (("grpc", "Ledger/GetBalance"), ("grpc", "Ledger/Transfer"), ("token", "fetch"))
WORDS = (None, None, None, "verifier: expired", "transport: unreachable")


def told(*, batches: bool, seed: int, listens: bool = False) -> dict[str, Any]:
    """Return what Locust's statistics say of five thousand calls."""
    environment, dice = Environment(), random.Random(seed)
    environment.create_local_runner()
    heard: list[float] = []
    if listens:
        environment.events.request.add_listener(lambda response_time, **_: heard.append(response_time))
    tally = LiveTally(environment, stats)
    if batches:
        tally.begin()
    for _ in range(5000):
        kind, name = dice.choice(KINDS)
        tally.add(kind, name, dice.lognormvariate(-4, 1), dice.choice(WORDS))
        if dice.random() < 0.01:
            tally.fold()
    tally.end()
    entries = {"/".join(key): _entry(entry) for key, entry in environment.stats.entries.items()}
    errors = {f"{one.method} {one.name} {one.error}": one.occurrences for one in environment.stats.errors.values()}
    return {**entries, "total": _entry(environment.stats.total), "errors": errors, "heard": len(heard)}


def _entry(entry: Any) -> list[Any]:
    times = {str(bucket): count for bucket, count in sorted(entry.response_times.items())}
    per_s = (sum(entry.num_reqs_per_sec.values()), sum(entry.num_fail_per_sec.values()))
    extremes = (entry.min_response_time, entry.max_response_time, round(entry.total_response_time, 6))
    return [entry.num_requests, entry.num_failures, entry.num_none_requests, *per_s, *extremes, times]


if __name__ == "__main__":
    seed = int(sys.argv[1])
    answers = [
        told(batches=False, seed=seed),
        told(batches=True, seed=seed),
        told(batches=True, seed=seed, listens=True),
    ]
    sys.stdout.write(json.dumps(answers))
