"""One scenario on both transports: the same causes, and what each run says of what carried it."""

from collections import Counter

import pandas as pd
import pytest

from harness.results.row import Flag, RowKind
from harness.transport.choice import GRPCIO, NATIVE, native_version
from tests.e2e.storms import Trial, assert_code, assert_ended, settings
from tests.e2e.test_run import all_rows

pytestmark = [pytest.mark.e2e, pytest.mark.transports]

needs_native = pytest.mark.skipif(native_version() is None, reason="the native transport is not built: make transport")
CHAOS = "timeline=[at(0.5, ExpireAll()), at(1.5, Down(link='target'), until_s=2.5), at(3, RevokeAll())]"
USERS = 20
CAUSED = {"NONE/OK", "VERIFIER/EXPIRED", "VERIFIER/REVOKED", "TRANSPORT/UNREACHABLE"}
CUT_IN_FLIGHT = "TRANSPORT/CONNECTION_LOST"
"""How an attempt ends that is under way when the link goes down: whether there is one at that moment is chance."""


def causes(trial: Trial, transport: str) -> Counter[str]:
    """Run the trial on a transport; return how many attempts ended in each cause, and forget the run."""
    done = trial.jwtstorm("run", "trial.py", "--headless", "--transport", transport)
    assert_ended(done.returncode, done.stdout + done.stderr, {0, 1})
    run = trial.run_folder()
    assert trial.about()["transport"]["name"] == transport
    rows = all_rows(run)
    calls = rows[rows["kind"] == RowKind.CALL.name]
    run.rename(trial.folder / transport)
    return Counter(f"{origin}/{cause}" for origin, cause in zip(calls["origin"], calls["cause"], strict=True))


@pytest.mark.long
@needs_native
def test_a_storm_has_the_same_causes_on_both_transports(trial: Trial) -> None:
    trial.write(settings(CHAOS, "deadline_s=0.5"))
    runs = causes(trial, GRPCIO), causes(trial, NATIVE)
    for run in runs:
        assert set(run) - {CUT_IN_FLIGHT} == CAUSED
        assert run[CUT_IN_FLIGHT] <= USERS, "each user has one attempt on its way, and the link goes down once"
    for cause in ("VERIFIER/EXPIRED", "VERIFIER/REVOKED"):
        assert abs(runs[0][cause] - runs[1][cause]) <= USERS, "each user may be refused once more or less"


@needs_native
def test_auto_takes_native_where_it_is_installed_and_sizes_no_threads(trial: Trial) -> None:
    trial.write(settings("connections=2"))
    done = trial.jwtstorm("run", "trial.py", "--headless", "--transport", "auto")
    assert_code(done, 0)
    told = trial.about()["transport"]
    assert (told["name"], told["connections"]) == (NATIVE, 2)
    assert "threadpool" not in told


def test_grpcio_can_be_asked_for_and_the_run_says_so(trial: Trial) -> None:
    trial.write(settings(duration_s=2))
    done = trial.jwtstorm("run", "trial.py", "--headless", "--transport", "grpcio")
    assert_code(done, 0)
    told = trial.about()["transport"]
    assert (told["name"], told["why"]) == (GRPCIO, "asked for")
    assert f"grpcio {told['version']}" in (trial.run_folder() / "report.html").read_text()


@pytest.mark.skipif(native_version() is not None, reason="the native transport is here")
def test_native_where_it_is_absent_is_refused_before_any_call(trial: Trial) -> None:
    trial.write(settings(duration_s=2))
    done = trial.jwtstorm("run", "trial.py", "--headless", "--transport", "native")
    assert done.returncode == 2
    assert "make transport" in done.stdout + done.stderr
    assert trial.runs() == []


DECLARED = '''"""Declared: calls that the scenario declares, in a storm.

Question: are they the same calls, whoever makes them?
Steady state: failures under 1 %.
"""

from harness import *
from harness.endpoint.call import Call
from harness.faults import *
from harness.users import CallUser

LEDGER = "jwtstorm.lab.v1.Ledger"
scenario = Scenario(
    load={load},
    tokens=Tokens(lifetime_s=4, before_s=1, callers=5),
    timeline=[at(1, ExpireAll()), at(2, ClientClockSkew(skew_s=-30), until_s=3)],
    calls=[
        Call(f"{{LEDGER}}/GetBalance", {{"account": "42"}}, weight=3),
        Call(f"{{LEDGER}}/Transfer", {{"from_account": "1", "to_account": "2", "cents": 1, "nonce": "{{{{seq}}}}"}}),
        Call(f"{{LEDGER}}/ListTransfers", {{"account": "42"}}),
    ],
    calls_by="{by}",
    checks=[failure_ratio(below=1)],
)


class Caller(CallUser):
    pass
'''
OPEN = "constant_rate(per_s=100, duration_s=4, max_users=20, warm_up_s=3)"


def declared(trial: Trial, by: str, load: str = OPEN) -> pd.DataFrame:
    """Run declared calls on native; return the rows, and forget the run."""
    (trial.folder / "trial.py").write_text(DECLARED.format(by=by, load=load))
    done = trial.jwtstorm("run", "trial.py", "--headless", "--transport", "native")
    assert_ended(done.returncode, done.stdout + done.stderr, {0, 1})
    assert trial.about()["transport"]["calls_by"] == by
    run = trial.run_folder()
    rows = all_rows(run)
    run.rename(trial.folder / by)
    return rows


@pytest.mark.long
@needs_native
def test_declared_calls_are_the_same_whoever_makes_them(trial: Trial) -> None:
    by_transport, by_python = declared(trial, "transport"), declared(trial, "python")
    for rows in (by_transport, by_python):
        finals = rows[(rows["kind"] != RowKind.FETCH.name) & ((rows["flags"] & Flag.FINAL) > 0)]
        assert sorted(finals["call_id"]) == list(range(700)), "every arrival has one final row"
    called = [rows[(rows["kind"] == RowKind.CALL.name) & (rows["attempt"] == 0)] for rows in (by_transport, by_python)]
    picks = [dict(zip(rows["call_id"], rows["method"].astype(str), strict=True)) for rows in called]
    shared = picks[0].keys() & picks[1].keys()
    assert len(shared) > 500
    assert all(picks[0][call] == picks[1][call] for call in shared), "each arrival makes the same call"
    steps = [set(rows["call_id"][rows["steps"] > 0]) for rows in called]
    assert steps[0] & shared == steps[1] & shared, "faults of calls touch the same arrivals"
    assert steps[0] & shared
    for rows in (by_transport, by_python):
        expired = rows[rows["cause"] == "EXPIRED"]
        again = rows[rows["attempt"] == 1]
        assert set(expired["call_id"][expired["steps"] == 0]) <= set(again["call_id"]), "a refused call is sent again"


@needs_native
def test_declared_calls_of_a_closed_load_follow_one_another(trial: Trial) -> None:
    rows = declared(trial, "transport", "closed_users(10, duration_s=4, warm_up_s=3)")
    calls = rows[(rows["kind"] != RowKind.FETCH.name) & ((rows["flags"] & Flag.FINAL) > 0)]
    assert sorted(calls["call_id"]) == list(range(len(calls)))
    assert (calls["flags"] & Flag.PLANNED == 0).all()
    assert len(calls) > 200
