"""The options of a run: what Locust's parser is told of them, and what the command line then says.

Values come from Locust's namespace, which is whole only in a process that was started by command
line: a library user's has none of ours, and each has its default here.
"""

import os
from typing import Any

from harness.conductor.run_folder import RunSettings, build_label
from harness.errors import UsageError
from harness.results.run import reports_folder
from harness.scenario.ceilings import Ceilings
from harness.scenario.scenario import Scenario
from harness.scenario.variants import variant
from harness.transport.choice import TRANSPORTS, VARIABLE


def tell_parser(parser: Any, scenario: Scenario | None) -> None:
    """Add the options to Locust's parser, with the defaults that a scenario gives to Locust's own."""
    _add_variants(parser)
    _add_surroundings(parser)
    _add_ceilings(parser)
    parser.set_defaults(web_host="127.0.0.1", master_bind_host="127.0.0.1")
    if scenario is not None:
        users = scenario.load.max_users
        parser.set_defaults(num_users=users, spawn_rate=users, stop_timeout=scenario.longest_call_s + 1.0)


def _add_variants(parser: Any) -> None:
    """Add what a run may have otherwise than its scenario says."""
    parser.add_argument(
        "--tokens",
        default="",
        metavar="CHANGES",
        help="Settings of the scenario's tokens to change: refresh=reactive,single_flight=false",
        include_in_web_ui=False,
    )
    parser.add_argument(
        "--short",
        action="store_true",
        default=os.environ.get("SHORT", "0") not in {"", "0"},
        help="Run the scenario on its shortest course, as CI does; SHORT=1 does the same",
        include_in_web_ui=False,
    )
    parser.add_argument(
        "--zoo",
        action="append",
        metavar="ANIMAL",
        help="Let a defect of the zoo loose in the lab's target or in the clients, for this run",
        include_in_web_ui=False,
    )
    parser.add_argument(
        "--transport",
        default=os.environ.get(VARIABLE, ""),
        metavar="NAME",
        help=f"What carries the calls: {', '.join(TRANSPORTS)} (default: {VARIABLE}, else the scenario's transport=)",
        include_in_web_ui=False,
    )
    parser.add_argument(
        "--under-test",
        default="",
        metavar="BUILD",
        help="Another build than the scenario's: lab:work_s=0.0055, tokens:refresh=reactive, or an address",
        include_in_web_ui=False,
    )


def _add_surroundings(parser: Any) -> None:
    """Add what a scenario does not know: the build's label, whom the load may go to, what is left of it."""
    parser.add_argument(
        "--build", help="Label of the build under test (default: BUILD, else git describe)", default=None
    )
    parser.add_argument(
        "--allow-target",
        action="append",
        metavar="HOST",
        help="Allow load to a host that is not this machine; name it every time",
        include_in_web_ui=False,
    )
    parser.add_argument(
        "--no-pictures",
        action="store_true",
        default=os.environ.get("PICTURES", "1") in {"", "0"},
        help="Write the report without pictures, in a third of the time; `jwtstorm report RUN` draws them later",
        include_in_web_ui=False,
    )


def _add_ceilings(parser: Any) -> None:
    """Add the most that a target on another machine may get."""
    most = Ceilings()
    for option, default, what in (
        ("--max-rate", most.rate_per_s, "calls a second"),
        ("--max-users", most.users, "users"),
        ("--max-duration", most.duration_s, "seconds of load"),
    ):
        parser.add_argument(
            option,
            type=float,
            default=default,
            metavar="N",
            help=f"The most {what} that a target on another machine may get (default: %(default)g)",
            include_in_web_ui=False,
        )


def as_asked_for(scenario: Scenario, options: Any) -> Scenario:
    """Return the scenario as the command line wants it; raises `HarnessError` where it cannot be so."""
    if host := getattr(options, "host", None):
        raise UsageError(
            f"--host {host} (LOCUST_HOST) is not read; give the scenario target=, or call `jwtstorm run any --target …`"
        )
    return variant(
        scenario,
        getattr(options, "tokens", ""),
        short=getattr(options, "short", False),
        animals=getattr(options, "zoo", None) or (),
        transport=getattr(options, "transport", ""),
    )


def run_settings(options: Any, declared: Scenario) -> RunSettings:
    """Return what the command line and the environment add to a scenario, ``declared`` as its file says it."""
    return RunSettings(
        reports=reports_folder(),
        build=build_label(getattr(options, "build", None)),
        users=getattr(options, "num_users", None) or declared.load.max_users,
        run_time_s=getattr(options, "run_time", None),
        allowed_targets=frozenset(getattr(options, "allow_target", None) or ()),
        ceilings=_ceilings(options),
        environ=dict(os.environ),
        declared=declared,
        under_test=getattr(options, "under_test", ""),
        pictures=not getattr(options, "no_pictures", False),
    )


def _ceilings(options: Any) -> Ceilings:
    default = Ceilings()
    return Ceilings(
        getattr(options, "max_rate", default.rate_per_s),
        getattr(options, "max_users", default.users),
        getattr(options, "max_duration", default.duration_s),
    )
