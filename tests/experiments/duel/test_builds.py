import pytest

from harness.errors import UsageError
from harness.experiments.duel.builds import contender, served_by


@pytest.mark.parametrize(
    ("asked", "kind", "text"),
    [
        ("lab", "lab", ""),
        ("lab:work_s=0.1", "lab", "work_s=0.1"),
        ("tokens:refresh=reactive", "tokens", "refresh=reactive"),
        ("cmd:./server --port {port}", "cmd", "./server --port {port}"),
        ("127.0.0.1:50051", "address", "127.0.0.1:50051"),
        ("unix:/run/x.sock", "address", "unix:/run/x.sock"),
        ("venv:/opt/old", "venv", "/opt/old"),
        ("git:v1.4", "git", "v1.4"),
    ],
)
def test_a_build_says_its_kind(asked: str, kind: str, text: str) -> None:
    found = contender(asked)
    assert (found.kind, found.text, found.asked) == (kind, text, asked)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("v1", "is no build"),
        ("cmd:./server", "has no {port}"),
        ("cmd:", "names no command"),
        ("cmd:'x {port}", "quote the command"),
        ("git:", "empty after the colon"),
    ],
)
def test_what_is_no_build_is_refused_with_what_may_be_written(asked: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        contender(asked)


def test_only_a_server_that_runs_already_is_not_restarted() -> None:
    assert not contender("127.0.0.1:1").restarted
    assert contender("lab").restarted


def test_the_port_is_put_into_a_command_without_a_shell() -> None:
    assert served_by("cmd", "run 'a b' --listen=127.0.0.1:{port}", 77) == ["run", "a b", "--listen=127.0.0.1:77"]


def test_a_label_holds_nothing_that_a_folder_must_not() -> None:
    assert contender("cmd:/opt/x/server --port {port}").slug == "opt-x-server-port-port"
