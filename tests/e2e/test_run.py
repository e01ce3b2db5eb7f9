"""A run from its start to its files: alone, forked, and with workers apart."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from harness.files import read_lines
from harness.results.row import Cause, Flag, RowKind
from tests.e2e.storms import DRAWN, Trial, assert_code, free_port, secrets_in, settings

pytestmark = [pytest.mark.e2e, pytest.mark.transports]

PLANNED = 300 + 400


def final_calls(run: Path) -> "pd.DataFrame":
    rows = all_rows(run)
    return rows[rows["final"] & (rows["kind"] != RowKind.FETCH.name)]


def all_rows(run: Path) -> "pd.DataFrame":
    rows = pd.read_parquet(run / "calls.parquet")
    return rows.assign(final=(rows["flags"].to_numpy() & Flag.FINAL) > 0)


def assert_every_arrival_has_one_final_row(run: Path, planned: int = PLANNED) -> None:
    counts = Counter(final_calls(run)["call_id"])
    assert sorted(counts) == list(range(planned))
    assert set(counts.values()) == {1}


def test_a_quiet_run_passes_with_one_final_row_per_arrival(trial: Trial) -> None:
    trial.environ |= DRAWN
    trial.write(settings())
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert_code(done, 0)
    assert_every_arrival_has_one_final_row(trial.run_folder())
    assert trial.about()["state"] == "complete"
    assert (trial.run_folder() / "report.html").stat().st_size > 10_000


def test_locust_itself_with_two_processes_loses_no_row(trial: Trial) -> None:
    trial.write(settings("timeline=[at(2, ExpireAll())]"))
    port = str(free_port())
    done = trial.locust("--headless", "--processes", "2", "--master-port", port, "--master-bind-port", port)
    assert_code(done, 0)
    assert_every_arrival_has_one_final_row(trial.run_folder())
    assert [promise["lost"] for promise in trial.about()["workers"]] == [0, 0]


@pytest.mark.long
def test_the_same_seed_touches_the_same_arrivals_however_many_processes(trial: Trial) -> None:
    faults = "timeline=[at(0.5, DefectMix(), until_s=3.5, toxicity=0.3)]"
    port = str(free_port())
    runs = []
    for seed, processes in (
        (7, ()),
        (7, ("--processes", "2", "--master-port", port, "--master-bind-port", port)),
        (8, ()),
    ):
        trial.write(settings(faults, f"seed={seed}", "max_lag_s=30"))
        assert_code(trial.locust("--headless", *processes), 0)
        runs.append(touched(trial.runs()[-1]))
    alone, together, other = runs
    assert len(alone) == PLANNED
    assert alone == together
    assert 50 < sum(map(bool, alone.values())) < 150  # of 300 that were due meanwhile
    assert alone != other


def touched(run: Path) -> dict[int, str]:
    """Return what a fault made each arrival carry that was sent; an empty text where it was left alone."""
    rows = all_rows(run)
    sent = rows[rows["final"] & (rows["kind"] == RowKind.CALL.name)]
    carried = {
        line["call_id"]: str(line["poisoned_by"]) for line in read_lines(run / "auth.ndjson") if "poisoned_by" in line
    }
    return {int(call_id): carried.get(call_id, "") for call_id in sent["call_id"]}


def test_a_master_with_two_workers_gives_the_same_files(trial: Trial) -> None:
    trial.write(settings())
    port = str(free_port())
    worker = [sys.executable, "-m", "locust", "-f", "trial.py", "--worker", "--master-port", port]
    workers = [
        subprocess.Popen(
            worker, cwd=trial.folder, env=trial.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(2)
    ]
    try:
        done = trial.locust("--headless", "--master", "--master-bind-port", port, "--expect-workers", "2")
        ended = [process.wait(timeout=20) for process in workers]
    finally:
        for process in workers:
            process.kill()
            process.wait()
    assert_code(done, 0)
    assert ended == [0, 0]
    assert_every_arrival_has_one_final_row(trial.run_folder())


def test_expired_tokens_cost_one_retry_each_and_no_failure(trial: Trial) -> None:
    trial.write(settings("timeline=[at(2, ExpireAll())]"))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert_code(done, 0)
    rows = all_rows(trial.run_folder())
    refused = rows[rows["cause"] == Cause.EXPIRED.name]
    assert len(refused) >= 4  # twenty users in fours of five share four tokens
    assert not refused["final"].any()
    assert (rows["kind"] == RowKind.FETCH.name).sum() == 8


def test_a_run_writes_no_token_and_no_secret(trial: Trial) -> None:
    trial.environ |= DRAWN
    trial.write(settings("timeline=[at(1, RevokeAll()), at(2, IssuerDown(), until_s=3)]"))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    (trial.folder / "output.log").write_text(done.stdout + done.stderr)
    assert secrets_in(trial.folder) == []
    assert "Bearer" not in (trial.folder / "output.log").read_text()


def test_a_failed_check_exits_1(trial: Trial) -> None:
    trial.write(
        settings("timeline=[at(1, IssuerDown(), until_s=3), at(1.5, ExpireAll())]").replace(
            "0.01)", '0.01, when="all")'
        )
    )
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert_code(done, 1)


def test_a_source_without_a_token_ends_the_run_before_it_begins(trial: Trial) -> None:
    source = "target='127.0.0.1:1', issuer=TokenCommand(['false'])"
    trial.write(settings(source))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert done.returncode == 3
    assert "false ended with 1 and no token" in done.stdout + done.stderr


def test_a_run_time_below_the_plan_makes_the_run_invalid(trial: Trial) -> None:
    trial.write(settings())
    done = trial.jwtstorm("run", "trial.py", "--headless", "-t", "5")
    assert_code(done, 3)
    assert "-t 5 s ends the run before its plan" in done.stdout + done.stderr


def test_a_closed_load_counts_every_call(trial: Trial) -> None:
    trial.write(
        settings().replace("constant_rate(per_s=100, duration_s=4, max_users=20", "closed_users(users=5, duration_s=4")
    )
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert_code(done, 0)
    calls = final_calls(trial.run_folder())
    assert len(calls) > 100
    assert calls["call_id"].is_unique
