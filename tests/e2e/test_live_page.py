"""What the page shows, right to the count: Locust's own table against the rows, our tab against the summary."""

import json
import re
import urllib.request

import pytest

from harness.protocol.live_measures import TURNED_AWAY
from harness.results.row import RowKind
from harness.results.summary import read_summary
from tests.e2e.storms import Trial, await_true, free_port, settings
from tests.e2e.test_run import all_rows

pytestmark = [pytest.mark.e2e, pytest.mark.transports]

AGGREGATED = re.compile(r"^\s*Aggregated\s+(\d+)\s+(\d+)\(", re.MULTILINE)


def counted(trial: Trial) -> tuple[int, int]:
    """Return calls and token fetches of the only run by its rows, and those of them that failed."""
    rows = all_rows(trial.run_folder())
    told = rows[rows["final"] & (rows["kind"] != RowKind.NOT_SENT.name)]
    return len(told), int((told["cause"] != "OK").sum())


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["alone", "two processes"])
def test_locusts_table_counts_every_call_failures_included(trial: Trial, processes: tuple[str, ...]) -> None:
    trial.write(settings("timeline=[at(1, IssuerDown(), until_s=3), at(1.5, ExpireAll())]"))
    ports = ("--master-port", port, "--master-bind-port", port) if processes and (port := str(free_port())) else ()
    done = trial.locust("--headless", "--only-summary", *processes, *ports)
    total, failed = counted(trial)
    assert failed > 0
    assert next(tuple(map(int, found)) for found in AGGREGATED.findall(done.stdout + done.stderr)) == (total, failed)


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["alone", "two processes"])
def test_the_tab_at_the_end_says_what_the_summary_says(trial: Trial, processes: tuple[str, ...]) -> None:
    defects = 'at(0.5, TokenDefect("SIGN-01"), until_s=4, toxicity=0.2)'
    tokens = "tokens=Tokens(lifetime_s=3, refresh='reactive', callers=5)"
    loads = settings(f"timeline=[{defects}, at(2, ExpireAll())]", 'lab=LabSettings(zoo=("accepts-alg-none",))')
    trial.write(loads.replace("tokens=Tokens(lifetime_s=60, callers=5)", tokens))
    port = free_port()
    master = ("--master-port", port_of, "--master-bind-port", port_of) if (port_of := str(free_port())) else ()
    with trial.started("--web-port", str(port), *processes, *(master if processes else ())):
        await_true(lambda: trial.runs() and (trial.run_folder() / "junit.xml").exists(), 60, "the report")
        shown = tab(port)
        assert f"the web page is at http://127.0.0.1:{port} (tab Storm)" in trial.output()
    summary = read_summary(trial.run_folder())
    measures, whole = summary.measures, summary.cell("all")
    rejects, (probe,) = measures.rejected("all"), measures.probes
    assert shown["poisoned calls let in (false accepts)"] == (probe.accepted, f"of {probe.sent:,} poisoned calls")
    assert probe.accepted > 0
    sent = rejects.alive - rejects.revoked
    assert shown[TURNED_AWAY] == (rejects.rejected + rejects.ended, f"of {sent:,} sent")
    assert rejects.ended > 0, "ExpireAll ended tokens that lived by their claims"
    assert shown["token fetches since zero"][0] == measures.amplification.fetches > 0
    assert shown["retries"] == (whole.attempts - whole.calls, f"of {whole.calls:,} calls since zero")
    assert shown["retries"][0] > 0


def tab(port: int) -> dict[str, tuple[int, str]]:
    """Return count and base of each row of our tab that has a count."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/stats/requests", timeout=10) as answer:
        (table,) = json.load(answer)["extended_stats"]
    return {row["what"]: (int(row["count"].replace(",", "")), row["when"]) for row in table["data"] if row["count"]}
