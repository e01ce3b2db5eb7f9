import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import RecordError
from harness.results.row import Cause, Origin
from harness.results.wire_journal import (
    MOST_METHODS,
    OTHER_METHODS,
    WIRE_HEADER,
    WireConnection,
    WireHeader,
    WireJournal,
    gateways,
    wire_names_path,
    wire_path,
)
from harness.results.wire_journal_reader import WIRE_TYPE, read_wire
from harness.results.wire_row import WIRE_FIELDS, WIRE_ROW, WireEnding, WireRow

RANGES = {"u1": (0, 255), "<u2": (0, 2**16 - 1), "<u4": (0, 2**32 - 1), "<u8": (0, 2**64 - 1)}
RANGES |= {"<i4": (-(2**31), 2**31 - 1), "<i8": (-(2**63), 2**63 - 1)}
KINDS = dict(WIRE_FIELDS)
CHOICES = {"ending": WireEnding, "origin": Origin, "cause": Cause}
rows = st.builds(
    WireRow,
    **{
        name: st.sampled_from(CHOICES[name]) if name in CHOICES else st.integers(*RANGES[KINDS[name]])
        for name in WireRow._fields
    },
)


def some_row(stream: int = 1) -> WireRow:
    zero: dict[str, Any] = dict.fromkeys(WireRow._fields, 0)
    return WireRow(**zero | {"stream": stream})


def journal(folder: Path, *written: WireRow) -> WireJournal:
    made = WireJournal(folder, 4, 99)
    made.method("/a.B/C")
    for row in written:
        made.add(row.pack())
    made.flush()
    return made


def test_the_two_descriptions_of_a_row_are_one() -> None:
    assert WIRE_TYPE.itemsize == WIRE_ROW.size == 104
    assert [name for name, _ in WIRE_FIELDS] == [*WireRow._fields, "mark", "spare"]


@given(st.lists(rows, max_size=6))
def test_every_field_of_a_row_comes_back(tmp_path_factory: pytest.TempPathFactory, written: list[WireRow]) -> None:
    folder = tmp_path_factory.mktemp("wire")
    made = journal(folder, *written)
    read = read_wire(folder, 4)
    assert [tuple(row)[:-2] for row in read.rows.tolist()] == [tuple(row) for row in written]
    assert (made.written, read.number, read.started_ns, read.damaged, read.torn_bytes) == (len(written), 4, 99, 0, 0)
    made.close()


def test_rows_reach_the_file_when_the_buffer_is_full_or_flushed(tmp_path: Path) -> None:
    made = WireJournal(tmp_path, 0, 0, most_buffered=2)
    for stream in range(5):
        made.add(some_row(stream).pack())
    assert made.written == 4
    made.close()
    made.close()
    assert made.written == len(read_wire(tmp_path, 0).rows) == 5


def test_a_row_that_is_cut_short_or_damaged_is_left_out_and_counted(tmp_path: Path) -> None:
    journal(tmp_path, some_row(1), some_row(2)).close()
    with wire_path(tmp_path, 4).open("ab") as file:
        file.write(bytes(WIRE_ROW.size) + some_row(3).pack()[:50])
    read = read_wire(tmp_path, 4)
    assert (len(read.rows), read.damaged, read.torn_bytes) == (2, 1, 50)


def test_names_that_are_cut_short_are_left_out(tmp_path: Path) -> None:
    made = journal(tmp_path, some_row())
    made.connection(WireConnection(1, 2, "peer", "upstream", None, "agent"))
    made.close()
    with wire_names_path(tmp_path, 4).open("ab") as file:
        file.write(b'{"method": "/to')
    names = read_wire(tmp_path, 4).names
    assert names.methods == ("/a.B/C",)
    assert names.connections == {1: WireConnection(1, 2, "peer", "upstream", None, "agent")}


def test_methods_beyond_the_most_share_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.results.wire_journal.MOST_METHODS", 2)
    made = WireJournal(tmp_path, 0, 0)
    assert [made.method(name) for name in ("a", "b", "c", "d", "a")] == [0, 1, 2, 2, 0]
    made.close()
    assert read_wire(tmp_path, 0).names.methods == ("a", "b", OTHER_METHODS)
    assert MOST_METHODS < 2**16


def test_rows_that_a_full_disk_refuses_are_kept_until_it_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = WireJournal(tmp_path, 0, 0, most_buffered=2)

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("harness.results.wire_journal.os.write", full)
        for _ in range(2):
            made.add(some_row().pack())
        with pytest.raises(RecordError, match=r"cannot write wire-0.bin: No space left on device"):
            made.add(some_row().pack())
    assert (made.written, made.lost) == (0, 1)
    made.flush()
    assert made.written == 2
    made.close()


def test_a_half_written_row_is_finished_by_the_next_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, real = WireJournal(tmp_path, 0, 0), os.write
    made.add(some_row(1).pack())
    made.add(some_row(2).pack())
    monkeypatch.setattr("harness.results.wire_journal.os.write", lambda file, data: real(file, bytes(data)[:70]))
    made.flush()
    assert (made.written, len(read_wire(tmp_path, 0).rows)) == (2, 2)
    made.close()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"short", "header is cut short: 5 of 64 bytes"),
        (bytes(64), "not a wire journal"),
        (WIRE_HEADER.pack(b"JWTSWIRE", 99, 0, 0), "has schema 99, this build reads 1"),
    ],
)
def test_a_file_that_is_no_journal_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(RecordError, match=words):
        WireHeader.unpack(data)


def test_a_journal_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"wire-3.bin cannot be read: No such file"):
        read_wire(tmp_path, 3)


def test_the_gateways_of_a_run_are_found(tmp_path: Path) -> None:
    for number in (2, 10, 0):
        WireJournal(tmp_path, number, 0).close()
    assert gateways(tmp_path) == [0, 2, 10]
