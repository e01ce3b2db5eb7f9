"""Locust's page in a real browser: the Storm tab and the report's link."""

import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.e2e.storms import DRAWN, Trial, assert_code, await_true, free_port, settings

BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), "")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.skipif(not BROWSER, reason="no headless browser: install chromium (Debian: apt-get install chromium)"),
]


def rendered(url: str, profile: Path) -> str:
    """Return the page's document after its scripts have run for some seconds."""
    command = [BROWSER, *QUIET, f"--user-data-dir={profile}", "--virtual-time-budget=6000", "--dump-dom", url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_the_storm_tab_shows_the_timeline_and_leads_to_the_report(trial: Trial) -> None:
    trial.environ |= DRAWN
    trial.write(settings("timeline=[at(1, ExpireAll())]"))
    port = free_port()
    page = f"http://127.0.0.1:{port}"
    with trial.started("--web-port", str(port)):
        await_true(lambda: trial.runs() and (trial.run_folder() / "calls-0.bin").exists(), 40, "the run")
        document = rendered(f"{page}/?tab=storm", trial.folder / "profile")
        await_true((trial.run_folder() / "junit.xml").exists, 60, "the report")
        await_true(lambda: "Trial" in _read(f"{page}/storm/report"), 20, "the report's page")
    for shown in ("every live token expires at once", "calls that succeeded", "token fetches", "/storm/report"):
        assert shown in document


def test_the_report_reads_in_a_browser(trial: Trial) -> None:
    trial.environ |= DRAWN
    trial.write(settings("timeline=[at(1, RevokeAll())]"))
    assert_code(trial.jwtstorm("run", "trial.py", "--headless"), 0)
    report = trial.run_folder() / "report.html"
    document = rendered(report.as_uri(), trial.folder / "profile")
    assert "passed" in document
    assert document.count("data:image/png;base64,") >= 5


def _read(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            text: str = answer.read().decode()
    except OSError:
        return ""
    return text
