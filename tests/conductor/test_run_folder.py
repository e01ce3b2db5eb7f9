import json
from pathlib import Path

import pytest

from harness import Scenario, Tokens, at, constant_rate, failure_ratio
from harness.conductor.run_folder import RunFolder, build_label, host
from harness.errors import RecordError, UsageError
from harness.faults import ExpireAll
from harness.scenario.about import About

ABOUT = About("expiry-storm", "Expiry storm.", "One refresh?", "failures under 0.1 %", "abc")
SCENARIO = Scenario(
    constant_rate(per_s=20, duration_s=60, max_users=10),
    tokens=Tokens(lifetime_s=30),
    timeline=[at(15, ExpireAll())],
    checks=[failure_ratio(below=0.01)],
)


def create(reports: Path, build: str = "v1") -> RunFolder:
    return RunFolder.create(reports, SCENARIO, ABOUT, build)


def written(folder: RunFolder) -> dict[str, object]:
    data: dict[str, object] = json.loads((folder.path / "run.json").read_text())
    return data


def test_a_run_has_a_folder_by_scenario_build_and_start(tmp_path: Path) -> None:
    folder = create(tmp_path)
    scenario, build, start = folder.path.relative_to(tmp_path).parts
    assert (scenario, build) == ("expiry-storm", "v1")
    assert folder.data["run"] == start
    assert folder.data["started_utc"].endswith("+00:00")


def test_the_first_run_json_says_what_was_asked_for_and_that_it_runs(tmp_path: Path) -> None:
    told = written(create(tmp_path))
    assert (told["schema"], told["state"], told["ended_utc"], told["zero_ns"]) == (1, "running", None, None)
    assert (told["question"], told["planned_s"]) == ("One refresh?", 60)
    assert told["fingerprint"] == SCENARIO.fingerprint()
    for name, value in SCENARIO.to_json().items():
        assert told[name] == json.loads(json.dumps(value))


def test_runs_that_begin_in_one_second_do_not_share_a_folder(tmp_path: Path) -> None:
    paths = {create(tmp_path).path for _ in range(5)}
    assert len(paths) == 5


@pytest.mark.parametrize("build", ["../../etc", "a/b", "..", "", "v1 (dirty)", "/", "é~"])
def test_no_build_label_leaves_its_place(tmp_path: Path, build: str) -> None:
    path = create(tmp_path, build).path
    assert path.resolve().parents[2] == tmp_path.resolve()
    assert path.parent.parent.name == "expiry-storm"


def test_an_update_keeps_what_was_there_and_leaves_no_half_file(tmp_path: Path) -> None:
    folder = create(tmp_path)
    folder.update(state="complete", ended_s=60.0)
    told = written(folder)
    assert (told["state"], told["ended_s"], told["scenario"]) == ("complete", 60.0, "expiry-storm")
    assert [path.name for path in folder.path.iterdir()] == ["run.json"]


def test_a_folder_that_cannot_be_made_says_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "expiry-storm").write_text("a file is in the way")
    with pytest.raises(UsageError, match="set REPORTS to a folder"):
        create(tmp_path)


def test_a_run_json_that_cannot_be_written_is_a_record_error(tmp_path: Path) -> None:
    folder = create(tmp_path)
    (folder.path / "run.json.tmp").mkdir()
    with pytest.raises(RecordError, match=r"cannot write .*run\.json"):
        folder.update(state="complete")
    assert written(folder)["state"] == "running"


def sealed(tmp_path: Path, **changes: object) -> str:
    folder = create(tmp_path)
    folder.update(transport={"name": "grpcio", "connections": 1}, workers=[{"worker": 0}])
    folder.update(**changes)
    folder.seal()
    return str(folder.data["comparable_hash"])


def test_two_runs_of_one_scenario_on_one_host_are_comparable(tmp_path: Path) -> None:
    assert sealed(tmp_path) == sealed(tmp_path, build="v2", started_utc="later")


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "other"},
        {"workers": [{"worker": 0}, {"worker": 1}]},
        {"transport": {"name": "grpcio", "connections": 2}},
        {"transport": {"name": "native", "connections": 1}},
        {"load": {"max_users": 11}},
        {"host": {**host(), "cpu": "another"}},
        {"host": {**host(), "cores": 1024}},
    ],
    ids=["fingerprint", "workers", "connections", "transport", "users", "cpu", "cores"],
)
def test_what_must_match_changes_the_hash(tmp_path: Path, change: dict[str, object]) -> None:
    assert sealed(tmp_path, **change) != sealed(tmp_path)


def test_the_machines_load_is_told_and_does_not_count(tmp_path: Path) -> None:
    assert sealed(tmp_path, host={**host(), "load_1min": 99.0}) == sealed(tmp_path)


def test_the_label_of_a_build_is_asked_for_then_build_then_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BUILD", "from-environment")
    assert build_label("asked") == "asked"
    assert build_label(None) == "from-environment"
    monkeypatch.delenv("BUILD")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert build_label(None) == "unknown"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert build_label(None) == "unknown"


def test_where_a_target_listens_does_not_make_runs_unlike(tmp_path: Path) -> None:
    sealed = []
    for port in (4000, 4001):
        folder = create(tmp_path, str(port))
        endpoint = {"addresses": [f"127.0.0.1:{port}"], "connections": 1}
        folder.update(transport={"name": "grpcio", "endpoint": endpoint}, workers=[])
        folder.seal()
        sealed.append(folder.data["comparable"]["transport"])
    assert sealed[0] == sealed[1] == {"name": "grpcio", "endpoint": {"connections": 1}}


def test_which_version_of_a_transport_and_why_it_was_taken_do_not_make_runs_unlike(tmp_path: Path) -> None:
    told = {"name": "grpcio", "connections": 1, "version": "1.99", "why": "asked for"}
    assert sealed(tmp_path, transport=told) == sealed(tmp_path)
