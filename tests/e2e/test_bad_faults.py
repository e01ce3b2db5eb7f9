"""Faults that cannot be: refused before the first call, or carried to the run's end and said."""

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from harness.results.fault_events import AppliedEvent, FailedEvent
from tests.e2e.storms import Trial, assert_code, settings
from tests.e2e.test_endings import proxies, toxics

pytestmark = pytest.mark.e2e

OWN = "target='127.0.0.1:50051', issuer=TokenCommand(['false'])"


@pytest.mark.parametrize(
    ("arguments", "step", "way_out"),
    [
        (f"{OWN}, timeline=[at(1, RotateKeys())]", "1-rotate_keys", "drop issuer= or this step"),
        (
            f"{OWN}, timeline=[at(1, Latency(link='jwks', delay_s=1), until_s=2)]",
            "1-latency",
            "drop target= and issuer=",
        ),
        (f"{OWN}, timeline=[at(1, Latency(link='issuer', delay_s=1), until_s=2)]", "1-latency", "drop issuer="),
        (f"{OWN}, timeline=[at(1, PauseTarget(), until_s=2)]", "1-pause_target", "target=Launch(["),
        (
            f"{OWN}, timeline=[at(1, ClockDrift(of='verifier', rate_ppm=1000), until_s=2)]",
            "1-clock_drift",
            "start it under libfaketime",
        ),
    ],
    ids=["rotation", "jwks link", "issuer link", "process", "drift"],
)
def test_what_the_scenario_lacks_is_refused_before_the_first_call(
    trial: Trial, arguments: str, step: str, way_out: str
) -> None:
    trial.write(settings(arguments))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = [line for line in done.stderr.splitlines() if step in line]
    assert way_out in line
    assert "Traceback" not in done.stderr
    assert trial.runs() == []


class Gate(ThreadingHTTPServer):
    """A way to somebody else's Toxiproxy that can be shut for one kind of request."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.upstream = urlsplit(upstream).netloc
        self.shut: tuple[str, str] = ("", "")
        """The method and the end of the folder that is answered with 503."""

    @property
    def url(self) -> str:
        """Return where it stands."""
        return f"http://127.0.0.1:{self.server_port}"


class _Door(BaseHTTPRequestHandler):
    server: Gate
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        method, inside = self.server.shut
        if self.command == method and inside in self.path:
            self._answer(503, b'{"error": "shut by the test", "status": 503}', {})
            return
        way = http.client.HTTPConnection(self.server.upstream, timeout=5)
        try:
            way.request(self.command, self.path, body, {"Content-Type": "application/json"})
            answer = way.getresponse()
            self._answer(answer.status, answer.read(), dict(answer.getheaders()))
        finally:
            way.close()

    do_GET = do_POST = do_DELETE = do_PATCH = _pass  # noqa: N815 - the names that http.server calls

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower().startswith("x-"):
                self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def gate(foreign_proxy: str) -> Iterator[Gate]:
    with Gate(foreign_proxy) as gate:
        thread = threading.Thread(target=gate.serve_forever)
        thread.start()
        yield gate
        gate.shutdown()
        thread.join()


def failures(trial: Trial) -> list[tuple[str | None, str]]:
    return [(said.step, said.phase) for said in trial.events() if isinstance(said, FailedEvent)]


LATENCY = "timeline=[at(1, Latency(link='target', delay_s=0.02), until_s=2), at(3, ExpireAll())]"


def invalid_run(trial: Trial, gate: Gate, method: str, inside: str) -> str:
    """Make a run through a gate that is shut for one kind of request, to its end; return what it said."""
    trial.environ["TOXIPROXY_URL"], gate.shut = gate.url, (method, inside)
    trial.write(settings(LATENCY, duration_s=5))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert_code(done, 3)
    assert trial.about()["state"] == "complete"
    return done.stdout


def test_a_fault_that_cannot_be_applied_ends_no_run_and_makes_it_invalid(
    trial: Trial, gate: Gate, foreign_proxy: str
) -> None:
    said = invalid_run(trial, gate, "POST", "/toxics")
    assert "1-latency could not be applied" in said
    assert failures(trial) == [("1-latency", "apply")]
    assert "3-expire_all" in [said.step for said in trial.events() if isinstance(said, AppliedEvent)]
    assert (trial.run_folder() / "report.html").exists()
    assert proxies(foreign_proxy) == {}
    assert "nothing to recover" in trial.jwtstorm("recover").stdout


def test_a_fault_that_cannot_be_undone_is_left_to_recover_and_said(
    trial: Trial, gate: Gate, foreign_proxy: str
) -> None:
    said = invalid_run(trial, gate, "DELETE", "/proxies")
    assert "1-latency could not be undone" in said
    assert f"finish it with: jwtstorm recover {trial.run_folder()}" in said
    assert ("1-latency", "undo") in failures(trial)
    assert "closed" not in [said.name() for said in trial.events()]
    assert toxics(foreign_proxy) == ["1-latency"]
    refused = trial.jwtstorm("recover")
    assert refused.returncode == 3
    gate.shut = ("", "")
    recovered = trial.jwtstorm("recover")
    assert recovered.returncode == 0, recovered.stdout + recovered.stderr
    assert proxies(foreign_proxy) == {}
    assert "nothing to recover" in trial.jwtstorm("recover").stdout
