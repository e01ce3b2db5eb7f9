"""Why a run went as it did, in sentences that a newcomer understands."""

from collections.abc import Iterator

from harness.formatting import cause_words, duration, number, percent, plural
from harness.results.summary import Summary

CAUSES_TOLD = 3

VERDICTS = {
    "passed": "Every check passed.",
    "unjudged": "The scenario has no checks: the run is valid, and nothing was judged.",
    "failed": "The target did not do what the scenario asks for.",
    "invalid": "This run cannot answer the scenario's question.",
    "interrupted": "The run was stopped before its planned end.",
}


def why(summary: Summary) -> list[str]:
    """Return what happened, the most important first."""
    return [
        *_failures(summary),
        *_slowness(summary),
        *_closed(summary),
        *_recoveries(summary),
        *_keys(summary),
        *_refreshes(summary),
    ]


def _failures(summary: Summary) -> Iterator[str]:
    whole = summary.cell("all")
    if not whole.calls:
        yield "No call was due after the warm-up, so there is nothing to judge."
        return
    if not whole.failed:
        yield f"All {plural(whole.calls, 'call')} succeeded."
        return
    yield f"{number(whole.failed)} of {plural(whole.calls, 'call')} failed ({percent(whole.failure_ratio)})."
    for cause, count in list(whole.causes.items())[:CAUSES_TOLD]:
        words = cause_words(cause)
        where = _where(summary, cause, count)
        yield f"{number(count)} times: {words.label} — {words.meaning}{where}. What helps: {words.advice}."


def _where(summary: Summary, cause: str, count: int) -> str:
    """Say in which single phase most failures of a cause fell, where there is one."""
    for phase in summary.phases:
        if phase.kind in ("window", "recovery", "steady"):
            inside = summary.cell(phase.name).causes.get(cause, 0)
            if inside * 10 >= count * 9:
                share = "all" if inside == count else "nearly all"
                name = "in steady state" if phase.kind == "steady" else f"{_kind(phase.kind)} {phase.step}"
                return f", {share} of them {name}"
    return ""


def _kind(kind: str) -> str:
    return "during" if kind == "window" else "in the recovery after"


def _slowness(summary: Summary) -> Iterator[str]:
    steady, whole = summary.cell("steady").response_ok, summary.cell("all").response_ok
    if steady.p50_s is not None and steady.p99_s is not None:
        slower = ""
        if whole.p99_s is not None and whole.p99_s > 1.5 * steady.p99_s:
            slower = f"; with the faults, the slowest hundredth took over {duration(whole.p99_s)}"
        yield (
            f"Outside the faults a successful call took {duration(steady.p50_s)} (median), "
            f"and one in a hundred over {duration(steady.p99_s)}{slower}."
        )


def _closed(summary: Summary) -> Iterator[str]:
    if summary.health.planned is None and summary.cell("all").calls:
        yield (
            "The load was closed: each user waited for its answer before it called again, so while the target stalled "
            "fewer calls were due, and the times above hide part of the stall (coordinated omission)."
        )


def _recoveries(summary: Summary) -> Iterator[str]:
    for step in summary.steps:
        if step.from_s is None:
            continue
        since = "it" if step.instant else "its end"
        if step.recovery_s is None:
            yield f"After {step.step} ({step.text}) calls were not seen to be good again: {step.recovery_reason}."
        elif step.recovery_s == 0:
            yield f"{step.step} ({step.text}): calls were good at once after {since}."
        else:
            also = f" ({step.recovery_reason})" if step.recovery_reason else ""
            yield f"{step.step} ({step.text}): calls were good again {duration(step.recovery_s)} after {since}{also}."


def _keys(summary: Summary) -> Iterator[str]:
    """Say when the issuer began to sign with another key, and whether what was refused bears it."""
    keys = summary.measures.keys
    refused = sum(key.turned_away for key in keys)
    for key in keys[1:]:
        borne = ""
        if key.turned_away:
            all_of_it = key.turned_away == refused
            share = "all" if all_of_it else f"{number(key.turned_away)} of"
            borne = f"; {share} {plural(refused, 'attempt')} that the verifier turned away bore a token of it"
        yield f"The issuer began to sign with key {key.kid} at {max(key.first_s, 0.0):.1f} s{borne}."


def _refreshes(summary: Summary) -> Iterator[str]:
    steps = [step for step in summary.steps if step.fetches]
    if steps:
        worst = max(steps, key=lambda step: step.fetches_peak_per_s)
        yield (
            f"{worst.step} cost {plural(worst.fetches, 'token fetch', 'token fetches')}, "
            f"{number(worst.fetches_peak_per_s)} of them in one second."
        )
    whole = summary.cell("all")
    if whole.calls and whole.attempts > 1.005 * whole.calls:
        extra, share = whole.attempts - whole.calls, whole.attempts / whole.calls
        yield f"Retries made {plural(extra, 'further attempt')}: the target bore {share:.3g} per call."
