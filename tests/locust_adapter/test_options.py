"""Tests of the options: what the command line says, and what stands where it says nothing."""

from argparse import Action, ArgumentParser, Namespace
from collections.abc import Sequence
from typing import Any

import pytest

from harness import Scenario, constant_rate
from harness.errors import UsageError
from harness.locust_adapter.options import as_asked_for, run_settings, tell_parser
from harness.transport.choice import VARIABLE

SCENARIO = Scenario(load=constant_rate(10, duration_s=60, max_users=7), deadline_s=2.0)


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REPORTS", "SHORT", "PICTURES", VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BUILD", "from the environment")


class LocustsParser(ArgumentParser):
    """A parser with Locust's own options that a run reads, and Locust's own keyword of an option."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("--num-users", "--spawn-rate", "--stop-timeout", "--run-time"):
            self.add_argument(name, type=float)
        for name in ("--web-host", "--master-bind-host"):
            self.add_argument(name)

    def add_argument(self, *names: str, include_in_web_ui: bool = True, **settings: Any) -> Action:
        """Add an option; there is no page that it could be on."""
        return super().add_argument(*names, **settings)


def said(*arguments: str, scenario: Scenario | None = SCENARIO) -> Namespace:
    """Return what a command line comes to."""
    parser = LocustsParser()
    tell_parser(parser, scenario)
    return parser.parse_args(arguments)


def test_a_library_user_has_none_of_the_options_and_runs_the_scenario_as_it_is() -> None:
    assert as_asked_for(SCENARIO, Namespace()) == SCENARIO
    settings = run_settings(None, SCENARIO)
    assert (settings.users, settings.build, settings.pictures) == (7, "from the environment", True)
    assert settings == run_settings(said(), SCENARIO)


def test_a_scenario_gives_locusts_own_options_their_defaults() -> None:
    options = said()
    assert (options.num_users, options.spawn_rate, options.stop_timeout) == (7, 7, 3.0)
    assert (options.web_host, options.master_bind_host) == ("127.0.0.1", "127.0.0.1")


def test_without_a_scenario_only_the_addresses_have_defaults() -> None:
    options = said(scenario=None)
    assert (options.num_users, options.web_host) == (None, "127.0.0.1")


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        (["--build", "v2"], "build", "v2"),
        (["--allow-target", "a", "--allow-target", "b"], "allowed_targets", frozenset({"a", "b"})),
        (["--no-pictures"], "pictures", False),
        (["--under-test", "lab:work_s=0.01"], "under_test", "lab:work_s=0.01"),
        (["--num-users", "9"], "users", 9),
        (["--run-time", "30"], "run_time_s", 30),
    ],
)
def test_an_option_becomes_a_setting_of_the_run(arguments: Sequence[str], field: str, value: object) -> None:
    assert getattr(run_settings(said(*arguments), SCENARIO), field) == value


def test_each_ceiling_has_an_option() -> None:
    ceilings = run_settings(said("--max-rate", "1", "--max-users", "2", "--max-duration", "3"), SCENARIO).ceilings
    assert (ceilings.rate_per_s, ceilings.users, ceilings.duration_s) == (1, 2, 3)


def test_the_command_line_makes_a_variant_of_the_scenario() -> None:
    varied = as_asked_for(SCENARIO, said("--tokens", "refresh=reactive", "--short"))
    assert varied.tokens.refresh == "reactive"
    assert varied.load.duration_s < SCENARIO.load.duration_s


def test_a_variant_that_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="no_such_setting"):
        as_asked_for(SCENARIO, said("--tokens", "no_such_setting=1"))
