"""The plugin: Locust's events on one side, conductor and worker on the other.

It alone joins the parts. Which events come when, and in which greenlet, is Locust's: `quitting`
comes first on Ctrl-C and SIGTERM (and twice at once on a master), `test_stopping` first on the
page's stop button and ``-t``; both end in `Conductor.finish`, which runs once.
"""

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
from locust import User, events, stats
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner, WorkerRunner

from harness.conductor.conductor import Conductor
from harness.conductor.run_folder import RunSettings
from harness.errors import HarnessError, UsageError
from harness.locust_adapter.live_stats import LiveTally
from harness.locust_adapter.options import as_asked_for, run_settings, tell_parser
from harness.locust_adapter.runner import LocustRunner
from harness.locust_adapter.storm_tab import add_tab
from harness.protocol.messages import TO_CONDUCTOR, TO_WORKER, ToConductor, packed
from harness.scenario.about import about
from harness.scenario.build_override import put_under_test
from harness.scenario.scenario import Scenario
from harness.worker.agent import WorkerAgent
from harness.worker.worker import Worker

logger = logging.getLogger("jwtstorm")

PROGRESS_S = 10.0
HUSH = "jwtstorm-hush"
"""Tells workers that no run began, and that its reason is said."""
FindScenario = Callable[[], Scenario | None]
JudgeUsers = Callable[[Sequence[type[User]]], list[str]]


class Plugin:
    """What one Locust process holds of jwtstorm."""

    def __init__(self, environment: Environment, scenario: Scenario, under_test: str = "") -> None:
        self.environment = environment
        self.declared = scenario
        self.scenario = put_under_test(scenario, under_test) if under_test else scenario
        self.conductor: Conductor | None = None
        self.interrupted = False
        """Whether Ctrl-C was pressed: the end is under way, and needs no second one."""
        self.station = WorkerAgent(self.scenario, LiveTally(environment, stats), self._send)
        self._crew: LocustRunner | None = None
        self._ending: gevent.Greenlet[..., None] | None = None

    @property
    def conducts(self) -> bool:
        """Tell whether this process holds the conductor."""
        return not isinstance(self.environment.runner, WorkerRunner)

    def listen(self) -> None:
        """Register the messages between conductor and workers."""
        runner = self.environment.runner
        assert runner is not None  # noqa: S101 - `init` comes after Locust made it
        if not isinstance(runner, MasterRunner):
            for name in TO_WORKER:
                runner.register_message(name, self._hear_conductor)
            runner.register_message(HUSH, _quiet(_hush))
        if self.conducts:
            for name in TO_CONDUCTOR:
                runner.register_message(name, self._hear_worker)

    # --- Locust's events ---------------------------------------------------------------------

    def test_start(self) -> None:
        """Begin a run; where that fails, say why and quit."""
        if not self.conducts:
            return
        if self._ending is not None:
            self._ending.join()
        logging.getLogger("locust").setLevel(logging.NOTSET)  # a start before this one may have hushed it
        try:
            self._crew = LocustRunner(self.environment)
            self.conductor = Conductor(self.scenario, self._about(), self._settings(), self._crew)
            self.conductor.begin()
        except HarnessError as error:
            logger.error("%s", error)  # noqa: TRY400 - people want the sentence, not the stack
            self._give_up(error)

    def spawning_complete(self) -> None:
        """Set zero and let the timeline run."""
        conductor = self.conductor
        if conductor is None:
            return
        if conductor.spawned():
            gevent.spawn(self._conduct, conductor)
            gevent.spawn(self._tell_progress, conductor)
        self._end_if_broken(conductor)

    def test_stopping(self) -> None:
        """Take the faults back first; the rest follows when the users have stopped."""
        if self._crew is None or self.conductor is None:
            return
        by_us = self._crew.stopping
        self._crew.note_stopping()
        if not by_us:
            self.conductor.interrupt("stopped before the planned end")
            self._ending = gevent.spawn(self._end, self.conductor)

    def test_stop(self) -> None:
        """Close the worker and promise its rows; tell the conductor that the users are gone."""
        if self.station.worker is not None:
            self.station.finish()
            if isinstance(self.environment.runner, WorkerRunner):
                # Locust sleeps this long before a stopped worker is ready again.
                self.environment.stop_timeout = 0.0
        if self._crew is not None:
            self._crew.note_stopped()

    def quitting(self) -> None:
        """End the run, whoever asks: nothing of ours may outlive this."""
        if self.conductor is None:
            return
        if not self.conductor.finished:
            self.conductor.interrupt("interrupted before the planned end")
            self.conductor.finish()
        self.environment.process_exit_code = self.conductor.exit_code

    def quit(self) -> None:
        """Say the verdict last, below Locust's own tables."""
        if self.conductor is not None:
            self._say_verdict(self.conductor)

    # --- messages ----------------------------------------------------------------------------

    def _hear_conductor(self, msg: Any, **_: Any) -> None:
        self.station.hear(msg.type, msg.data)

    def _hear_worker(self, msg: Any, **_: Any) -> None:
        if self.conductor is not None:
            self.conductor.hear(msg.type, msg.node_id, msg.data)
            self._end_if_broken(self.conductor)

    # --- what they do ------------------------------------------------------------------------

    def _conduct(self, conductor: Conductor) -> None:
        conductor.conduct()
        if conductor.finished:
            self._after(conductor)

    def _tell_progress(self, conductor: Conductor) -> None:
        while not conductor.finished:
            gevent.sleep(PROGRESS_S)
            if not conductor.ending:
                logger.info("%s", conductor.progress())

    def _end_if_broken(self, conductor: Conductor) -> None:
        if conductor.broken and not conductor.ending:
            self._ending = gevent.spawn(self._end, conductor)

    def _end(self, conductor: Conductor) -> None:
        conductor.interrupt("stopped because of a problem")
        conductor.finish()
        self._after(conductor)

    def _after(self, conductor: Conductor) -> None:
        self.environment.process_exit_code = conductor.exit_code
        options = self.environment.parsed_options
        if options is not None and options.headless and self.environment.runner is not None:
            self.environment.runner.quit()
        else:
            self._say_verdict(conductor)

    def _say_verdict(self, conductor: Conductor) -> None:
        sys.stdout.write(conductor.said)
        sys.stdout.flush()

    def _give_up(self, error: HarnessError) -> None:
        self.environment.process_exit_code = error.exit_code
        _hush()  # nothing may hide the reason: no table of nothing, no word of users that make no call
        if isinstance(self.environment.runner, MasterRunner):
            self.environment.runner.send_message(HUSH)
        conductor, self.conductor = self.conductor, None
        if conductor is not None:
            conductor.abandon(str(error))
        if self.environment.runner is not None:
            gevent.spawn(self.environment.runner.quit)

    def _about(self) -> Any:
        options = self.environment.parsed_options
        locustfile = str(getattr(options, "locustfile", None) or self.environment.locustfile)
        return about(Path(locustfile.split(",", maxsplit=1)[0]))

    def _settings(self) -> RunSettings:
        settings = run_settings(self.environment.parsed_options, self.declared)
        if doubt := self.scenario.load.doubt(settings.users):
            logger.warning("%s", doubt)
        runner = self.environment.runner
        return replace(settings, users=max(settings.users, runner.target_user_count if runner is not None else 0))

    def _send(self, message: ToConductor) -> None:
        if self.environment.runner is not None:
            self.environment.runner.send_message(*packed(message))


