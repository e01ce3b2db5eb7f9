import socket
from pathlib import Path

import pytest

from harness import cli
from harness.cli.commands import run
from harness.errors import UsageError
from harness.scenario import catalogue


@pytest.mark.parametrize(("arguments", "served"), [(["--worker"], False), (["--master"], True), ([], True)])
def test_only_a_process_with_a_page_is_given_a_port_for_it(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    served: bool,
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(catalogue, "find", lambda _: tmp_path / "storm.py")
    monkeypatch.setattr(run, "_require_free", lambda _: None)
    monkeypatch.setattr("os.execv", lambda _, command: started.append(command))
    monkeypatch.setenv("HEADLESS", "")
    cli.main(["run", "storm", *arguments])
    assert ("--web-port" in started[0]) is served


def test_a_web_port_that_is_taken_is_refused_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"give --web-port {port + 1}"):
            run._require_free(port)


def test_forked_workers_get_a_master_port_of_their_own() -> None:
    first, port, second, same = run._own_master_port(["--processes", "2"])
    assert (first, second) == ("--master-port", "--master-bind-port")
    assert port == same
    assert run._own_master_port(["-u", "5"]) == []
    assert run._own_master_port(["--processes=2", "--master-port=5557"]) == []
