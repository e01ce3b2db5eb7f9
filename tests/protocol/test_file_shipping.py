import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clock import ManualClock
from harness.errors import RecordError
from harness.protocol.file_shipping import (
    CHUNK_BYTES,
    FORCE,
    RESEND_AFTER_S,
    WINDOW_BYTES,
    Dock,
    Shipper,
    boot_id,
    is_remote,
    names_of,
)
from harness.protocol.messages import FileChunk, Stored
from harness.results.call_journal import Journal, journal_path, names_path, read_names, trace_path

M = TypeVar("M")


class Way:
    """A worker's folder, the run's folder, and a channel between them that a test may spoil."""

    def __init__(self, here: Path, there: Path) -> None:
        self.here, self.there = here, there
        self.now_s = ManualClock()
        self.chunks: list[FileChunk] = []
        self.answers: list[Stored] = []
        self.shipper = Shipper(here, 1, self.chunks.append, self.now_s)
        self.dock = Dock(there)

    def deliver(self) -> None:
        """Carry everything over, both ways, in order."""
        while self.chunks or self.answers:
            self.answers += [self.dock.take(1, chunk) for chunk in self.chunks]
            self.chunks.clear()
            for answer in self.answers:
                self.shipper.hear(answer)
            self.answers.clear()
            self.shipper.ship()

    def grow(self, size: int, fill: int = 1) -> None:
        with journal_path(self.here, 1).open("ab") as file:
            file.write(bytes([fill % 256]) * size)

    def arrived(self) -> bytes:
        path = journal_path(self.there, 1)
        return path.read_bytes() if path.exists() else b""

    def written(self) -> bytes:
        return journal_path(self.here, 1).read_bytes()


@contextmanager
def a_way() -> Iterator[Way]:
    with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
        yield Way(Path(here), Path(there))


@pytest.fixture
def way() -> Iterator[Way]:
    with a_way() as made:
        yield made


def test_files_arrive_as_they_grow(way: Way) -> None:
    journal = Journal(way.here, 1)
    journal.method("a")
    for row in range(3):
        journal.add(row, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        journal.flush()
        way.shipper.ship()
        way.deliver()
        assert way.arrived() == way.written()
    journal.method("b")
    trace_path(way.here, 1).write_text("{}\n")
    way.shipper.ship()
    way.deliver()
    assert read_names(way.there, 1) == ["a", "b"]
    assert trace_path(way.there, 1).read_text() == "{}\n"
    assert way.shipper.done
    assert sorted(path.name for path in way.there.iterdir()) == sorted(names_of(1))
    journal.close()


def test_no_chunk_is_larger_than_its_bound_and_no_more_than_a_window_is_under_way(way: Way) -> None:
    way.grow(3 * WINDOW_BYTES + 5)
    way.shipper.ship()
    way.shipper.ship()
    assert sum(len(chunk.data) for chunk in way.chunks) == WINDOW_BYTES
    assert max(len(chunk.data) for chunk in way.chunks) == CHUNK_BYTES
    way.deliver()
    assert way.arrived() == way.written()
    assert way.shipper.done


@given(st.lists(st.integers(1, 3 * CHUNK_BYTES), min_size=1, max_size=6), st.integers())
def test_what_arrived_is_always_the_beginning_of_the_file(sizes: list[int], seed: int) -> None:
    """Chunks and answers are lost, doubled and swapped; once the channel is good again, everything arrives."""
    dice = random.Random(seed)
    with a_way() as way:
        for fill, size in enumerate(sizes):
            way.grow(size, fill)
            names_path(way.here, 1).write_text("[" + ",".join(['"m"'] * (fill + 1)) + "]")
            way.shipper.ship()
            way.answers += [way.dock.take(1, chunk) for chunk in spoilt(way.chunks, dice)]
            assert way.written().startswith(way.arrived())
            way.chunks.clear()
            for answer in spoilt(way.answers, dice):
                way.shipper.hear(answer)
            way.answers.clear()
            way.now_s.advance(dice.choice((0.1, RESEND_AFTER_S)))
        way.now_s.advance(RESEND_AFTER_S)
        way.shipper.ship()
        way.deliver()
        assert way.shipper.done
        assert way.arrived() == way.written()
        assert names_path(way.there, 1).read_bytes() == names_path(way.here, 1).read_bytes()


def spoilt(messages: list[M], dice: random.Random) -> list[M]:
    kept = [message for message in messages for _ in range(dice.choice((0, 1, 1, 1, 2)))]
    if dice.random() < 0.5:
        dice.shuffle(kept)
    return kept


def test_an_older_list_of_names_replaces_no_newer_one(way: Way) -> None:
    older, newer = b'["a"]', b'["a","b"]'
    name = names_path(way.there, 1).name
    for data in (newer, older):
        assert way.dock.take(1, FileChunk(name, 0, data)) == Stored(name, len(newer))
    assert read_names(way.there, 1) == ["a", "b"]


@pytest.mark.parametrize("name", ["../run.json", "run.json", "calls-2.bin", "/etc/passwd", "calls-1.bin\n"])
def test_a_file_that_is_not_the_workers_own_is_refused(way: Way, name: str) -> None:
    with pytest.raises(RecordError, match="none of its own"):
        way.dock.take(1, FileChunk(name, 0, b"x"))
    assert list(way.there.rglob("*")) == []


@pytest.mark.parametrize(("offset", "data"), [(-1, b"x"), (0, bytes(CHUNK_BYTES + 1))])
def test_a_piece_that_is_none_is_refused(way: Way, offset: int, data: bytes) -> None:
    with pytest.raises(RecordError, match="that is none"):
        way.dock.take(1, FileChunk("calls-1.bin", offset, data))
    assert list(way.there.rglob("*")) == []


@pytest.mark.parametrize("answer", [Stored("x", 5), Stored("calls-1.bin", 99), Stored("calls-1.bin", -1)])
def test_an_answer_that_cannot_be_changes_nothing(way: Way, answer: Stored) -> None:
    way.grow(9)
    way.shipper.ship()
    way.shipper.hear(answer)
    assert not way.shipper.done


def test_stuck_is_how_long_nothing_has_arrived(way: Way) -> None:
    way.grow(9)
    way.shipper.ship()
    way.now_s.advance(3)
    assert way.shipper.stuck_s == 3
    way.deliver()
    assert way.shipper.stuck_s == 0


def test_a_disk_that_refuses_is_named(way: Way) -> None:
    dock = Dock(way.there / "gone")
    with pytest.raises(RecordError, match=r"cannot write calls-1\.bin.*free some space"):
        dock.take(1, FileChunk("calls-1.bin", 0, b"x"))


def test_a_worker_is_local_when_it_shares_the_boot_and_sees_the_runs_folder(tmp_path: Path) -> None:
    assert is_remote(boot_id(), tmp_path, {})
    (tmp_path / "run.json").write_text("{}")
    assert not is_remote(boot_id(), tmp_path, {})
    assert is_remote("another boot", tmp_path, {})
    assert is_remote(boot_id(), tmp_path, {FORCE: "1"})
