"""The docs page of the catalogue: ``python -m harness.defects.page`` writes ``docs/defects.md``."""

import sys
from collections.abc import Sequence
from pathlib import Path

from harness.defects import FAMILIES, Defect, rows
from harness.defects.good import Good

PAGE = Path(__file__).parents[2] / "docs" / "defects.md"

_SAMPLE = Good.of("ES256", "https://issuer.example", "ledger", 1_800_000_000.0)
_HEAD = """\
# What goes wrong with a JWT over gRPC

Made from the catalogue by `python -m harness.defects.page`; do not edit. {count} defects of tokens, metadata,
wiring, keys and life-cycles: what each looks like on the wire, what a correct server answers, how real ones fail,
and how to fix it. `python -m harness.proof` runs them all against the lab's own target, and
`python -m harness.proof.mutation` against servers and clients that are wrong on purpose.

Unless a row says otherwise, the right answer is `UNAUTHENTICATED`, within the usual latency: the handler has not run,
the text holds no token, key, clock or stack, and the next good call on the same channel succeeds. Never right for a
bad token: `OK`; `UNKNOWN` and `INTERNAL` (the verifier crashed); `UNAVAILABLE` (clients retry it by themselves);
`DEADLINE_EXCEEDED`; `UNIMPLEMENTED`. *Local* marks what gRPC clients refuse to send, so that it goes over raw HTTP/2.

| family | defects | pitfall |
|---|---|---|
"""


def page() -> str:
    """Return the page's text."""
    listed = rows()
    lines = [_HEAD.format(count=len(listed)).rstrip("\n")]
    for family, (name, pitfall) in FAMILIES.items():
        count = sum(row.family == family for row in listed)
        lines.append(f"| [{family}](#{family.lower()}-{name}) {name} | {count} | {pitfall} |")
    for family, (name, _) in FAMILIES.items():
        lines += ["", f"## {family}: {name}"]
        for row in listed:
            if row.family == family:
                lines += _section(row)
    return "\n".join(lines) + "\n"


def _section(row: Defect) -> list[str]:
    told = [f"- On the wire: {row.wire}{_wire_note(row)}", f"- Right: {_right(row)}"]
    told += [f"- Allowed: `{one.code}`{_when(one.when)}{_of(one.variants)}: {one.why}." for one in row.allowed]
    told += [f"- How real ones fail: {row.fails}", f"- Fix: {row.fix}", f"- Source: {row.source}."]
    if row.later:
        told.append(f"- Not run yet: {row.later}")
    return ["", f"### {row.id}: {row.name}", "", *told]


def _right(row: Defect) -> str:
    if row.subject == "client":
        return "every call succeeds, by as few attempts and fetches as can be; tried on the client, in simulated time."
    return f"`{row.expected}`."


def _when(policy: str) -> str:
    return f" where the server declares *{policy}*" if policy else ""


def _wire_note(row: Defect) -> str:
    local = {specimen.local for specimen in row.specimens(_SAMPLE)}
    return {(True,): " *Local.*", (False, True): " *In part local.*"}.get(tuple(sorted(local)), "")


def _of(variants: Sequence[str]) -> str:
    return f" to *{' or '.join(variants)}*" if variants else ""


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
