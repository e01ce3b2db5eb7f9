"""What fell: one line a comparison in a file, and the tables that are made of it, misses included."""

import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.honesty.acceptance import upper_bound
from benchmarks.honesty.comparisons import KINDS, Comparison
from harness.comparison.statistics.verdict import BETTER, NOT_COMPARABLE, SAME, TOO_NOISY, WORSE
from harness.formatting import signed

WORDS = (WORSE, BETTER, SAME, TOO_NOISY, NOT_COMPARABLE)
TRUTH = {"A/A": SAME, "p99 +10 %": WORSE, "failed +1 point": WORSE}
MARKS = {WORSE: "worse", BETTER: "better", SAME: "same", TOO_NOISY: "noisy"}

NOT_JUDGED = ("not judged", "its runs may not be compared")
"""How the reason of a good pair begins in a comparison that was given up."""

Row = Mapping[str, Any]


def row_of(one: Comparison) -> dict[str, Any]:
    """Return what is kept of a comparison that came to its end."""
    found = one.settled
    if found is None:
        raise SystemExit(f"{one.name}: it left no {one.duel}/comparison.json")
    return {
        "kind": one.kind,
        "number": one.number,
        "seed": one.seed,
        "started_utc": found["started_utc"],
        "ended_utc": found["ended_utc"],
        "nice": os.nice(0),
        "load_average": round(os.getloadavg()[1], 1),
        "host": {name: found["comparable"].get("host", {}).get(name) for name in ("cpu", "cores")},
        "version": found["versions"].get("jwtstorm", ""),
        "fingerprint": found["comparable"].get("fingerprint", ""),
        "word": found["word"],
        "reasons": [_plain(text) for text in found["reasons"]],
        "counted": sum(pair["state"] == "counted" for pair in found["pairs"]),
        "pairs": len(found["pairs"]),
        "aside": [_plain(pair["why"]) for pair in found["pairs"] if pair["state"] == "set aside"],
        "findings": {finding["metric"]: _finding(finding) for finding in found["findings"]},
        "new_causes": {cause["cause"]: sum(cause["new"]) for cause in found["causes"] if cause["standing"] == "new"},
    }


def _finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    interval = finding["interval"] or {"low": None, "high": None}
    names = ("scale", "word", "middle", "differences")
    return {**{name: finding[name] for name in names}, "low": interval["low"], "high": interval["high"]}


def _plain(text: str) -> str:
    """Return a reason without the label of its run and without paths of the machine."""
    return re.sub(r"\S*/\S+", "…", re.sub(r"\b(base|new)-\S+ \S+: ", r"\1: ", text))


