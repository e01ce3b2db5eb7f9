"""The Storm tab of Locust's page: the timeline with what is active, measures so far, failures by cause, the report.

Locust draws the tab from `extended_tabs` and `extended_tables`; its rows ride on the answers of
``/stats/requests``, which the page asks for every two seconds while a run is on.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from flask import Response, request, send_file
from locust.env import Environment

from harness.conductor.conductor import Conductor
from harness.protocol.live_measures import POISONED
from harness.results.proportion import Share

KEY = "storm"
COLUMNS = (("what", "What"), ("when", "When, or of what"), ("state", "State"), ("count", "Count"))
REPORT_ROUTE = "/storm/report"
WITH_WARM_UP = "warm-up included"
_NOT_YET = (
    '<!doctype html><meta http-equiv="refresh" content="1"><title>No report yet</title>'
    "<p>No report yet: it is written when the run ends. This page looks again every second."
)

_WORTHS = {
    "right": "poisoned calls, answered rightly",
    "crashed": "poisoned calls that crashed the verifier",
    "other": "poisoned calls, answered otherwise",
}
Row = dict[str, str]
FindConductor = Callable[[], Conductor | None]


def add_tab(environment: Environment, find: FindConductor) -> None:
    """Add the tab and the report's route to a process's page, where it has one."""
    page = environment.web_ui
    if page is None or page.app is None:
        return
    Share.counted(0, 1)  # loads what bounds need now: half a second of work, which would hold calls up later
    page.template_args["extended_tabs"] = [{"title": "Storm", "key": KEY}]
    structure = [{"key": key, "title": title} for key, title in COLUMNS]
    page.template_args["extended_tables"] = [{"key": KEY, "structure": structure}]
    page.template_args["extended_csv_files"] = [{"href": REPORT_ROUTE, "title": "Storm report"}]
    page.app.after_request(partial(_add_rows, find))
    page.app.add_url_rule(REPORT_ROUTE, "storm_report", page.auth_required_if_enabled(partial(_send_report, find)))


def _add_rows(find: FindConductor, response: Response) -> Response:
    if request.path.endswith("/stats/requests") and response.is_json:
        data = response.get_json()
        data["extended_stats"] = [{"key": KEY, "data": rows(find())}]
        response.set_data(json.dumps(data))
    return response


def _send_report(find: FindConductor) -> Response:
    conductor = find()
    path = None if conductor is None else report_path(conductor)
    if path is None:
        return Response(_NOT_YET, status=404)
    return send_file(path.resolve())


def rows(conductor: Conductor | None) -> list[Row]:
    """Return the table's rows: the clock, the timeline, measures so far, calls by outcome, the report."""
    if conductor is None:
        return [_row("no run yet", state="press start")]
    about = [*_step_rows(conductor), *_measure_rows(conductor), *_count_rows(conductor)]
    return [_clock_row(conductor), *about, _report_row(conductor)]


def report_path(conductor: Conductor) -> Path | None:
    """Return the run's page, once it is written."""
    path = conductor.folder / "report.html" if conductor.folder else None
    return path if path is not None and conductor.finished and path.exists() else None


def _clock_row(conductor: Conductor) -> Row:
    now_s = conductor.now_s()
    load = conductor.scenario.load
    if conductor.finished:
        return _row("run", f"0 to {load.duration_s:g} s", "ended")
    if now_s is None:
        return _row("run", "", "starting")
    state = "warming up" if now_s < 0 else "running" if now_s < load.duration_s else "ending"
    return _row("run", f"{now_s:.0f} of {load.duration_s:g} s", state)


def _step_rows(conductor: Conductor) -> Iterable[Row]:
    now_s = conductor.now_s()
    active = set(conductor.active())
    for step in conductor.scenario.steps:
        when = f"{step.at_s:g} s" if step.until_s is None else f"{step.at_s:g} to {step.until_s:g} s"
        past = now_s is not None and now_s >= step.at_s
        state = "ACTIVE" if step.id in active else "done" if past else "planned"
        yield _row(f"fault: {step.fault.text()}", when, state)


def _measure_rows(conductor: Conductor) -> Iterable[Row]:
    for told in conductor.measures():
        yield _row(told.what, told.of, f"WRONG: {told.comes_to}" if told.wrong else told.comes_to, told.count)


def _count_rows(conductor: Conductor) -> Iterable[Row]:
    counts = sum(conductor.live.values(), Counter[str]())
    del counts[f"{POISONED}accepted"]  # a measure, and shown there
    yield _row("token fetches", WITH_WARM_UP, count=counts.pop("fetches", 0))
    yield _row("calls that succeeded", WITH_WARM_UP, count=counts.pop("ok", 0))
    for worth, name in _WORTHS.items():
        if count := counts.pop(f"{POISONED}{worth}", 0):
            yield _row(name, state="WRONG" if worth != "right" else "", count=count)
    for outcome, count in counts.most_common():
        origin, _, cause = outcome.partition("/")
        state = f"from the {origin.replace('_', ' ')}"
        yield _row(f"failed: {cause.replace('_', ' ')}", WITH_WARM_UP, state, count)


def _report_row(conductor: Conductor) -> Row:
    if report_path(conductor) is not None:
        return _row("report", REPORT_ROUTE, f"written, exit code {conductor.exit_code}")
    return _row("report", REPORT_ROUTE, "written when the run ends")


def _row(what: str, when: str = "", state: str = "", count: int | None = None) -> Row:
    return {"what": what, "when": when, "state": state, "count": "" if count is None else f"{count:,}"}
