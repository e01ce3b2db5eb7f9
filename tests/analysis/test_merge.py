import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.analysis.columns import Rows
from harness.analysis.merge import merge, merged
from harness.errors import RecordError
from harness.results.call_journal import HEADER, Journal
from harness.results.row import NO_LIFE, ROW, Flag, RowKind
from harness.results.run import read_run
from tests.fakes.run import ZERO_NS, FakeRun


def _small(path: Path, **others: object) -> FakeRun:
    return FakeRun(path, per_s=10, duration_s=20, warm_up_s=2, steps=(), **others)  # type: ignore[arg-type]


def _rows(path: Path) -> int:
    return int(pq.read_metadata(path / "calls.parquet").num_rows)


def test_every_row_of_every_worker_is_in_the_merged_file(tmp_path: Path) -> None:
    path = _small(tmp_path, workers=3).write()
    found = merge(read_run(path))
    assert [worker.words() for worker in found.workers] == [None] * 3
    promised = sum(worker["rows"] for worker in json.loads((path / "run.json").read_text())["workers"])
    assert found.rows == promised == _rows(path)


def test_times_count_from_zero_in_order_and_a_clock_offset_is_taken_off(tmp_path: Path) -> None:
    path = _small(tmp_path, workers=1, lag_us=0).write()
    plain = pq.read_table(merge_at(path) / "calls.parquet").column("intended_us").to_pylist()
    assert plain == sorted(plain)
    assert plain[0] == -2_000_000
    data = json.loads((path / "run.json").read_text())
    data["workers"][0]["clock_offset_ns"] = 5_000_000
    (path / "run.json").write_text(json.dumps(data))
    shifted = pq.read_table(merge_at(path) / "calls.parquet").column("intended_us").to_pylist()
    assert shifted == [time - 5_000 for time in plain]


def merge_at(path: Path) -> Path:
    merge(read_run(path))
    return path


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 4_000))
def test_a_journal_cut_anywhere_keeps_every_whole_row_and_names_the_loss(tmp_path: Path, cut: int) -> None:
    path = _small(tmp_path, workers=1).write()
    journal = path / "calls-0.bin"
    whole = journal.read_bytes()
    cut = min(cut, len(whole))
    journal.write_bytes(whole[: len(whole) - cut])
    kept = (len(whole) - cut - HEADER.size) // ROW.size
    (found,) = merge(read_run(path)).workers
    assert found.found == kept == _rows(path)
    assert found.missing == (len(whole) - HEADER.size) // ROW.size - kept
    assert (found.words() is None) == (found.missing == 0)


def test_after_a_kill_nothing_was_promised_and_nothing_is_missing(tmp_path: Path) -> None:
    path = _small(tmp_path, run={"state": "running", "workers": [], "ended_s": None}).write()
    with (path / "calls-1.bin").open("ab") as journal:
        journal.write(b"half a row")
    found = merge(read_run(path))
    assert [worker.promised for worker in found.workers] == [None, None]
    assert found.workers[1].torn_bytes == 10
    assert all(worker.words() is None for worker in found.workers)


def test_zeros_in_a_journal_are_damaged_rows_not_calls(tmp_path: Path) -> None:
    path = _small(tmp_path, workers=1).write()
    with (path / "calls-0.bin").open("ab") as journal:
        journal.write(bytes(ROW.size * 3))
    (found,) = merge(read_run(path)).workers
    assert found.damaged == 3
    assert "3 damaged rows" in str(found.words())


def test_a_worker_whose_journal_is_missing_is_named(tmp_path: Path) -> None:
    path = _small(tmp_path).write()
    (path / "calls-1.bin").unlink()
    found = merge(read_run(path))
    assert "calls-1.bin is missing" in str(found.workers[1].words())


def test_a_run_that_never_reached_zero_has_only_warm_up(tmp_path: Path) -> None:
    path = _small(tmp_path, run={"zero_ns": None}).write()
    merge(read_run(path))
    assert max(pq.read_table(path / "calls.parquet").column("intended_us").to_pylist()) < 0


