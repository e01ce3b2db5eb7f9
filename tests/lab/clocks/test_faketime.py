"""Which libfaketime is used, how a clock is set, and what a program's environment gets."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.lab.clocks import faketime
from harness.lab.clocks.faked_clock import sweep
from harness.lab.clocks.faketime import VARIABLE, Library, Preload, find_library


@pytest.fixture
def preload(tmp_path: Path) -> Preload:
    return Preload(Library(Path("/opt/lib.so"), "one"), tmp_path / "faketime")


@pytest.mark.parametrize(
    ("offset_s", "line"), [(0.0, "+0.000000 x1\n"), (90.25, "+90.250000 x1\n"), (-3600.5, "-3600.500000 x1\n")]
)
def test_an_offset_is_one_whole_line_with_its_rate(preload: Preload, offset_s: float, line: str) -> None:
    preload.write(1.0)
    preload.write(offset_s)
    assert preload.file.read_text() == line
    assert [path.name for path in preload.file.parent.iterdir()] == ["faketime"]


def test_the_old_file_is_never_written_to(preload: Preload) -> None:
    preload.write(1.0)
    before = preload.file.open()
    preload.write(2.0)
    assert before.read() == "+1.000000 x1\n"
    before.close()


def test_the_monotonic_clock_and_a_preload_of_the_users_stay(preload: Preload) -> None:
    added = preload.environ({"LD_PRELOAD": "/opt/other.so"})
    assert added["LD_PRELOAD"] == "/opt/lib.so /opt/other.so"
    assert added["FAKETIME_DONT_FAKE_MONOTONIC"] == "1"
    assert added["FAKETIME_CACHE_DURATION"] == "1"
    assert preload.seen_within_s == 2.0


def test_no_cache_is_seen_at_once(tmp_path: Path) -> None:
    preload = Preload(Library(Path("/opt/lib.so"), "one"), tmp_path / "faketime", cache_s=0)
    added = preload.environ({})
    assert added["FAKETIME_NO_CACHE"] == "1"
    assert "FAKETIME_CACHE_DURATION" not in added
    assert preload.seen_within_s == 0.0


def test_a_decimal_comma_of_the_users_language_does_not_reach_the_file(preload: Preload) -> None:
    added = preload.environ({"LC_ALL": "de_DE.UTF-8"})
    assert (added["LC_ALL"], added["LANG"], added["LC_NUMERIC"]) == ("", "de_DE.UTF-8", "C")


def test_a_variable_that_overrules_the_file_is_refused(preload: Preload) -> None:
    with pytest.raises(UsageError, match="FAKETIME is set, and overrules the file"):
        preload.environ({"FAKETIME": ""})


def test_a_missing_library_names_the_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(faketime, "distribution", absent)
    with pytest.raises(UsageError, match=r"pip install 'jwtstorm\[faketime\]'"):
        find_library({}, ("Linux", "x86_64"))


@pytest.mark.parametrize("machine", [("Darwin", "arm64"), ("Linux", "aarch64")])
def test_another_machine_is_told_to_build_its_own(machine: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match=f"not for {machine[0]} on {machine[1]}.*{VARIABLE}"):
        find_library({}, machine)


def test_a_library_of_ones_own_is_taken_on_any_machine(tmp_path: Path) -> None:
    own = tmp_path / "libfaketime.so.1"
    own.touch()
    assert find_library({VARIABLE: str(own)}, ("Linux", "aarch64")).path == own


def test_a_path_that_the_loader_would_cut_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "my lib.so"
    own.touch()
    with pytest.raises(UsageError, match="LD_PRELOAD would cut"):
        find_library({VARIABLE: str(own)})


def test_only_what_dead_processes_left_is_swept(tmp_path: Path) -> None:
    left = [tmp_path / "faketime_shm_4194305", tmp_path / "sem.faketime_sem_4194305"]  # above the highest pid
    kept = [tmp_path / "faketime_shm_1", tmp_path / "faketime_shm_x", tmp_path / "other_4194305"]
    for path in (*left, *kept):
        path.touch()
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
