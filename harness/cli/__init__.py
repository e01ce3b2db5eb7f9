"""The command line: ``jwtstorm``.

Exit codes of every command: 0 good; 1 a check failed, or worse; 2 usage or scenario error;
3 invalid or not comparable; 4 too noisy to tell; 130 interrupted, with everything undone and written.
"""

import argparse
import os
import socket
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from harness.errors import HarnessError, UsageError
from harness.scenario import ad_hoc, catalogue

EXIT_CODES = """\
exit codes: 0 good; 1 a check failed, or worse; 2 usage or scenario error; 3 invalid (unsteady before the
storm, no samples, generator saturated, rows lost, a fault that could not be undone) or not comparable;
4 too noisy to tell; 130 interrupted before the planned end, with everything undone and written"""

RUN_OPTIONS = """\
options of ours that Locust hands on:
  --build LABEL         label of the build under test (default: BUILD, else git describe)
  --short               the scenario's shortest course, as CI runs it; SHORT=1 does the same
  --no-pictures         a report of text and tables, sooner; `jwtstorm report RUN` draws it; PICTURES=0 does the same
  --zoo ANIMAL          let a defect of the zoo loose in the lab's target or in the clients
  --tokens CHANGES      other tokens: refresh=reactive,single_flight=false
  --transport NAME      what carries the calls: auto, grpcio or native (docs/transport.md)
  --allow-target HOST   allow load to a target or issuer that is not on this machine; name it every time
  --max-rate N          the most calls a second that such a host may get (default: 5000)
  --max-users N         the most users against such a host (default: 2000)
  --max-duration N      the most seconds of load on such a host (default: 3600)

options of Locust's that fit (all of them: locust --help):
  -u N                  users, instead of the scenario's max_users
  --processes N         fork so many workers; -1 for one per core
  --master, --worker    workers on other hosts (docs/distributed.md)"""