def test_the_merge_is_made_anew_only_where_a_journal_grew(tmp_path: Path) -> None:
    path = _small(tmp_path, workers=1).write()
    first = merged(read_run(path))
    stamp = (path / "calls.parquet").stat().st_mtime_ns
    assert merged(read_run(path)) == first
    assert (path / "calls.parquet").stat().st_mtime_ns == stamp
    with (path / "calls-0.bin").open("ab") as journal:
        journal.write(bytes(ROW.size))
    assert merged(read_run(path)).workers[0].damaged == 1


def test_a_merged_file_is_enough_without_the_journals(tmp_path: Path) -> None:
    path = _small(tmp_path).write()
    first = merge(read_run(path))
    for journal in path.glob("calls-*.bin"):
        journal.unlink()
    assert merged(read_run(path)) == first


@pytest.mark.parametrize("said", ["{", '{"schema": 1}', '{"schema": 1, "workers": "all", "zero_ns": 0}'])
def test_a_merged_file_that_cannot_say_what_it_holds_is_made_anew(tmp_path: Path, said: str) -> None:
    path = _small(tmp_path, workers=1).write()
    found = merge(read_run(path))
    table = pq.read_table(path / "calls.parquet").replace_schema_metadata({"jwtstorm": said})
    pq.write_table(table, path / "calls.parquet")
    assert merged(read_run(path)) == found


def test_a_folder_without_rows_says_so(tmp_path: Path) -> None:
    path = _small(tmp_path).write()
    for journal in path.glob("calls-*.bin"):
        journal.unlink()
    with pytest.raises(RecordError, match="nothing was recorded"):
        merged(read_run(path))


def test_a_lost_list_of_names_loses_no_row(tmp_path: Path) -> None:
    path = _small(tmp_path, workers=1).write()
    (path / "calls-0.names.json").unlink()
    merge(read_run(path))
    names = set(pq.read_table(path / "calls.parquet").column("method").to_pylist())
    assert names == {"method 0", "method 2", "method 3"}


def test_traces_are_merged_in_time_order_from_zero(tmp_path: Path) -> None:
    path = _small(tmp_path).write()
    for worker, times in enumerate(([1, 3], [2])):
        lines = [json.dumps({"at_ns": ZERO_NS + t * 10**9, "worker": worker}) + "\n" for t in times]
        (path / f"auth-{worker}.ndjson").write_text("".join(lines) + '{"at_ns": 1')
    merge(read_run(path))
    entries = [json.loads(line) for line in (path / "auth.ndjson").read_text().splitlines()]
    assert [(entry["t_s"], entry["worker"]) for entry in entries] == [(1.0, 0), (2.0, 1), (3.0, 0)]


def test_a_run_of_schema_1_is_read_without_its_journals() -> None:
    run = read_run(Path(__file__).parents[2] / "reports" / "example")
    assert pq.read_schema(run.path / "calls.parquet").field("code").type == "int8"
    assert sum(chunk.size for chunk in Rows(run.path).chunks()) == merged(run).rows > 0


def test_a_status_of_the_servers_own_and_many_methods_reach_the_merged_file(tmp_path: Path) -> None:
    path = _small(tmp_path, workers=1).write()
    (path / "calls-0.bin").unlink()
    journal = Journal(path, 0)
    for place in range(300):
        number = journal.method(f"bank.Ledger/Get{place}")
        journal.add(ZERO_NS, place, 0, 0, 1, NO_LIFE, 0, 0, RowKind.CALL, 0, 0, Flag.FINAL, number, 1010, 6, 13)
    journal.close()
    merge(read_run(path))
    table = pq.read_table(path / "calls.parquet")
    assert set(table.column("code").to_pylist()) == {1010}
    assert len(set(table.column("method").to_pylist())) == 300
    assert {int(code) for chunk in Rows(path).chunks() for code in chunk.code} == {1010}
