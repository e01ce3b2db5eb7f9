"""Locust's own table at the end, right to the count against the rows."""

import re

import pytest

from harness.calls import Kind
from tests.e2e.storms import Trial, free_port, settings
from tests.e2e.test_run import all_rows

pytestmark = [pytest.mark.e2e, pytest.mark.transports]

AGGREGATED = re.compile(r"^\s*Aggregated\s+(\d+)\s+(\d+)\(", re.MULTILINE)


def counted(trial: Trial) -> tuple[int, int]:
    """Return calls and token fetches of the only run by its rows, and those of them that failed."""
    rows = all_rows(trial.run_folder())
    told = rows[rows["final"] & (rows["kind"] != Kind.NOT_SENT.name)]
    return len(told), int((told["cause"] != "OK").sum())


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["alone", "two processes"])
def test_locusts_table_counts_every_call_failures_included(trial: Trial, processes: tuple[str, ...]) -> None:
    trial.write(settings("timeline=[at(1, IssuerDown(), until_s=3), at(1.5, ExpireAll())]"))
    ports = ("--master-port", port, "--master-bind-port", port) if processes and (port := str(free_port())) else ()
    done = trial.locust("--headless", "--only-summary", *processes, *ports)
    total, failed = counted(trial)
    assert failed > 0
    assert next(tuple(map(int, found)) for found in AGGREGATED.findall(done.stdout + done.stderr)) == (total, failed)
