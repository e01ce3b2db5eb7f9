import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import RecordError
from harness.results.fault_events import (
    AnyEvent,
    ApplyingEvent,
    ClosedEvent,
    Command,
    FailedEvent,
    LabEvent,
    NotedProcess,
    RecoveredEvent,
    UndoingEvent,
    VerifiedEvent,
)
from harness.results.fault_journal import NAME, FaultJournal, read_events

texts = st.text(max_size=20)
ABOUT: dict[str, Any] = {"step": "1-down", "fault": "down", "seat": "environment"}
APPLYING = ApplyingEvent(**ABOUT, plan_s=1, undo=(Command("issuer", "set_down", {"down": False}),))


def write(run: Path, *events: AnyEvent) -> bytes:
    journal = FaultJournal(run)
    for event in events:
        journal.write(event)
    journal.close()
    return (run / NAME).read_bytes()


def names(run: Path) -> list[str]:
    return [event.name() for event in read_events(run)]


def test_an_event_is_on_disk_when_write_returns(tmp_path: Path) -> None:
    journal = FaultJournal(tmp_path)
    journal.write(APPLYING)
    (event,) = read_events(tmp_path)
    assert msgspec.structs.replace(event, utc="") == APPLYING
    assert event.utc.endswith("+00:00")
    journal.close()
    journal.close()


@given(st.dictionaries(texts, texts | st.lists(texts, max_size=3)), st.text(st.characters(), max_size=9))
def test_every_event_is_one_line_whatever_it_says(
    tmp_path_factory: pytest.TempPathFactory, reading: Any, text: str
) -> None:
    run = tmp_path_factory.mktemp("run")
    events = (
        VerifiedEvent(**ABOUT, active=True, reading=reading),
        FailedEvent(phase="apply", text=text),
        ClosedEvent(),
    )
    assert len(write(run, *events).splitlines()) == len(events)
    assert tuple(msgspec.structs.replace(event, utc="") for event in read_events(run)) == events


@given(st.data())
def test_a_cut_anywhere_costs_the_cut_line_only_and_the_next_event_is_whole(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    run = tmp_path_factory.mktemp("run")
    whole = write(run, APPLYING, UndoingEvent(**ABOUT, plan_s=2), UndoingEvent(**ABOUT, plan_s=None))
    cut = data.draw(st.integers(0, len(whole)))
    (run / NAME).write_bytes(whole[:cut])
    kept = [json.loads(line)["event"] for line in whole[:cut].split(b"\n")[:-1]]
    assert names(run)[: len(kept)] == kept
    write(run, RecoveredEvent(text="taken back"))
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
            journal.write(APPLYING)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.write(RecoveredEvent(step="2-down", text="taken back"))
    journal.close()
    assert names(tmp_path) == ["recovered"]


def test_a_full_disk_is_a_record_error(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    (tmp_path / NAME).symlink_to("/dev/full")
    journal = FaultJournal(tmp_path)
    with pytest.raises(RecordError, match="free some space"):
        journal.write(APPLYING)
    journal.close()


def test_a_line_that_is_no_object_is_left_out(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('[1]\nnull\n\n{"event": "closed"}\n{"event"')
    assert names(tmp_path) == ["closed"]


def test_a_run_without_a_journal_has_no_events(tmp_path: Path) -> None:
    assert list(read_events(tmp_path)) == []


def test_each_event_has_a_name_of_its_own_and_ours_stay_as_they_are() -> None:
    names = [event.name() for event in get_args(AnyEvent)]
    assert names == [
        *("lab", "planned", "applying", "applied", "pulsed", "verified", "measured", "undoing", "undone"),
        *("failed", "recovered", "closed"),
    ]


def test_a_lab_without_links_and_groups_tells_nothing_of_them(tmp_path: Path) -> None:
    lab = LabEvent(conductor=NotedProcess(7, 99), children=(NotedProcess(8, 100, "issuer"),))
    told = json.loads(write(tmp_path, lab))
    assert {name: told[name] for name in told if name != "utc"} == {
        "event": "lab",
        "conductor": {"pid": 7, "started_ticks": 99},
        "children": [{"pid": 8, "started_ticks": 100, "name": "issuer"}],
        "proxy": {},
        "proxies": {},
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"event": "exploded"}, "exploded"),
        ({"step": "1-down"}, "event"),
        ({**ABOUT, "event": "applied", "plan_s": 1, "at_ns": 5, "at_s": "soon"}, r"\$\.at_s"),
        ({**ABOUT, "event": "undone"}, "plan_s"),
    ],
)
def test_an_event_that_is_none_of_ours_is_one_clear_sentence(tmp_path: Path, line: Any, said: str) -> None:
    (tmp_path / NAME).write_text(json.dumps(line) + "\n")
    with pytest.raises(RecordError, match=said) as raised:
        list(read_events(tmp_path))
    assert "use the build that wrote it" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("event", "proxy"),
    [
        (RecoveredEvent(text="proxy p-1 deleted", proxy="p-1"), "p-1"),
        (RecoveredEvent(text="proxy p-1 deleted"), "p-1"),
        (RecoveredEvent(step="1-down", text="it died with its process"), ""),
    ],
)
def test_which_proxy_a_recovery_deleted_is_known_from_older_journals_too(event: RecoveredEvent, proxy: str) -> None:
    assert event.deleted == proxy
