import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import RecordError
from harness.results.call_journal import HEADER, Header, Journal, journal_path, names_path, read_names, workers
from harness.results.call_journal_reader import JournalReader
from harness.results.row import FIELDS, FIELDS_BY_SCHEMA, MAX_US, NO_LIFE, ROW, Cause, Flag, Origin, RowKind

ROW_TYPE = np.dtype([(name, kind) for name, kind in FIELDS])
Row = tuple[int, ...]

int32, byte = st.integers(NO_LIFE, MAX_US), st.integers(0, 255)
rows = st.lists(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1),
        st.integers(-1, 2**63 - 1),
        *[st.integers(0, MAX_US)] * 3,
        int32,
        *[st.integers(0, 2**32 - 1)] * 2,
        st.sampled_from(RowKind),
        byte,
        byte,
        st.integers(0, 7),
        st.integers(0, 65_535),
        st.integers(-1, 2**31 - 1),
        st.sampled_from(Origin),
        st.sampled_from(Cause),
    ),
    max_size=12,
)


def write(run: Path, written: list[Row], rows_buffered: int = 4) -> Journal:
    journal = Journal(run, 0, rows_buffered)
    for row in written:
        journal.add(*row)
    journal.close()
    return journal


def some_row(call_id: int) -> Row:
    return (7, call_id, 1, 2, 3, NO_LIFE, 0, 1, RowKind.CALL, 0, 0, Flag.FINAL, 0, 0, Origin.NONE, Cause.OK)


def bare(found: npt.NDArray[Any]) -> list[Row]:
    """Return rows as they were added: without the mark."""
    place = [name for name, _ in FIELDS].index("flags")
    return [(*row[:place], row[place] & 0x0F, *row[place + 1 :]) for row in found.tolist()]


@given(rows)
def test_every_field_of_a_row_comes_back_as_it_was_added(
    tmp_path_factory: pytest.TempPathFactory, added: list[Row]
) -> None:
    run = tmp_path_factory.mktemp("run")
    journal = write(run, added)
    found = np.fromfile(journal_path(run, 0), ROW_TYPE, offset=HEADER.size)
    assert bare(found) == [tuple(int(value) for value in row) for row in added]
    assert journal.written == len(added)
    assert ((found["flags"] & 0xF0) == Flag.MARK).all()


