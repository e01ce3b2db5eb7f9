"""Is the verdict honest? `python -m benchmarks.honesty [--quick]`: prints the table of docs/honesty.md.

`python -m benchmarks.honesty real` asks the same by real runs (`benchmarks.honesty.real`).

Exit 0 where every bound holds, and every negative control fails as it must; else 1.
"""

import argparse
import sys
import time
from collections.abc import Sequence

from benchmarks.honesty import real
from benchmarks.honesty.acceptance import QUESTIONS, Line, Size

HEADER = ("", "simulated comparisons", "measured", "bound", "holds")


def show(lines: Sequence[Line]) -> None:
    """Print a Markdown table."""
    rows = [HEADER, *((one.question, one.what, one.value, one.bound, _mark(one)) for one in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    for place, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        if place == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def _mark(line: Line) -> str:
    if not line.bound:
        return ""
    return "yes" if line.holds else "**no**"


def main() -> int:
    if sys.argv[1:2] == ["real"]:
        return real.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m benchmarks.honesty", description="Prove the verdict honest.")
    parser.add_argument("--quick", action="store_true", help="300 trials a line: shows that it works, proves nothing")
    parser.add_argument("--seed", type=int, default=7, help="seed of all dice (default: %(default)s)")
    options = parser.parse_args()
    size = Size(300, 300, options.seed) if options.quick else Size(seed=options.seed)
    began = time.monotonic()
    lines: list[Line] = []
    for question in QUESTIONS:
        sys.stderr.write(f"{(question.__doc__ or '').splitlines()[0]}\n")
        lines += question(size)
    show(lines)
    missed = [line for line in lines if not line.holds]
    print(f"\n{size.trials} trials a line, seed {size.seed}, {time.monotonic() - began:.0f} s.")
    print(
        f"Missed: {'; '.join(f'{line.question} {line.what}' for line in missed)}." if missed else "Every bound holds."
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
