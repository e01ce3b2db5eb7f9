"""The real experiment: `python -m benchmarks.honesty real`: duels of the bundled target, by real runs, as they fell.

Each round makes one comparison of each kind: the target against itself, against itself with a handler
that takes a tenth longer, and against one that fails every hundredth call of a token. Each is eight
pairs, which is 16 runs of 10 s. Interrupt it at will: called again, it carries on where it was. What
fell is kept in `benchmarks/honesty/fell.ndjson`, one line a comparison, and goes with the source.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.honesty import fell
from benchmarks.honesty.comparisons import made, planned
from harness.proof.markers import write_between

BEGIN, END = "<!-- real: begin -->", "<!-- real: end -->"
FELL = Path(__file__).with_name("fell.ndjson")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.honesty real",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--each", type=int, default=10, metavar="N", help="comparisons of each kind (default: 10)")
    parser.add_argument("--seed", type=int, default=7, help="of the order and of every coin (default: 7)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="comparisons at a time (default: 1)")
    parser.add_argument("--folder", type=Path, default=Path("reports/honesty"), help="where the duels are kept")
    parser.add_argument("--fell", type=Path, default=FELL, help="where what fell is kept, and read again")
    parser.add_argument("--table", action="store_true", help="make no comparison, only the tables")
    parser.add_argument("--write", type=Path, default=None, metavar="FILE", help="put the tables between its marks")
    options = parser.parse_args(arguments)
    if not options.table:
        try:
            _make(options)
        except KeyboardInterrupt:
            sys.stderr.write("interrupted; the same command carries on\n")
            return 130
    rows = fell.read(options.fell)
    if not rows:
        parser.error(f"{options.fell} holds no comparison")
    text = fell.page(rows)
    if options.write:
        write_between(options.write, BEGIN, END, text)
    print(text)
    return 0


def _make(options: argparse.Namespace) -> None:
    """Make what is missing; SIGTERM is Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    kept = {(row["kind"], row["seed"]) for row in fell.read(options.fell)}
    waiting = [one for one in planned(options.each, options.seed, options.folder) if (one.kind, one.seed) not in kept]
    for one in made(waiting, options.jobs):
        row = fell.row_of(one)
        fell.keep(options.fell, row)
        sys.stderr.write(f"{row['ended_utc']} {one.name}: {row['word']}, {row['counted']} of {row['pairs']} pairs\n")
