import subprocess
import sys
from pathlib import Path

import pytest

from harness.checks import CHECKS
from harness.cli.commands.list import listing
from harness.errors import UsageError
from harness.faults import FAULTS
from harness.scenario import shipped
from harness.scenario.catalogue import entries, find, inspect

SOUND = '''"""{title}.

Question: {title}?
"""
from locust import task

from harness import Scenario, at, constant_rate
from harness.faults import ExpireAll, Latency
from harness.users import GrpcUser

scenario = Scenario(
    load=constant_rate(per_s=20, duration_s=60, max_users=10),
    timeline=[at(15, ExpireAll()), at(20, Latency("issuer", 0.4), until_s=30)],
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None: ...
'''
TASK = """
    @task
    def get_balance(self) -> None: ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("expiry_storm", "slow_network", "calm"):
        (tmp_path / f"{name}.py").write_text(SOUND.format(title=name.replace("_", " ")))
    (tmp_path / "_shared.py").write_text("this is no Python at all")
    (tmp_path / "notes.txt").write_text("")
    return tmp_path


@pytest.fixture(autouse=True)
def brought_along(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let two small scenarios be those that come along, instead of the real ones."""
    where = tmp_path_factory.mktemp("shipped")
    for name in ("calm", "key_rotation"):
        (where / f"{name}.py").write_text(SOUND.format(title=f"shipped {name}"))
    monkeypatch.setattr(shipped, "scenarios", lambda: sorted(where.glob("*.py")))
    return where


def test_scenarios_are_listed_by_name_without_private_files(folder: Path) -> None:
    assert [entry.about.name for entry in entries(folder)] == ["calm", "expiry-storm", "key-rotation", "slow-network"]


def test_a_scenario_of_ones_own_comes_before_the_shipped_one_of_its_name(folder: Path, brought_along: Path) -> None:
    assert find("calm", folder) == folder / "calm.py"
    assert find("key-rotation", folder) == brought_along / "key_rotation.py"


def test_from_an_empty_folder_the_shipped_scenarios_are_there(tmp_path: Path, brought_along: Path) -> None:
    assert find("calm", tmp_path / "scenarios") == brought_along / "calm.py"


@pytest.mark.parametrize("name", ["expiry-storm", "expiry_storm"])
def test_a_scenario_is_found_by_its_name(folder: Path, name: str) -> None:
    assert find(name, folder) == folder / "expiry_storm.py"


def test_a_scenario_is_found_by_its_path(folder: Path, tmp_path: Path) -> None:
    path = folder / "calm.py"
    assert find(str(path), tmp_path / "elsewhere") == path


def test_a_near_miss_names_what_was_meant_and_all_there_is(folder: Path) -> None:
    with pytest.raises(UsageError) as caught:
        find("expiri-storm", folder)
    first, *rest = str(caught.value).splitlines()
    assert first == "no scenario is called 'expiri-storm'; did you mean expiry-storm?"
    assert [line.split()[0] for line in rest] == ["calm", "expiry-storm", "key-rotation", "slow-network", "yours"]
    assert rest[0].endswith("calm?")


def test_a_name_like_no_other_is_not_guessed_at(folder: Path) -> None:
    with pytest.raises(UsageError) as caught:
        find("zzz", folder)
    assert "did you mean" not in str(caught.value)


def test_no_name_at_all_asks_for_one(folder: Path) -> None:
    with pytest.raises(UsageError, match="say which scenario"):
        find("", folder)


def test_an_unknown_name_says_where_ones_own_are_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"yours are looked for in {tmp_path}; or give the path"):
        find("zzz", tmp_path)


@pytest.mark.e2e
def test_a_scenario_is_read_in_a_process_of_its_own(folder: Path) -> None:
    told = inspect(folder / "expiry_storm.py")
    assert [step["id"] for step in told["steps"]] == ["15-expire_all", "20-latency"]
    assert told["links"] == ["issuer"]


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("scenario = 5\n", "no module-level `scenario`"),
        ("import nowhere_to_be_found\n", "ModuleNotFoundError"),
        ("raise SystemExit(7)\n", "could not be loaded"),
        ("print('noise')\nx = 1\n", "no module-level `scenario`"),
        (SOUND.replace("per_s=20", "per_s=0").replace("until_s=30", "until_s=10"), r"2 mistakes\n(  - .*\n?){2}"),
        (SOUND.replace("ExpireAll", "Earthquake"), "no fault is called Earthquake|cannot import name"),
        ("x = 1\n\nx.upper()\n", "line 3: AttributeError: "),
        ("def f():\n    1 / 0\n\nf()\n", "line 2: ZeroDivisionError"),
        (SOUND.replace("(GrpcUser)", ""), "no GrpcUser class in broken.py, .*; write `class Customer"),
        (SOUND.replace("from harness.users", "from typing").replace("GrpcUser", "Any"), "no GrpcUser class in"),
        (SOUND.replace(TASK, "\n    pass\n"), "Customer has no task, .*; mark a method of it with @task"),
        (SOUND.replace(TASK, f"\n    stub_class = int\n{TASK}"), "Customer: stub_class=<class 'int'> cannot be built"),
    ],
)
def test_a_scenario_that_cannot_be_used_says_why_without_a_traceback(tmp_path: Path, source: str, said: str) -> None:
    path = tmp_path / "broken.py"
    path.write_text(source)
    with pytest.raises(UsageError, match=said) as caught:
        inspect(path)
    assert "Traceback" not in str(caught.value)


IN_A_FORK = """
import sys
from pathlib import Path
from harness.errors import UsageError
from harness.scenario.catalogue import inspect_in_fork

for path in map(Path, sys.argv[1:]):
    try:
        print(inspect_in_fork(path)["load"]["per_s"])
    except UsageError as error:
        print(error)
"""


@pytest.mark.e2e
def test_a_fork_reads_a_scenario_and_outlives_what_the_file_does(folder: Path, tmp_path: Path) -> None:
    ending, noisy = tmp_path / "ending.py", tmp_path / "noisy.py"
    ending.write_text("raise SystemExit(7)\n")
    noisy.write_text("print('noise')\nx = 1\n\nx.upper()\n")
    command = [sys.executable, "-c", IN_A_FORK, str(ending), str(noisy), str(folder / "expiry_storm.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{ending} could not be loaded:" in done.stdout
    assert done.stdout.splitlines()[-2].startswith(f"{noisy}: line 4: AttributeError: ")
    assert done.stdout.splitlines()[-1] == "20"


def test_the_listing_says_how_every_fault_and_check_is_written_and_what_it_does() -> None:
    lines = listing().splitlines()
    for name in [*(kind.__name__ for kind in FAULTS.values()), *CHECKS]:
        (place,) = (place for place, line in enumerate(lines) if line.startswith(f"  {name}("))
        assert len(lines[place + 1].split()) > 3


def test_the_listing_shows_settings_with_their_defaults() -> None:
    assert "  Latency(link, delay_s, jitter_s=0.0, toward='downstream')" in listing().splitlines()
