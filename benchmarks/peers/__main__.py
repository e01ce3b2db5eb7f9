"""Measure other load generators and ours against one fast target: `python -m benchmarks.peers`.

Fifty calls in flight, a token of 600 bytes, one connection, generator and target on a core each.
The tools take turns in rounds, in an order that a seeded coin decides; the first round warms up.
"""

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.peers import tables, truth
from benchmarks.peers.arena import arena
from benchmarks.peers.bout import Score, play, present
from benchmarks.peers.tools import TOOLS, Load, Tool
from benchmarks.rig.estimate import SEED, turns
from harness.errors import RunError
from harness.proof.markers import write_between as write_between_marks

SPEED, TRUTH = "speed", "truth"
KNOWN_PER_S = 1500.0


@dataclass(frozen=True)
class Length:
    """How often and how long is measured."""

    rounds: int
    window_s: float
    truth_s: float


FULL, QUICK = Length(10, 3.0, 8.0), Length(3, 2.0, 6.0)


def main() -> int:
    """Measure, print, and write where that is asked for; return 1 where a bound is missed."""
    options = _options()
    chosen = [TOOLS[name] for name in options.tool or TOOLS]
    tools, absent = present(chosen)
    for why in absent:
        print(f"absent: {why}", file=sys.stderr)
    remarks = [f"- {tool.remark}" for tool in tools if tool.remark] + [f"- Absent: {why}." for why in absent]
    asked = {SPEED: (speed, ["", *remarks]), TRUTH: (told, [])}
    holds = []
    for part in options.only or asked:
        measure, after = asked[part]
        tables_of_it, good = measure(tools, options)
        text = "\n".join([_conditions(options, part), tables_of_it, *after])
        holds.append(good)
        print(text, flush=True)
        if options.write:
            write_between(options.write, part, text)
    return 0 if all(holds) else 1


def speed(tools: Sequence[type[Tool]], options: argparse.Namespace) -> tuple[str, bool]:
    """Return the tables of what a call costs, and whether every bound holds."""
    rounds = throughput(tools, options.length, options.seed)
    compared, good = tables.ratios(rounds)
    return "\n\n".join(["### As fast as it can", tables.throughput(rounds), compared]), good


def told(tools: Sequence[type[Tool]], options: argparse.Namespace) -> tuple[str, bool]:
    """Return the tables of how far latencies are from the truth, and whether every bound holds."""
    parts, good = known_delays(tools, KNOWN_PER_S, options)[0], True
    half_per_s = truth.half_load_per_s(truth.delays_s(options.seed))
    able = [tool for tool in tools if tool.at_half_load]
    if able:
        more, good = known_delays(able, half_per_s, options, ", half of what fifty callers can make")
        parts += more
    _tell("a stall")
    stall = truth.with_a_stall(tools, options.length.truth_s)
    parts += [f"### A stall of a second, at {truth.STALL_PER_S:,.0f} calls a second", tables.truths(stall)]
    return "\n\n".join(parts), good


def known_delays(
    tools: Sequence[type[Tool]], per_s: float, options: argparse.Namespace, remark: str = ""
) -> tuple[list[str], bool]:
    """Return what the tools say of known delays at a rate, and whether ours are near what the target's socket saw."""
    title = f"Known delays, at {per_s:,.0f} calls a second{remark}"
    _tell(title)
    found = truth.with_known_delays(tools, per_s, options.length.truth_s, options.seed)
    line, near = tables.nearness(found)
    return [f"### {title}", tables.truths(found), *filter(None, [line])], near


def throughput(tools: Sequence[type[Tool]], length: Length, seed: int) -> list[dict[str, Score]]:
    """Let the tools take turns; return what each made, round by round, without the first."""
    by_name = {tool.name: tool for tool in tools}
    played: list[dict[str, Score]] = []
    with arena() as (ground, target):
        for number, order in enumerate(turns(list(by_name), length.rounds + 1, seed)):
            _tell(f"round {number} of {length.rounds}: {', '.join(order)}")
            played.append({name: play(by_name[name](ground), target, Load(length.window_s)) for name in order})
    return played[1:]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="3 rounds of 2 s: shows that it works, proves nothing")
    parser.add_argument("--rounds", type=int, default=0, help="pairs of every two tools (default: 10)")
    parser.add_argument("--seed", type=int, default=SEED, help="decides every order (default: %(default)s)")
    parser.add_argument("--tool", action="append", choices=list(TOOLS), help="only this one, and others so named")
    parser.add_argument(
        "--only", action="append", choices=[SPEED, TRUTH], help="what a call costs, or how far off it is"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the tables between the marks in FILE")
    options = parser.parse_args()
    length = QUICK if options.quick else FULL
    options.length = replace(length, rounds=options.rounds) if options.rounds else length
    return options


def _conditions(options: argparse.Namespace, part: str) -> str:
    length: Length = options.length
    quick = " **Quick settings: this proves nothing.**" if options.quick else ""
    cores = (
        f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} at the end, Python {platform.python_version()}"
    )
    size = f"{length.rounds} rounds of {length.window_s:g} s" if part == SPEED else f"{length.truth_s:g} s of each tool"
    return f"{size}, seed {options.seed}; {cores}.{quick}\n"


def write_between(path: Path, part: str, text: str) -> None:
    """Write a part's tables between its marks in a page."""
    try:
        write_between_marks(path, f"<!-- {part}: begin -->", f"<!-- {part}: end -->", text)
    except RunError as error:
        raise SystemExit(str(error)) from error


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
