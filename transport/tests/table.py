"""Table: what each hostile peer makes of a call, on each transport: ``python -m transport.tests.table``.

It faces every case anew and prints Markdown; with ``--write FILE`` the table goes between that file's
marks. The exit code is 1 where a code is not the one that the case names.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from transport.tests.calling import GRPCIO, NATIVE
from transport.tests.client import NOT_BUILT, Client, ClientError, native_is_built
from transport.tests.hostile import CRASH, Case, cases

BEGIN, END = "<!-- python -m transport.tests.table -->", "<!-- end of the table -->"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m transport.tests.table", description=__doc__)
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help=f"put the table into FILE, between {BEGIN} and {END}"
    )
    parser.add_argument("--differing", action="store_true", help="only the cases that the transports do not agree on")
    options = parser.parse_args()
    write: Path | None = options.write
    transports = [GRPCIO, NATIVE] if native_is_built() else [GRPCIO]
    if NATIVE not in transports:
        print(NOT_BUILT, file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        seen = {transport: _faced(transport, Path(folder) / "log") for transport in transports}
    text = "\n".join(_lines(seen, whole=not options.differing))
    if write is None:
        print(text)
    else:
        head, _, rest = write.read_text().partition(BEGIN)
        write.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{rest.partition(END)[2]}")
    return int(any(code not in case.expected(native=transport == NATIVE) for transport, case, code in _all(seen)))


def _faced(transport: str, log: Path) -> dict[str, str]:
    client = Client(transport, log)
    codes = {}
    for name, case in cases().items():
        try:
            codes[name] = case.face(client).code
        except ClientError:
            codes[name] = CRASH
            client = Client(transport, log)
    client.stop()
    return codes


def _all(seen: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, Case, str]]:
    known = cases()
    for transport, codes in seen.items():
        for name, code in codes.items():
            yield transport, known[name], code


def _lines(seen: Mapping[str, Mapping[str, str]], *, whole: bool) -> Iterator[str]:
    """Yield the table's lines: all cases, or those of which the transports say otherwise."""
    yield f"| hostile server | {' | '.join(seen)} | why they differ |"
    yield "|---|" + "---|" * (len(seen) + 1)
    differing = 0
    for name, case in cases().items():
        codes = [codes[name] for codes in seen.values()]
        differs = len(set(codes)) > 1
        differing += differs
        if differs or whole:
            yield f"| {name} | {' | '.join(codes)} | {case.differs.why if differs and case.differs else ''} |"
    yield f"\n{len(cases())} hostile servers; {differing} of them end a call with another code on another transport."


if __name__ == "__main__":
    sys.exit(main())