_plugin: Plugin | None = None


def worker() -> Worker | None:
    """Return this process's worker, while a run is on."""
    return _plugin.station.worker if _plugin is not None else None


def install(find_scenario: FindScenario, judge_users: JudgeUsers) -> None:
    """Listen to Locust's events, once per process.

    ``find_scenario`` returns the locustfile's scenario, ``judge_users`` what is wrong with its users.
    """
    events.init_command_line_parser.add_listener(lambda parser, **_: tell_parser(parser, find_scenario()))
    events.init.add_listener(lambda environment, **_: _init(environment, find_scenario(), judge_users))


def _init(environment: Environment, scenario: Scenario | None, judge_users: JudgeUsers) -> None:
    global _plugin  # noqa: PLW0603 - Locust's events are global, and a process has one environment
    if scenario is None:
        sys.stderr.write(
            "jwtstorm: the locustfile has no module-level `scenario`; see README, how to write a scenario\n"
        )
        sys.exit(UsageError.exit_code)  # an exception would be logged by Locust, and forgotten
    if wrong := judge_users(environment.user_classes):
        sys.stderr.write("".join(f"jwtstorm: {sentence}\n" for sentence in wrong))
        sys.exit(UsageError.exit_code)
    _plugin = plugin = _plugin_of(environment, scenario)
    plugin.listen()
    add_tab(environment, lambda: plugin.conductor)
    listeners: dict[str, Callable[[], None]] = {
        "test_start": plugin.test_start,
        "spawning_complete": plugin.spawning_complete,
        "test_stopping": plugin.test_stopping,
        "test_stop": plugin.test_stop,
        "quitting": plugin.quitting,
        "quit": plugin.quit,
    }
    for name, listener in listeners.items():
        getattr(environment.events, name).add_listener(_quiet(listener))
    _heed_signals(plugin)


def _plugin_of(environment: Environment, scenario: Scenario) -> Plugin:
    """Return the plugin of this process; what the command line asks for and cannot have ends it."""
    options = environment.parsed_options
    try:
        return Plugin(environment, as_asked_for(scenario, options), getattr(options, "under_test", ""))
    except HarnessError as error:
        sys.stderr.write(f"jwtstorm: {error}\n")
        sys.exit(error.exit_code)  # an exception would be logged by Locust, and forgotten


def _hush() -> None:
    """Let Locust say no more: a run that could not begin has said why, and that is its last line."""
    logging.getLogger("locust").setLevel(logging.CRITICAL)
    logging.getLogger("locust.stats_logger").disabled = True


def _quiet(listener: Callable[[], None]) -> Callable[..., None]:
    def call(**_: Any) -> None:
        listener()

    return call


def _heed_signals(plugin: Plugin) -> None:
    """Let workers outlive Ctrl-C until the conductor ends them, and treat a lost terminal as SIGTERM."""
    runner = plugin.environment.runner
    if isinstance(runner, WorkerRunner):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    elif isinstance(runner, LocalRunner | MasterRunner):
        gevent.signal_handler(signal.SIGINT, _interrupt_once, plugin)
        with contextlib.suppress(AttributeError):
            gevent.signal_handler(signal.SIGHUP, os.kill, os.getpid(), signal.SIGTERM)


def _interrupt_once(plugin: Plugin) -> None:
    """End the process at the first Ctrl-C; a later one would cut off what the first began.

    Python's own handler would raise in whichever user happens to run, and gevent print its stack.
    """
    if plugin.interrupted:
        sys.stderr.write("jwtstorm: writing the report; rows are safe\n")
        return
    plugin.interrupted = True
    gevent.get_hub().handle_system_error(KeyboardInterrupt, KeyboardInterrupt())