@settings(max_examples=50)
@given(st.integers(0, 9), st.data())
def test_every_whole_row_survives_a_cut_anywhere(
    tmp_path_factory: pytest.TempPathFactory, count: int, data: st.DataObject
) -> None:
    run = tmp_path_factory.mktemp("run")
    write(run, [some_row(call_id) for call_id in range(count)])
    path = journal_path(run, 0)
    whole = path.read_bytes()
    cut = data.draw(st.integers(HEADER.size, len(whole)))
    path.write_bytes(whole[:cut])
    kept = JournalReader.open(run, 0).take(100)
    assert kept["call_id"].tolist() == list(range((cut - HEADER.size) // ROW.size))


@given(st.integers(0, HEADER.size - 1))
def test_a_journal_cut_within_its_header_says_that_nothing_was_recorded(cut: int) -> None:
    with pytest.raises(RecordError, match="nothing was recorded"):
        Header.unpack(Header(3, 5).pack()[:cut])


def test_a_header_names_its_worker_and_its_start() -> None:
    assert Header.unpack(Header(3, 5).pack()) == Header(3, 5)
    assert len(Header(3, 5).pack()) == HEADER.size == 64


def test_foreign_bytes_and_other_schemas_are_refused_with_the_way_out() -> None:
    whole = Header(3, 5).pack()
    with pytest.raises(RecordError, match="name a run folder"):
        Header.unpack(b"PK" + whole[2:])
    with pytest.raises(RecordError, match="use the build that wrote it"):
        Header.unpack(whole[:8] + (99).to_bytes(4, "little") + whole[12:])


def test_rows_reach_the_file_with_flush_or_when_the_buffer_is_full(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 0, rows_buffered=3)
    sizes = []
    for call_id in range(4):
        journal.add(*some_row(call_id))
        sizes.append((journal_path(tmp_path, 0).stat().st_size - HEADER.size) // ROW.size)
    journal.flush()
    assert sizes == [0, 0, 3, 3]
    assert journal.written == 4
    journal.close()
    journal.close()
    assert journal.written == 4


def test_method_names_are_on_disk_before_their_first_row(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 0)
    assert read_names(tmp_path, 0) == []
    assert [journal.method(name) for name in ("token", "Ledger/Get", "token")] == [0, 1, 0]
    assert read_names(tmp_path, 0) == ["token", "Ledger/Get"]
    journal.close()


def test_a_journal_holds_more_than_256_methods_and_names_the_one_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.results.call_journal.MOST_METHODS", 300)
    journal = Journal(tmp_path, 0)
    assert [journal.method(str(place)) for place in range(300)] == list(range(300))
    with pytest.raises(RecordError, match="method Last is one too many for this run; a journal holds 300"):
        journal.method("Last")
    assert journal.method("0") == 0
    journal.close()


def test_a_journal_of_schema_1_is_read_as_it_was_written(tmp_path: Path) -> None:
    names_path(tmp_path, 0).write_text('["token", "bank.Ledger/Get"]')
    old = np.array(
        [(7, place, 1, 2, 3, NO_LIFE, 0, 1, 0, 0, 0, 0xA1, 1, code, 6, 13) for place, code in enumerate((16, -1))],
        np.dtype(list(FIELDS_BY_SCHEMA[1])),
    )
    journal_path(tmp_path, 0).write_bytes(Header(0, 5, 1).pack() + old.tobytes() + b"torn")
    reader = JournalReader.open(tmp_path, 0)
    assert reader.last_ns() == 7
    rows = reader.take(100)
    assert rows.dtype == ROW_TYPE
    assert [(row["call_id"], row["method"], row["code"], row["cause"]) for row in rows] == [
        (0, 1, 16, 13),
        (1, 1, -1, 13),
    ]
    assert (reader.findings(None).torn_bytes, reader.findings(None).damaged) == (4, 0)


def test_a_status_of_the_servers_own_is_kept_by_its_number(tmp_path: Path) -> None:
    row = (*some_row(1)[:13], 1010, *some_row(1)[14:])
    write(tmp_path, [row])
    assert JournalReader.open(tmp_path, 0).take(1)["code"].tolist() == [1010]


def test_names_that_cannot_be_written_are_a_record_error_and_are_tried_again(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    journal = Journal(run, 0)
    run.rename(tmp_path / "moved")
    with pytest.raises(RecordError, match=r"cannot write .*calls-0\.names\.json"):
        journal.method("Ledger/Get")
    (tmp_path / "moved").rename(run)
    assert journal.method("Ledger/Get") == 0
    assert read_names(run, 0) == ["Ledger/Get"]
    journal.close()


@contextlib.contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes: a disk that is full."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 1, 51, 52, 53, 100, 5 * 52 - 1])
def test_a_full_disk_loses_no_row_of_the_buffer(tmp_path: Path, room: int) -> None:
    journal = Journal(tmp_path, 0)
    for call_id in range(5):
        journal.add(*some_row(call_id))
    with file_size_limit(HEADER.size + room), pytest.raises(RecordError, match="free some space"):
        journal.flush()
    assert journal.written == room // ROW.size
    journal.add(*some_row(5))
    journal.close()
    assert journal.written == 6
    assert JournalReader.open(tmp_path, 0).take(100)["call_id"].tolist() == list(range(6))


def test_a_journal_on_a_full_disk_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    journal_path(tmp_path, 0).symlink_to("/dev/full")
    with pytest.raises(RecordError, match=r"cannot write calls-0\.bin: No space left"):
        Journal(tmp_path, 0)


def test_a_folder_that_is_not_there_is_a_record_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="set REPORTS to another folder"):
        Journal(tmp_path / "nowhere", 0)


def test_workers_are_those_with_a_journal_in_order(tmp_path: Path) -> None:
    for worker in (10, 2, 0):
        Journal(tmp_path, worker).close()
    assert list(workers(tmp_path)) == [0, 2, 10]
    assert names_path(tmp_path, 10).exists()


def test_packed_rows_go_behind_those_in_the_buffer_and_are_counted(tmp_path: Path) -> None:
    journal = Journal(tmp_path, 0)
    journal.add(7, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0)
    packed = ROW.pack(7, 8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0xA1, 0, 0, 0, 0)
    journal.append(packed * 3)
    assert (journal.written, journal.pending) == (4, 0)
    journal.close()
    body = journal.path.read_bytes()[HEADER.size :]
    assert body[ROW.size :] == packed * 3
