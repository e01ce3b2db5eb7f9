"""The tables of `make peers`, in Markdown."""

from collections.abc import Callable, Mapping, Sequence

from benchmarks.peers.bout import Score
from benchmarks.peers.truth import NEAR_RATIO, NEAR_S, Told
from benchmarks.rig.estimate import Estimate, median
from benchmarks.rig.table import Bound

Round = Mapping[str, Score]
BOUNDS = {
    ("ours, native", "locust's example"): Bound(at_least=5.0),
    ("ours, declared", "ghz"): Bound(at_least=1.2),
    ("ours, declared", "k6"): Bound(at_least=4.0),
}
"""What the project promises of calls per CPU second: ours over a peer."""
NEAR = ("ours, native", "ours, declared")
"""Which of ours are to be near what the target's socket saw."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown, its columns in line."""
    whole = [header, *rows]
    widths = [max(len(row[column]) for row in whole) for column in range(len(header))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in whole
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def throughput(rounds: Sequence[Round]) -> str:
    """Return what each tool made, median over rounds with the sign test's interval."""

    def cells(name: str) -> list[str]:
        def over(of: Callable[[Score], float]) -> Estimate:
            return median([of(one[name]) for one in rounds])

        failed = sum(one[name].reading.failed for one in rounds)
        times = [over(lambda score: score.reading.p50_s), over(lambda score: score.reading.p99_s)]
        rates = [over(lambda score: score.per_cpu_s), over(lambda score: score.per_s)]
        return [name, *(_spread(one) for one in rates), *(_spread(one, 1e3, 2) for one in times), f"{failed:,}"]

    header = ("tool", "calls per CPU second", "calls per second", "p50, ms", "p99, ms", "failed")
    names = sorted(rounds[0], key=lambda name: -median([one[name].per_cpu_s for one in rounds]).value)
    return table(header, [cells(name) for name in names])


def ratios(rounds: Sequence[Round]) -> tuple[str, bool]:
    """Return ours over each peer, median over the rounds' own ratios; and whether every bound holds."""
    ours = [name for name in rounds[0] if name.startswith("ours")]
    rows, good = [], True
    for mine in ours:
        for other in rounds[0]:
            if other in ours and other >= mine:
                continue
            ratio = median([one[mine].per_cpu_s / one[other].per_cpu_s for one in rounds])
            bound = BOUNDS.get((mine, other))
            holds = bound is None or bound.holds(ratio)
            good &= holds
            verdict = "" if bound is None else "yes" if holds else "**no**"
            rows.append([f"{mine} / {other}", _spread(ratio, 1, 2), str(bound or ""), verdict])
    return table(("calls per CPU second", "ratio", "bound", "holds"), rows), good


def truths(found: Sequence[Told]) -> str:
    """Return what each tool said and how far that is from the truth; and from what its socket saw, if known."""
    above = any(one.socket_s for one in found)
    columns = ("off", "above its socket") if above else ("off",)

    def cells(one: Told, place: int) -> list[str]:
        offs_s = [one.off_s, one.above_s] if above else [one.off_s]
        return [f"{one.said_s[place] * 1e3:,.2f}", *(f"{off[place] * 1e3:+.2f} ms" if off else "" for off in offs_s)]

    header = ("tool", "p50, ms", *columns, "p99, ms", *columns, "calls", "failed")
    p50, p99 = ((f"{value * 1e3:,.2f}", *("" for _ in columns)) for value in found[0].truth_s)
    rows = [[one.tool, *cells(one, 0), *cells(one, 1), f"{one.calls:,}", f"{one.failed:,}"] for one in found]
    return table(header, [["**the truth**", *p50, *p99, "", ""], *rows])


def nearness(found: Sequence[Told]) -> tuple[str, bool]:
    """Return which of ours are as near as is promised to what the socket saw, in a line; and whether all are."""
    ours = [one for one in found if one.tool in NEAR]
    verdicts = "; ".join(f"{one.tool} {'yes' if one.near else '**no**'}" for one in ours)
    limit = f"Within {NEAR_RATIO:.0%} or {NEAR_S * 1e3:g} ms of what its socket saw, p50 and p99".replace("%", " %")
    return f"{limit}: {verdicts}." if ours else "", all(one.near for one in ours)


def _spread(one: Estimate, times: float = 1.0, digits: int = 0) -> str:
    low, high = (f"{end * times:,.{digits}f}" for end in (one.low, one.high))
    return f"{one.value * times:,.{digits}f} ({low} to {high})"
