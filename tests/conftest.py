"""What holds for all tests.

Hypothesis sets no deadline, for a shared machine may be slow at any moment. What takes long starts first, so that no
worker is left alone with it at the end: the tests marked `long`, then those marked `e2e`, then the others. What a
busy machine kept from judging is no pass: `tests.busy`.
"""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.busy"]

settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items[:] = dealt(items, getattr(config, "workerinput", {}).get("workercount", 1))


def dealt(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Order the tests for workers that each begin with one part of the list: `--dist worksteal` cuts it evenly.

    Each part has its share of what takes long at its head. Within a group tests keep the order that they were shuffled
    into, and all but the long ones stay beside their module's others, which share its fixtures.
    """
    long = [item for item in items if item.get_closest_marker("long")]
    others = [item for item in items if not item.get_closest_marker("long")]
    real = [item for item in others if item.get_closest_marker("e2e")]
    quick = [item for item in others if not item.get_closest_marker("e2e")]
    parts: list[pytest.Item] = []
    for worker in range(workers):
        ends = [len(group) * (worker + 1) // workers for group in (items, real)]
        parts += [*long[worker::workers], *real[len(real) * worker // workers : ends[1]]]
        filling = max(ends[0] - len(parts), 0)
        parts += quick[:filling]
        del quick[:filling]
    return parts + quick
