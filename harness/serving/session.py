"""A session of the served lab: it is watched, its timeline is carried out, and every fault is taken back at its end."""

import logging
import sys
import threading
from collections.abc import Sequence

from harness import clock
from harness.conductor.environment import Environment
from harness.errors import LabError
from harness.formatting import plural
from harness.results.problem import Problem
from harness.serving.settings import ServeSettings
from harness.serving.traffic import LabTraffic
from harness.serving.traffic_lines import TrafficLines

LOOK_EVERY_S = 1.0
_LEAD_S = 0.05


class Session:
    """Watch a lab that serves until somebody ends it; `end` at last, whatever happened."""

    def __init__(self, settings: ServeSettings, environment: Environment, over: threading.Event) -> None:
        self._settings = settings
        self._environment = environment
        self._over = over
        self._thread: threading.Thread | None = None

    def watch(self) -> None:
        """Look once a second: say what was asked, and begin the timeline when it is due.

        Raises `LabError` where a part ends that nobody has ended.
        """
        lines = TrafficLines(self._environment.lab)
        if self._settings.timeline:
            self._announce()
        since = LabTraffic()
        while True:
            if self._is_due(since):
                lines.zero_s = self._begin()
            if self._over.wait(LOOK_EVERY_S):
                return
            self._look_for_the_dead()
            since = lines.tell(aloud=not self._settings.quiet)

    def end(self) -> Sequence[Problem]:
        """Take every fault back and end the lab; return what could not be done."""
        self._over.set()
        problems = self._environment.take_back()
        if self._thread is not None:
            self._thread.join()
        self._environment.close()
        return problems

    def _announce(self) -> None:
        timeline = self._settings.timeline
        assert timeline is not None  # noqa: S101 - the caller looked
        when = "at once" if self._settings.at_once else "with the first call that is let in"
        _say(f"timeline {timeline.name}: {plural(len(timeline.steps), 'step')} in {timeline.ends_s:g} s, {when}")
        if timeline.left_out:
            _say(f"  left out, for they act in users of jwtstorm's own: {', '.join(timeline.left_out)}")

    def _is_due(self, since: LabTraffic) -> bool:
        waits = self._settings.timeline is not None and self._thread is None
        return waits and (self._settings.at_once or since.verdicts.get("ok", 0) > 0)

    def _begin(self) -> float:
        """Begin the timeline; return its zero on the monotonic clock."""
        zero_ns = clock.monotonic_ns() + round(_LEAD_S * 1e9)
        self._thread = threading.Thread(target=self._carry_out, args=(zero_ns,), name="timeline")
        self._thread.start()
        return zero_ns / 1e9

    def _carry_out(self, zero_ns: int) -> None:
        logging.getLogger("jwtstorm").info("%5.1f s: the timeline begins", 0.0)
        self._environment.run_timeline(zero_ns, self._sleep_until)
        if not self._over.is_set():
            _say("the timeline is over; the lab serves on")

    def _sleep_until(self, at_ns: int) -> bool:
        return not self._over.wait(max(0.0, (at_ns - clock.monotonic_ns()) / 1e9))

    def _look_for_the_dead(self) -> None:
        """Raise `LabError` for a part that ended by itself: while a fault is in force, one may be dead on purpose."""
        gone = [child.name for child in self._environment.lab.children if not child.alive()]
        if gone and not self._environment.active():
            raise LabError(f"the {gone[0]} ended by itself; start the lab again")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
