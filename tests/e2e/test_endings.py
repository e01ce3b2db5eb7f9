"""Every way a run can end: everything undone, everything measured on disk, the right exit code."""

import json
import os
import signal
import socket
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from harness.results.fault_events import UndoneEvent
from tests.e2e.storms import CALL, DRAWN, SIGNALS, Trial, await_true, free_port, settings

pytestmark = pytest.mark.e2e

FAULT = (
    "timeline=[at(1, Latency(link='target', delay_s=0.05), until_s=25),"
    " at(1, ClockSkew(of='issuer', skew_s=-1), until_s=25)]"
)


def proxies(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/proxies", timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def toxics(url: str) -> list[str]:
    return [toxic["name"] for proxy in proxies(url).values() for toxic in proxy["toxics"]]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: signal.Signals(number).name)
def test_a_signal_in_the_middle_of_a_fault_leaves_nothing(trial: Trial, foreign_proxy: str, number: int) -> None:
    trial.environ["TOXIPROXY_URL"] = foreign_proxy
    trial.write(settings(FAULT, duration_s=30))
    with trial.started("--headless") as process:
        trial.await_event("verified")
        await_true(lambda: toxics(foreign_proxy), 10, "the toxic")
        process.send_signal(number)
        assert process.wait(timeout=60) == 130, trial.output()
    assert proxies(foreign_proxy) == {}
    assert trial.children_alive() == []
    assert trial.about()["state"] == "interrupted"
    assert (trial.run_folder() / "report.html").exists()
    undone = [said.step for said in trial.events() if isinstance(said, UndoneEvent)]
    assert sorted(undone) == ["1-clock_skew", "1-latency"]


def test_after_kill_9_recover_undoes_and_report_reads(trial: Trial, foreign_proxy: str) -> None:
    trial.environ["TOXIPROXY_URL"] = foreign_proxy
    trial.write(settings(FAULT, duration_s=30))
    with trial.started("--headless") as process:
        trial.await_event("verified")
        await_true(lambda: toxics(foreign_proxy), 10, "the toxic")
        process.kill()
        process.wait()
    await_true(lambda: trial.children_alive() == [], 10, "the children to die")
    assert toxics(foreign_proxy) == ["1-latency"]
    recovered = trial.jwtstorm("recover")
    assert recovered.returncode == 0, recovered.stdout + recovered.stderr
    assert proxies(foreign_proxy) == {}
    assert "nothing to recover" in trial.jwtstorm("recover").stdout
    reported = trial.jwtstorm("report", str(trial.run_folder()))
    assert reported.returncode in {3, 130}, reported.stdout + reported.stderr
    assert (trial.run_folder() / "report.html").exists()
    assert (trial.run_folder() / "calls.parquet").exists()


def test_recover_refuses_a_run_that_lives(trial: Trial) -> None:
    trial.write(settings(duration_s=30))
    with trial.started("--headless"):
        trial.await_event("planned" if "at(" in settings() else "lab")
        refused = trial.jwtstorm("recover", str(trial.run_folder()))
    assert refused.returncode == 2
    assert "still running" in refused.stderr


def test_a_full_disk_ends_the_run_with_one_line_and_exit_3(trial: Trial) -> None:
    trial.write(settings(duration_s=30).replace("per_s=100", "per_s=200"))
    import resource

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, limit[1]))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        done = trial.jwtstorm("run", "trial.py", "--headless")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "cannot write calls-0.bin" in done.stderr
    assert trial.children_alive() == []


def test_a_taken_port_is_one_line_with_the_way_out(trial: Trial) -> None:
    trial.write(settings())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = trial.jwtstorm("run", "trial.py", "--web-port", str(port))
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        (
            f"jwtstorm: port {port} on 127.0.0.1 is taken (Address already in use); "
            f"end what uses it, or give --web-port {port + 1}"
        )
    ]


def test_all_mistakes_of_a_scenario_are_named_before_the_first_call(trial: Trial) -> None:
    trial.write(
        "load=constant_rate(per_s=0, duration_s=10, max_users=5),"
        " timeline=[at(12, ExpireAll()), at(5, Latency(link='moon', delay_s=1), until_s=4)]"
    )
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert done.returncode == 2
    for said in ("per_s=0", "expire_all at 12 s", "until_s=4 is not after the start", "link='moon'"):
        assert said in done.stderr
    assert trial.runs() == []


def test_a_far_target_needs_its_name_on_the_command_line(trial: Trial) -> None:
    trial.write(settings("target='192.0.2.1:443', issuer=TokenCommand(['false'])"))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "--allow-target 192.0.2.1" in done.stderr


def test_stop_and_start_in_the_page_makes_a_second_folder(trial: Trial) -> None:
    trial.write(settings(duration_s=30))
    port = free_port()
    page = f"http://127.0.0.1:{port}"
    with trial.started("--web-port", str(port)) as process:
        await_true(lambda: any(_size(path) > 1_000 for path in trial.reports.rglob("calls-0.bin")), 40, "rows")
        _post(f"{page}/stop")
        await_true(lambda: list(trial.reports.rglob("report.html")), 60, "the first report")
        _post(f"{page}/swarm", b"user_count=20&spawn_rate=20")
        await_true(lambda: len(list(trial.reports.rglob("calls-0.bin"))) == 2, 40, "the second run")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130, trial.output()
    assert len(trial.runs()) == 2


