"""What every command must show."""

import json
import subprocess
import sys
from argparse import ArgumentParser

import pytest

from harness import cli
from harness.cli.commands import COMMANDS, CliCommand

HEAVY = ("cryptography", "gevent", "grpc", "locust", "matplotlib", "numpy", "pandas", "pyarrow", "rich", "scipy")
ROOMS = ("harness.defects", "harness.faults", "harness.scenario", "harness.tokens")
SECRETS = {"--token", "--secret", "--client-secret", "--password"}


@pytest.fixture(params=sorted(COMMANDS))
def command(request: pytest.FixtureRequest) -> CliCommand:
    return COMMANDS[request.param]


def test_its_docstring_is_a_sentence_for_the_help(command: CliCommand) -> None:
    assert command.text.endswith("."), f"{command.name}: end its first line with a full stop: {command.text!r}"
    assert command.text[0].isupper(), f"{command.name}: begin its first line as a sentence: {command.text!r}"


def test_it_lies_in_the_file_of_its_name(command: CliCommand) -> None:
    stem = command.run.__module__.rpartition(".")[2]
    assert stem.replace("_", "-") == command.name, f"{command.name}: put it into {command.name.replace('-', '_')}.py"


def test_each_option_has_its_help(command: CliCommand) -> None:
    parser = ArgumentParser()
    command.add_options(parser)
    mute = [action.dest for action in parser._actions if not action.help]
    assert mute == [], f"{command.name}: say what {mute[0]} is for (help=…)"


def test_no_option_takes_a_secret(command: CliCommand) -> None:
    parser = ArgumentParser()
    command.add_options(parser)
    taken = SECRETS & {name for action in parser._actions for name in action.option_strings}
    assert not taken, f"{command.name}: {taken} would be seen in `ps`; read it from a file or the environment"


def test_its_help_names_it_and_every_exit_code(command: CliCommand, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command.name, "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert f"jwtstorm {command.name}" in text
    assert "exit codes: 0" in text, f"{command.name}: its ending= must tell its exit codes, as exit_codes() does"


def test_the_overview_tells_each(command: CliCommand, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert f"  {command.name:<11}{command.text}\n" in capsys.readouterr().out


def test_none_loads_what_is_heavy_before_it_runs() -> None:
    code = (
        f"import sys, json, harness.cli; print(json.dumps([name for name in {HEAVY + ROOMS} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [], "a command imports this at its top; import it where it runs"