WEB_PORT = 8089
RUN_COMMANDS = ("run", "duel", "calibrate")
"""Commands that hand on options which they do not know."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code. An error is one line and the way out, never a traceback."""
    options, rest = _parser().parse_known_args(sys.argv[1:] if arguments is None else arguments)
    if rest and options.command not in RUN_COMMANDS:
        _parser().error(f"{options.command} does not know {' '.join(rest)}")
    options.rest = rest
    try:
        code: int = options.action(options)
    except HarnessError as error:
        sys.stderr.write(f"jwtstorm: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return code


def reports_folder() -> Path:
    """Return where runs are kept: ``REPORTS``, else ``reports/``."""
    return Path(os.environ.get("REPORTS") or "reports")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jwtstorm",
        description="Chaos and load tests for JWT authentication over gRPC.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, action: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name, help=text, description=text, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        sub.set_defaults(action=action)
        return sub

    parser.add_argument("--version", action="version", version=f"jwtstorm {version('jwtstorm')}")
    run = command("run", _run, "Run a scenario; every option of Locust's may follow (-u, -t, --headless, --processes).")
    run.add_argument("name", nargs="?", default="", help="a scenario's name, or the path of its file")
    run.add_argument("--headless", action="store_true", help="no web page; HEADLESS=1 does the same")
    run.add_argument("--web-port", type=int, default=WEB_PORT, help="port of the web page (default: %(default)s)")
    run.epilog = f"{RUN_OPTIONS}\n\n{ad_hoc.described()}\n\n{EXIT_CODES}"
    command("list", _list, "List scenarios, faults and checks.")
    report = command("report", _report, "Make a run's report from its files, also after a crash.")
    report.add_argument("run", nargs="?", default="latest", help="a run's folder, a build label, or latest")
    compare = command("compare", _compare, "Compare two or more runs, or the latest runs of two builds.")
    compare.add_argument("runs", nargs="+", help="run folders or build labels; the first is the baseline")
    compare.add_argument("--out", type=Path, default=None, help="where the comparison is written")
    duel = command("duel", _duel, "Run pairs of two builds and say honestly which is better: one word, and how sure.")
    calibrate = command(
        "calibrate", _calibrate, "Measure how much runs of one build differ here, for hints of compare."
    )
    trend = command("trend", _trend, "Show a scenario over all builds, and where a metric moved for good.")
    from harness.experiments.duel.options import add_calibrate, add_duel, add_trend

    add_duel(duel, EXIT_CODES)
    add_calibrate(calibrate)
    add_trend(trend)
    policies = command(
        "policies", _policies, "Run a storm under each refresh policy, one after another, and draw them side by side."
    )
    _add_policies(policies)
    explain = command("explain", _explain, "Say why calls of a run failed, cause by cause.")
    explain.add_argument("run", nargs="?", default="latest", help="a run's folder, a build label, or latest")
    recover = command("recover", _recover, "Take back what a killed run left in force.")
    recover.add_argument("run", nargs="?", type=Path, help="a run's folder; without it, every run that left something")
    command("doctor", _doctor, "Say what is installed, which proxy would serve, and what is missing.")
    serve = command("serve", _serve, "Serve the lab's issuer and target, to try a client against; Ctrl-C ends them.")
    _add_serve(serve)
    probe = command("probe", _probe, "Ask a target what its verifier really does, and what it would let in.")
    from harness.probe.options import add_options

    add_options(probe)
    proxy = command("proxy", _proxy, "Serve the embedded Toxiproxy, for any client of its HTTP API.")
    _add_proxy(proxy)
    return parser


def _add_policies(policies: argparse.ArgumentParser) -> None:
    policies.add_argument("name", nargs="?", default="expiry-storm", help="a scenario's name (default: %(default)s)")
    policies.add_argument(
        "--policy", action="append", default=[], metavar="NAME", help="only this one, and others so named"
    )
    policies.add_argument(
        "--tries",
        type=int,
        default=2,
        metavar="N",
        help="how often to make a run that a busy machine spoilt (default: 2)",
    )


def _add_serve(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--zoo", action="append", default=[], metavar="NAME", help="a defect to let loose in the target")
    serve.add_argument("--algorithm", default="ES256", help="what the issuer signs with (default: %(default)s)")
    serve.add_argument("--write-key", type=Path, metavar="FILE", help="write the issuer's key, for jwtstorm probe")
    serve.add_argument("--snippet", choices=("python", "go", "java"), default="", help="print a client, too")


def _add_proxy(proxy: argparse.ArgumentParser) -> None:
    proxy.add_argument("--host", default="127.0.0.1", help="address of the HTTP API (default: %(default)s)")
    proxy.add_argument("--port", type=int, default=8474, help="port of the HTTP API (default: %(default)s)")
    proxy.add_argument("--config", type=Path, default=None, help="JSON file with proxies, as for /populate")
    proxy.add_argument("--seed", type=int, default=None, help="seed of the toxicity dice")
    proxy.add_argument("--strict-compat", action="store_true", help="behave as Toxiproxy 2.12 does, faults included")


def _run(options: argparse.Namespace) -> int:
    path = catalogue.find(options.name)
    catalogue.inspect(path, options.rest)
    headless = options.headless or os.environ.get("HEADLESS", "0") not in {"", "0"}
    rest: list[str] = [*options.rest, *_own_master_port(options.rest)]
    if "--worker" in rest:
        mode = []  # it has no page: the master has
    elif headless:
        mode = ["--headless", "--only-summary"]
    else:
        _require_free(options.web_port)
        mode = [
            "--web-port",
            str(options.web_port),
            *([] if "--master" in rest else ["--autostart"]),
        ]
        sys.stdout.write(f"the web page is at http://127.0.0.1:{options.web_port} (tab Storm); Ctrl-C ends the run\n")
        sys.stdout.flush()
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # a failed handshake is said once, not line by line by grpc's core
    os.execv(sys.executable, [sys.executable, "-m", "locust", "-f", str(path), *mode, *rest])  # noqa: S606 - Locust itself
    return 2


def _own_master_port(rest: Sequence[str]) -> list[str]:
    """Give forked workers a port of their own: two runs on one host would share Locust's."""
    words = {word.partition("=")[0] for word in rest}
    if "--processes" not in words or words & {"--master", "--worker", "--master-port", "--master-bind-port"}:
        return []
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    return ["--master-port", port, "--master-bind-port", port]


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"port {port} on 127.0.0.1 is taken ({error.strerror}); end what uses it, or give --web-port {port + 1}"
            ) from error


def _list(_: argparse.Namespace) -> int:
    from harness.cli.listing import listing

    sys.stdout.write(listing())
    return 0


def _report(options: argparse.Namespace) -> int:
    from harness.report import main as report

    return report([options.run])


def _compare(options: argparse.Namespace) -> int:
    from harness.report.versus import run_compare

    return run_compare(options.runs, reports_folder(), options.out)


def _duel(options: argparse.Namespace) -> int:
    from harness.experiments.duel.command import run_duel

    return run_duel(options, reports_folder())


def _calibrate(options: argparse.Namespace) -> int:
    from harness.experiments.calibrate import run_calibrate

    return run_calibrate(options, reports_folder())


def _trend(options: argparse.Namespace) -> int:
    from harness.experiments.trend import run_trend

    return run_trend(options, reports_folder())


def _policies(options: argparse.Namespace) -> int:
    from harness.experiments.policies import run_command

    return run_command(options.name, options.policy, reports_folder(), options.tries)


def _explain(options: argparse.Namespace) -> int:
    from harness.analysis.explain import run_explain

    return run_explain(options.run, reports_folder())


def _recover(options: argparse.Namespace) -> int:
    from harness.conductor.recover import recover, unfinished_runs

    runs = [options.run] if options.run else unfinished_runs(reports_folder())
    if not runs:
        sys.stdout.write("nothing to recover: every run took its faults back\n")
    left = 0
    for run in runs:
        result = recover(run)
        left += len(result.failed)
        if result.doubt:
            sys.stdout.write(f"{run.name}: {result.doubt}; nothing is applied before its line is whole\n")
        for mark, sentences in (("done", result.done), ("LEFT", result.failed)):
            sys.stdout.writelines(f"{run.name}: {mark}: {sentence}\n" for sentence in sentences)
        if not result.done and not result.failed:
            sys.stdout.write(f"{run.name}: nothing was left in force\n")
    return 3 if left else 0


def _doctor(_: argparse.Namespace) -> int:
    from harness.cli.doctor import examine

    findings = examine()
    sys.stdout.writelines(f"{finding.mark:<8}{finding.what:<22}{finding.text}\n" for finding in findings)
    return 3 if any(finding.mark == "missing" for finding in findings) else 0


def _serve(options: argparse.Namespace) -> int:
    from harness.lab.serving import serve

    return serve(options.zoo, options.algorithm, write_key=options.write_key, language=options.snippet)


def _probe(options: argparse.Namespace) -> int:
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what bad calls make grpc's core say is no news
    from harness.probe.command import run_probe

    return run_probe(options, reports_folder())


def _proxy(options: argparse.Namespace) -> int:
    from harness.lab.proxy import ProxySettings, serve

    serve(ProxySettings(options.host, options.port, options.config, options.seed, options.strict_compat))
    return 0
