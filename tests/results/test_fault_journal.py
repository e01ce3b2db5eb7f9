import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import RecordError
from harness.results.fault_journal import NAME, FaultJournal, read_events

texts = st.text(max_size=20)


def write(run: Path, *events: str) -> bytes:
    journal = FaultJournal(run)
    for event in events:
        journal.write(event, step=f"step of {event}")
    journal.close()
    return (run / NAME).read_bytes()


def names(run: Path) -> list[str]:
    return [event["event"] for event in read_events(run)]


def test_an_event_is_on_disk_when_write_returns(tmp_path: Path) -> None:
    journal = FaultJournal(tmp_path)
    journal.write("applying", step="1-down", undo=[{"part": "issuer"}])
    (event,) = read_events(tmp_path)
    assert event["undo"] == [{"part": "issuer"}]
    assert event["utc"].endswith("+00:00")
    journal.close()
    journal.close()


@given(st.dictionaries(st.sampled_from(["text", "step", "reading"]), texts | st.lists(texts, max_size=3)))
def test_every_event_is_one_line_whatever_it_says(tmp_path_factory: pytest.TempPathFactory, said: Any) -> None:
    run = tmp_path_factory.mktemp("run")
    journal = FaultJournal(run)
    journal.write("failed", **said)
    journal.write("closed")
    journal.close()
    assert [{**event, "utc": ""} for event in read_events(run)] == [
        {"event": "failed", "utc": "", **said},
        {"event": "closed", "utc": ""},
    ]


@given(st.data())
def test_a_cut_anywhere_costs_the_cut_line_only_and_the_next_event_is_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    run = tmp_path_factory.mktemp("run")
    whole = write(run, "applying", "applied", "undoing")
    cut = data.draw(st.integers(0, len(whole)))
    (run / NAME).write_bytes(whole[:cut])
    kept = [json.loads(line)["event"] for line in whole[:cut].split(b"\n")[:-1]]
    assert names(run)[: len(kept)] == kept
    write(run, "recovered")
    found = names(run)
    assert found[: len(kept)] == kept
    assert found[-1] == "recovered"
    assert len(found) <= len(kept) + 2


def test_an_event_after_one_that_the_disk_cut_short_is_whole(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    journal = FaultJournal(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
    try:
        with pytest.raises(RecordError, match="free some space"):
            journal.write("applying", step="1-down")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.write("applying", step="2-down")
    journal.close()
    assert [event["step"] for event in read_events(tmp_path)] == ["2-down"]


def test_a_full_disk_is_a_record_error(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    (tmp_path / NAME).symlink_to("/dev/full")
    journal = FaultJournal(tmp_path)
    with pytest.raises(RecordError, match="free some space"):
        journal.write("applying")
    journal.close()


def test_a_line_that_is_no_object_is_left_out(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('[1]\nnull\n\n{"event": "closed"}\n{"event"')
    assert names(tmp_path) == ["closed"]


def test_a_run_without_a_journal_has_no_events(tmp_path: Path) -> None:
    assert list(read_events(tmp_path)) == []
