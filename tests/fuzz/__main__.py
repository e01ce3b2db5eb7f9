"""Fuzz all readers: ``python -m tests.fuzz [--inputs 100000] [--seed 1] [--only NAME]``; exit 1 if one misbehaves."""

import argparse
import sys

from tests.fuzz import load
from tests.fuzz.course import MOST_TOLD, Course, run


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="of all readers together (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="TEXT", help="readers whose name holds this")
    options = parser.parse_args(arguments)
    readers = [reader for name, reader in sorted(load().items()) if options.only in name]
    if not readers:
        parser.error(f"no reader is called like {options.only!r}")
    share = -(-options.inputs // len(readers))
    courses = []
    for reader in readers:
        courses.append(run(reader, share, options.seed))
        tell(courses[-1])
    total, wrong = sum(course.inputs for course in courses), sum(len(course.complaints) for course in courses)
    took_s = sum(course.took_s for course in courses)
    sys.stdout.write(f"{total:,} inputs, {len(readers)} readers, {took_s:.0f} s: {wrong} complaints\n")
    return int(wrong > 0)


def tell(course: Course) -> None:
    slowest_ms = course.slowest_s * 1e3
    sys.stdout.write(f"{course.reader.name:32} {course.inputs:7,} inputs, slowest {slowest_ms:6.0f} ms\n")
    for found, given in list(course.complaints.items())[:MOST_TOLD]:
        sys.stdout.write(f"    {found}\n    of {given!r:.300}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