def read(file: Path) -> list[dict[str, Any]]:
    """Return all comparisons that fell so far."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def keep(file: Path, row: Row) -> None:
    """Append one comparison."""
    with file.open("a", encoding="utf-8") as rows:
        rows.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def page(rows: Sequence[Row]) -> str:
    """Return all tables, as Markdown."""
    rows = sorted(rows, key=lambda row: (list(KINDS).index(row["kind"]), row["started_utc"]))
    return "\n\n".join([_where(rows), _rates(rows), _by_metric(rows), _each(rows), _aside(rows)])


def _where(rows: Sequence[Row]) -> str:
    hosts = Counter(f"{row['host']['cores']} cores of {row['host']['cpu']}" for row in rows if row["host"]["cpu"])
    loads = [row["load_average"] for row in rows]
    days = sorted(row["started_utc"][:10] for row in rows)
    span = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    return (
        f"{len(rows)} comparisons of {max(row['pairs'] for row in rows)} pairs, {span}, {' and '.join(hosts)}, "
        f"load average {min(loads):g} to {max(loads):g}, at nice {rows[-1]['nice']}."
    )


def _rates(rows: Sequence[Row]) -> str:
    lines: list[Sequence[str]] = [("comparison", *WORDS, "what it shows")]
    for kind in KINDS:
        mine = [row for row in rows if row["kind"] == kind]
        counts = Counter(row["word"] for row in mine)
        lines.append((f"{kind} ({len(mine)})", *(str(counts[word]) for word in WORDS), _shown(kind, mine)))
    return _table(lines)


def _shown(kind: str, rows: Sequence[Row]) -> str:
    judged = [row for row in rows if row["word"] != NOT_COMPARABLE]
    if not judged:
        return "none could be judged"
    if TRUTH[kind] == SAME:
        alarms = sum(row["word"] in (WORSE, BETTER) for row in judged)
        return f"false alarms: {alarms} of {len(judged)} (at most {upper_bound(alarms, len(judged)):.0%})"
    found = sum(row["word"] == WORSE for row in judged)
    return f"found: {found} of {len(judged)} (at least {1 - upper_bound(len(judged) - found, len(judged)):.0%})"


def _by_metric(rows: Sequence[Row]) -> str:
    metrics = list(dict.fromkeys(metric for row in rows for metric in row["findings"]))
    lines: list[Sequence[str]] = [("words by metric: worse, better, same, too noisy", *metrics)]
    for kind in KINDS:
        mine = [row["findings"] for row in rows if row["kind"] == kind and row["word"] != NOT_COMPARABLE]
        counts = [Counter(one[metric]["word"] for one in mine if metric in one) for metric in metrics]
        lines.append((kind, *(", ".join(str(count[word]) for word in WORDS[:4]) for count in counts)))
        lines.append((f"{kind}, sd of a pair's difference", *(_spread(mine, metric) for metric in metrics)))
    return _table(lines)


def _spread(found: Iterable[Mapping[str, Any]], metric: str) -> str:
    """Return how much the pairs of one comparison differ, in the middle of all comparisons."""
    spreads, scale = [], "log"
    for one in found:
        if metric in one:
            known = [value for value in one[metric]["differences"] if value is not None]
            scale = one[metric]["scale"]
            if len(known) > 1:
                mean = sum(known) / len(known)
                spreads.append(math.sqrt(sum((value - mean) ** 2 for value in known) / (len(known) - 1)))
    if not spreads:
        return "-"
    return f"{sorted(spreads)[len(spreads) // 2] * 100:.2g} {'%' if scale == 'log' else 'points'}"


def _each(rows: Sequence[Row]) -> str:
    metrics = list(dict.fromkeys(metric for row in rows for metric in row["findings"]))
    lines: list[Sequence[str]] = [("as they fell", "word", "pairs", *metrics)]
    for row in rows:
        told = [_interval(row["findings"].get(metric)) for metric in metrics]
        lines.append((f"{row['kind']}, {row['number']}", row["word"], f"{row['counted']} of {row['pairs']}", *told))
    return _table(lines)


def _interval(finding: Mapping[str, Any] | None) -> str:
    if finding is None or finding["low"] is None:
        return "-"
    low, high = (_change(finding["scale"], finding[end]) for end in ("low", "high"))
    unit = "%" if finding["scale"] == "log" else "points"
    return f"{MARKS[finding['word']]}, {low} to {high} {unit}"


def _change(scale: str, value: float) -> str:
    return signed((math.expm1(value) if scale == "log" else value) * 100)


def _aside(rows: Sequence[Row]) -> str:
    pairs = sum(row["counted"] + len(row["aside"]) for row in rows)
    reasons = [reason for row in rows for reason in row["aside"]]
    given_up = sum(reason.startswith(NOT_JUDGED) for reason in reasons)
    why = Counter(_kind(reason) for reason in reasons if not reason.startswith(NOT_JUDGED))
    refused = [f"{row['kind']}, {row['number']}: {row['reasons'][0]}" for row in rows if row["reasons"]]
    told = [f"Of {pairs} pairs {sum(why.values())} could not be used{':' if why else '.'}"]
    told += [f"- {count} times: {reason}" for reason, count in why.most_common()]
    if given_up:
        told.append(f"\n{given_up} more were good and not judged, for too many of the same comparison were not.")
    if refused:
        told += ["", "Not comparable:", *(f"- {one}" for one in refused)]
    return "\n".join(told)


def _kind(reason: str) -> str:
    """Return a reason without what differs from run to run: which build, which worker, how much."""
    first = reason.removeprefix("base: ").removeprefix("new: ").partition(";")[0]
    return re.sub(r"(?<![\dp.])\d[\d.,]*( m?s\b)?", lambda found: "some time" if found[1] else "N", first)


def _table(lines: Sequence[Sequence[str]]) -> str:
    rows = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([rows[0], "|" + "---|" * len(lines[0]), *rows[1:]])
