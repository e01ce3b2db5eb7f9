"""Finding: from a ledger and the runs' folders to the result of a duel."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness import clock
from harness.comparison.result import (
    NOT_JUDGED,
    AsideOfDuel,
    BuildOfDuel,
    CauseOfDuel,
    Duel,
    FindingOfDuel,
    PairOfDuel,
    Side,
    Span,
)
from harness.comparison.statistics.assess import Assessment, PairedRuns, assess
from harness.comparison.statistics.interval import Interval
from harness.comparison.statistics.looks import Look
from harness.comparison.statistics.metric import Metric
from harness.comparison.statistics.pairs import Pair
from harness.comparison.statistics.verdict import NOT_COMPARABLE, not_comparable
from harness.errors import RecordError
from harness.experiments.duel.ledger import DuelLedger
from harness.formatting import plural
from harness.results.run import read_run

INTERRUPTED = 130


def labels(slugs: Mapping[Side, str]) -> dict[Side, str]:
    """Return the labels of both builds' runs; two builds that are alike still have two."""
    return {side: f"{side}-{slugs[side]}" for side in ("base", "new")}


def assess_at(folder: Path, ledger: DuelLedger, look: Look) -> Assessment:
    """Return what the first pairs say, as many as the look wants."""
    paired = [
        PairedRuns(pair.number, pair.order, _under(folder, pair.base), _under(folder, pair.new), pair.why)
        for pair in ledger.pairs[: look.pairs]
        if pair.closed
    ]
    return assess(paired, look)


def find(folder: Path, ledger: DuelLedger, slugs: Mapping[Side, str]) -> Duel:
    """Return the result of a duel that has ended, by plan or before it.

    A duel that was cut is not judged: a look that was not planned would raise the false alarms.
    """
    taken = [look for look in ledger.looks if look.word is not None]
    look = Look((taken or ledger.looks)[-1].pairs, (taken or ledger.looks)[-1].alpha)
    found = assess_at(folder, ledger, look) if taken else Assessment(not_comparable(look, _why_not(ledger)))
    named = labels(slugs)
    run = _any_run(folder, ledger)
    comparable = dict(run.get("comparable") or {})
    return Duel(
        scenario=ledger.scenario,
        base=BuildOfDuel(ledger.base, named["base"]),
        new=BuildOfDuel(ledger.new, named["new"]),
        seed=ledger.seed,
        plan=ledger.plan.name,
        looks=ledger.looks,
        started_utc=ledger.started_utc,
        ended_utc=clock.utc_now().isoformat(timespec="seconds"),
        state=ledger.state,  # type: ignore[arg-type]  # `running` never comes here
        pairs=tuple(_pairs(ledger, found)),
        word=found.verdict.word,
        exit_code=INTERRUPTED if ledger.state == "interrupted" else found.verdict.exit_code,
        reasons=found.verdict.reasons,
        remarks=tuple(_remarks(ledger)),
        findings=tuple(_findings(found)),
        asides=tuple(_asides(found)),
        causes=tuple(_causes(found)),
        matters=dict(comparable.get("matters") or {}),
        comparable=comparable,
        versions={name: str(value) for name, value in (run.get("versions") or {}).items()},
    )


def _why_not(ledger: DuelLedger) -> list[str]:
    done = f"{ledger.closed} of {ledger.plan.pairs} planned pairs were made"
    aside = [f"pair {pair.number}: {pair.why}" for pair in ledger.pairs if pair.closed and pair.why]
    if ledger.state == "interrupted":
        return [f"interrupted: {done}, and no look was due", *aside]
    return [f"given up: {plural(len(aside), 'pair')} cannot be used, so that the rest could decide nothing", *aside]


def _pairs(ledger: DuelLedger, found: Assessment) -> list[PairOfDuel]:
    counted = {pair.number for pair in found.pairs}
    reasons = dict(text.removeprefix("pair ").split(": ", 1) for text in found.verdict.set_aside)
    return [
        PairOfDuel(
            number=pair.number,
            order=pair.order,
            state="counted" if pair.number in counted else "set aside" if pair.closed else "not made",
            why=""
            if pair.number in counted
            else pair.why or reasons.get(str(pair.number), _unjudged(ledger, found, closed=pair.closed)),
            base=pair.base,
            new=pair.new,
        )
        for pair in ledger.pairs
    ]


def _unjudged(ledger: DuelLedger, found: Assessment, *, closed: bool) -> str:
    if not closed:
        return ""
    if all(look.word is None for look in ledger.looks):
        ended = "interrupted" if ledger.state == "interrupted" else "given up"
        return f"{NOT_JUDGED}: the duel was {ended} before a look"
    return "its runs may not be compared" if found.verdict.word == NOT_COMPARABLE else "made after the last look"


def _remarks(ledger: DuelLedger) -> list[str]:
    asked = {"base": ledger.base, "new": ledger.new}
    remarks = list(ledger.settings.get("remarks", ()))
    remarks += [f"{asked[side]} is commit {commit}" for side, commit in ledger.commits.items()]
    cut = sum(len(pair.dropped) for pair in ledger.pairs)
    return remarks + ([f"{cut} runs were cut or set aside, and made anew; they lie beside the others"] if cut else [])


def _findings(found: Assessment) -> list[FindingOfDuel]:
    return [
        FindingOfDuel(
            **_metric(one.metric, found.pairs, "values"),
            differences=one.differences,
            middle=one.middle,
            interval=_span(one.interval),
            word=one.word,
            sentence=one.sentence(),
            smallest=one.smallest,
            pairs_needed=one.pairs_needed,
            remark=one.remark,
        )
        for one in found.verdict.findings
    ]


def _asides(found: Assessment) -> list[AsideOfDuel]:
    return [
        AsideOfDuel(
            **_metric(one.metric, found.pairs, "secondary"),
            differences=one.differences,
            middle=_mean(one.differences),
            interval=_span(one.interval),
            worth_a_look=one.worth_a_look,
        )
        for one in found.asides
    ]


def _causes(found: Assessment) -> list[CauseOfDuel]:
    return [
        CauseOfDuel(one.cause, one.standing, one.sentence(), one.base, one.new, one.differences, _span(one.interval))
        for one in found.causes
    ]


def _metric(metric: Metric, pairs: Sequence[Pair], values: str) -> dict[str, Any]:
    return {
        "metric": str(metric),
        "name": metric.name,
        "phase": metric.phase,
        "scale": metric.scale,
        "unit": metric.unit,
        "higher_is_better": metric.higher_is_better,
        "base": tuple(getattr(pair.base, values).get(metric) for pair in pairs),
        "new": tuple(getattr(pair.new, values).get(metric) for pair in pairs),
    }


def _mean(differences: Sequence[float | None]) -> float | None:
    known = [one for one in differences if one is not None]
    return sum(known) / len(known) if known else None


def _span(interval: Interval | None) -> Span | None:
    return None if interval is None else Span(interval.low, interval.high, interval.level)


def _under(folder: Path, run: str | None) -> Path | None:
    return None if run is None else folder / run


def _any_run(folder: Path, ledger: DuelLedger) -> Mapping[str, Any]:
    """Return ``run.json`` of a run that was made, for what all of them share."""
    for pair in ledger.pairs:
        for run in (pair.base, pair.new):
            if run and not pair.why:
                try:
                    return read_run(folder / run).data
                except (RecordError, json.JSONDecodeError):
                    continue
    return {}
