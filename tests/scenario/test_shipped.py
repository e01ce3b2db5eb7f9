"""What comes along beside the code, in a checkout and from a wheel in an empty folder."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness import cli
from harness.scenario import shipped

ROOT = Path(__file__).parents[2]
TARGETS = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
OF_A_CHECKOUT = re.compile(rf"(?<!in a checkout, `)(?<!in a checkout: )\bmake ({'|'.join(TARGETS)})\b|\bdocs/\w+\.md\b")
MAKE_DOCS = {"harness/defects/page.py", "harness/cli/stubs.py"}
"""What only a checkout runs: it writes files of ours."""


def test_a_checkout_gives_what_lies_in_it() -> None:
    assert shipped.scenarios() == sorted((ROOT / "scenarios").glob("*.py"))
    assert shipped.pages() == {path.stem: path for path in (ROOT / "docs").glob("*.md")}


def told() -> Iterator[tuple[str, str]]:
    """Yield the file and the text of each string that is no docstring."""
    for path in (ROOT / "harness").rglob("*.py"):
        tree = ast.parse(path.read_text())
        alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
                yield str(path.relative_to(ROOT)), node.value


def test_no_text_sends_a_user_to_what_only_a_checkout_has() -> None:
    assert [(file, text) for file, text in told() if file not in MAKE_DOCS and OF_A_CHECKOUT.search(text)] == []


def test_docs_lists_every_page_with_its_title(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["docs"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == sorted(shipped.pages())


@pytest.mark.parametrize("name", ["glossary", "docs/glossary.md"])
def test_docs_prints_a_page_as_it_stands_into_a_pipe(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["docs", name]) == 0
    assert capsys.readouterr().out == (ROOT / "docs/glossary.md").read_text()


def test_a_page_that_is_not_there_names_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["docs", "nothing"]) == 2
    assert "no page of docs is called 'nothing'; there are architecture, " in capsys.readouterr().err


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install a wheel of this tree into an environment of its own, beside our libraries; return its Python."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    built = subprocess.run(
        [*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT], capture_output=True, text=True, check=False
    )
    if built.returncode:
        pytest.skip(f"no wheel can be built here: {built.stderr.strip()[-200:]}")
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    python = folder / "env/bin/python"
    subprocess.run([*pip, "--python", python, "install", "--no-deps", wheel], check=True)
    beside = folder / f"env/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages/ours.pth"
    beside.write_text(sysconfig.get_path("purelib"))
    return python


@pytest.mark.e2e
def test_a_wheel_in_an_empty_folder_has_all_scenarios_and_pages(installed: Path, tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def say(*arguments: str) -> str:
        command = [str(installed.with_name("jwtstorm")), *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
        return done.stdout

    listed = say("list")
    for path in (ROOT / "scenarios").glob("*.py"):
        assert f"  {path.stem.replace('_', '-')}\n" in listed
    assert say("docs", "targets") == (ROOT / "docs/targets.md").read_text()
    told = say("run", "any", "--help")
    assert "--target" in told
    assert list(tmp_path.iterdir()) == []
