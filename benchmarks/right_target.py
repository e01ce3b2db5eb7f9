"""Tell whether the right target passes under every fault, with a steady limit of 0.1 %.

Each fault meets the lab's own target and clients in real runs of 20 s, five times; a run that fails is a false alarm of
ours. One that is invalid, as on a busy machine, is made again, and counts as no pass where three in a row are. All
faults take an hour and a half; name some to try these alone. Those that the registry has and this table lacks are told.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.rig.estimate import exact
from benchmarks.rig.runs import started
from benchmarks.rig.table import Bound, Line, show
from harness.faults.fault import FAULTS
from harness.results.summary import Summary, read_summary

TARGET = {"link": "target"}
SETTINGS: dict[str, Mapping[str, Any]] = {
    "bandwidth": {**TARGET, "kb_per_s": 200},
    "blackhole": TARGET,
    "client_clock_drift": {"rate_ppm": 500.0},
    "client_clock_skew": {"skew_s": -1.0},
    "clock_drift": {"of": "verifier", "rate_ppm": 100_000.0},
    "clock_skew": {"of": "issuer", "skew_s": 1.0},
    "connection_churn": {**TARGET, "every_s": 1.0},
    "defect_mix": {},
    "down": TARGET,
    "early_expiry": {"life_s": 10.0},
    "expire_all": {},
    "force_refresh": {},
    "issuer_down": {},
    "issuer_errors": {"status": 503},
    "issuer_rate_limit": {"per_s": 20},
    "issuer_slow": {"delay_s": 1.0},
    "jwks_down": {},
    "jwks_empty": {},
    "jwks_slow": {"delay_s": 0.5},
    "latency": {**TARGET, "delay_s": 0.2},
    "limit_data": {**TARGET, "limit_bytes": 20_000},
    "pause_target": {},
    "publish_key": {},
    "refresh_off": {},
    "reset_peer": TARGET,
    "restart_target": {},
    "retire_key": {},
    "revoke_all": {},
    "rotate_keys": {"overlap": False},
    "run_command": {"command": ["true"], "undo_command": ["true"]},
    "same_token_again": {},
    "slicer": {**TARGET, "piece_bytes": 50, "pause_s": 0.001},
    "slow_close": {**TARGET, "delay_s": 0.5},
    "strange_key": {},
    "token_bloat": {"size_bytes": 3_000},
    "token_defect": {"row": "SIGN-12"},
    "unknown_kid_flood": {},
}
QUICK = ("restart_target", "pause_target", "down", "expire_all")


TRIES = 3


def ask(fault: str) -> Summary:
    """Return the summary of a run with a fault; an invalid one is made again, two times more."""
    found = one_run(fault)
    for _ in range(TRIES - 1):
        if found.verdict.word != "invalid":
            break
        found = one_run(fault)
    return found


def one_run(fault: str) -> Summary:
    """Make one run with a fault, and return its summary."""
    with started("one_fault_ours", {"FAULT": fault, "SETTINGS": json.dumps(SETTINGS[fault])}) as running:
        running.finished()
        folder = running.folder()
        assert folder is not None
        return read_summary(folder)


def lines(faults: list[str], times: int) -> Iterator[Line]:
    """Yield a line for each fault: how many of its runs passed; what the others said goes to standard error."""
    for fault in faults:
        runs = [ask(fault) for _ in range(times)]
        others = [run.verdict for run in runs if run.verdict.word != "passed"]
        for verdict in others:
            print(f"{fault}: {verdict.word}: {' '.join(verdict.reasons)}", file=sys.stderr, flush=True)
        bound = Bound(at_least=times)
        yield Line(f"{fault}: passed of {times}", exact(times - len(others)), digits=0, bound=bound)


def main() -> int:
    """Print the table; 0 where every run passed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="default: all")
    parser.add_argument("--times", type=int, default=5, help="runs of each (5)")
    parser.add_argument("--quick", action="store_true", help="four faults, once each")
    options = parser.parse_args()
    if unknown := set(options.faults) - SETTINGS.keys():
        parser.error(f"no fault {', '.join(sorted(unknown))}; there are {', '.join(SETTINGS)}")
    if left := set(FAULTS) - SETTINGS.keys():
        print(f"not in the table: {', '.join(sorted(left))}", file=sys.stderr)
    faults = options.faults or list(QUICK if options.quick else SETTINGS)
    return show(list(lines(faults, 1 if options.quick else options.times)))


if __name__ == "__main__":
    sys.exit(main())