def descendants(pid: int) -> list[int]:
    """Return the children of a process, as Linux lists them."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode()


def _size(path: Path) -> int:
    return path.stat().st_size


def _post(url: str, body: bytes = b"") -> None:
    with urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST"), timeout=30) as answer:
        assert answer.status == 200


def test_a_lost_worker_is_named_and_its_rows_are_kept(trial: Trial) -> None:
    trial.write(settings(duration_s=12))
    with trial.started("--headless", "--processes", "2") as process:
        await_true(lambda: len(list(trial.reports.rglob("calls-*.bin"))) == 2, 40, "two journals")
        await_true(lambda: all(path.stat().st_size > 5000 for path in trial.reports.rglob("calls-*.bin")), 30, "rows")
        workers = [pid for pid in descendants(process.pid) if "locust" in command_line(pid)]
        os.kill(workers[0], signal.SIGKILL)
        assert process.wait(timeout=90) == 3, trial.output()
    assert any(problem["kind"] == "worker_lost" for problem in trial.about()["problems"])
    assert (trial.run_folder() / "calls.parquet").exists()


@pytest.mark.parametrize(
    ("task", "when"),
    [
        (f'{CALL}\n        raise ValueError("no such account")', "after its call had begun"),
        ('raise ValueError("no such account")', "before its call, which was never made"),
    ],
    ids=["after", "before"],
)
def test_what_a_task_raises_beside_its_call_makes_the_run_invalid(trial: Trial, task: str, when: str) -> None:
    trial.write(settings(duration_s=4), task)
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert done.returncode == 3, done.stdout + done.stderr
    (said,) = [problem["text"] for problem in trial.about()["problems"] if problem["kind"] == "task"]
    assert said.startswith("task get_balance raised ValueError: no such account (trial.py, line ")
    assert said.endswith(f"times, {when}; mend the task, or catch what it may raise")
    assert done.stderr.count("Traceback") == 0


def test_the_verdict_is_the_last_thing_said(trial: Trial) -> None:
    trial.write(settings(duration_s=4))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    lines = done.stdout.splitlines()
    (place,) = [place for place, line in enumerate(lines) if line.startswith("trial: ")]
    assert all(line.startswith("  ") for line in lines[place + 1 :])
    assert lines[-1].startswith("  report: ")


GOOD = "'echo', 'eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9.c2ln'"


@pytest.mark.parametrize("mode", [[], ["--processes", "2"]], ids=["alone", "processes"])
@pytest.mark.parametrize(
    ("command", "said"),
    [
        (GOOD, "target 127.0.0.1:{port}: nobody listens there (127.0.0.1:{port}: Connection refused)"),
        ("'false'", "no token to begin with: false ended"),
    ],
    ids=["target", "issuer"],
)
def test_what_cannot_work_ends_before_the_users_start(trial: Trial, mode: list[str], command: str, said: str) -> None:
    port = free_port()
    trial.write(settings(f"target='127.0.0.1:{port}', issuer=TokenCommand([{command}])"))
    done = trial.jwtstorm("run", "trial.py", "--headless", *mode)
    assert done.returncode == 3, done.stdout + done.stderr
    assert said.format(port=port) in done.stderr.splitlines()[-1], done.stderr
    assert "Traceback" not in done.stderr
    assert trial.about()["state"] == "aborted"
    assert [problem["kind"] for problem in trial.about()["problems"]] == ["not_begun"]
    assert not (trial.run_folder() / "calls.parquet").exists()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("SigningKey('nowhere.pem')", "nowhere.pem"),
        ("ClientCredentials('http://127.0.0.1:9/token', 'me')", "CLIENT_SECRET"),
    ],
    ids=["key", "secret"],
)
def test_a_secret_that_is_not_there_is_a_usage_error(trial: Trial, source: str, said: str) -> None:
    trial.write(settings(f"target='127.0.0.1:9', issuer={source}"))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_more_ctrl_c_does_not_cut_the_report(trial: Trial, foreign_proxy: str) -> None:
    trial.environ |= {"TOXIPROXY_URL": foreign_proxy, **DRAWN}
    trial.write(settings(FAULT, duration_s=30))
    with trial.started("--headless") as process:
        trial.await_event("verified")
        await_true(lambda: toxics(foreign_proxy), 10, "the toxic")
        process.send_signal(signal.SIGINT)
        await_true(lambda: "writing the report" in trial.output(), 60, "the report")
        process.send_signal(signal.SIGINT)
        await_true(lambda: "rows are safe" in trial.output(), 10, "the answer")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130, trial.output()
    assert "Traceback" not in trial.output()
    assert (trial.run_folder() / "report.html").exists()
    assert proxies(foreign_proxy) == {}


def test_a_heavy_load_on_a_far_target_must_be_asked_for(trial: Trial) -> None:
    trial.write(settings("target='192.0.2.1:443', issuer=TokenCommand(['false'])", duration_s=4000))
    allowed = ["--headless", "--allow-target", "192.0.2.1"]
    refused = trial.jwtstorm("run", "trial.py", *allowed, "-u", "3000")
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert "--max-users 3000" in refused.stderr
    assert "--max-duration 4003" in refused.stderr
    assert trial.runs() == []
