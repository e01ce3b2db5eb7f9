import pytest

from harness.comparison.build_names import NAME_LETTERS, build_names

LONG = "/opt/a-rather-long-path/to/some/place"


@pytest.mark.parametrize(
    ("base", "new", "names"),
    [
        ("lab", "lab:work_s=0.1", ("lab", "lab:work_s=0.1")),
        ("git:v1", "git:v2", ("git:v1", "git:v2")),
        (f"cmd:{LONG}/old --port {{port}}", f"cmd:{LONG}/new --port {{port}}", ("old", "new")),
        ("cmd:./server --port {port} --v 1", "cmd:./server --port {port} --v 2", ("server 1", "server 2")),
        ("cmd:./server --port {port}", "cmd:./server --port {port} --fast", ("server", "server --fast")),
        ("cmd:./a/server --port {port}", "cmd:./b/server --port {port}", ("./a/server", "./b/server")),
        ("lab", "lab", ("lab", "lab")),
    ],
)
def test_a_command_is_named_by_its_program_and_what_differs(base: str, new: str, names: tuple[str, str]) -> None:
    assert build_names(base, new) == names


def test_long_builds_that_begin_alike_never_have_equal_names() -> None:
    base, new = build_names(f"cmd:{LONG}/x/server --port {{port}}", f"cmd:{LONG}/y/server --port {{port}}")
    assert base != new
    assert max(len(base), len(new)) <= NAME_LETTERS
