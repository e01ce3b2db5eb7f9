"""Recovery: how long after each fault calls were good again."""

import pandas as pd
from matplotlib.axes import Axes

from harness.checks import checks_of
from harness.formatting import duration, percent
from harness.report.pictures import Drawn, picture
from harness.report.story import Story
from harness.report.style import GREEN, INK, QUIET, VERMILION, figure
from harness.results.summary import StepOutcome


@picture("recovery", 60)
def draw(story: Story) -> Drawn | None:
    """Draw a bar for each fault, against the limit where a check sets one."""
    steps = [step for step in story.summary.steps if step.from_s is not None]
    if not steps:
        return None
    drawn = figure(1.0 + 0.36 * len(steps))
    axes = drawn.subplots()
    limits = [check.to_json()["within_s"] for check in checks_of(story.run) if check.check == "recovery"]
    known = [step.recovery_s for step in steps if step.recovery_s is not None]
    right = max([1.0, *known, *limits]) * 1.35
    for place, step in enumerate(steps):
        _bar(axes, place, step, min(limits, default=None), right)
    for limit in sorted(set(limits)):
        _limit(axes, limit)
    axes.set_yticks(range(len(steps)), [step.step for step in steps])
    axes.tick_params(axis="y", colors=INK)
    axes.invert_yaxis()
    axes.set_xlim(0, right)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("seconds from the fault's end until three good seconds in a row began")
    table = pd.DataFrame([{"step": step.step, "recovery_s": step.recovery_s} for step in steps])
    return Drawn(_title(story), _caption(story), drawn, table)


def _bar(axes: Axes, place: int, step: StepOutcome, limit: float | None, right: float) -> None:
    """Draw one recovery with its time; one that was not seen is hatched, and reaches the right end."""
    value = step.recovery_s
    late = value is None or (limit is not None and value > limit)
    axes.barh(
        place, right if value is None else max(value, right * 0.004), color=VERMILION if late else GREEN,
        hatch="//" if value is None else None, alpha=0.5 if value is None else 1.0, edgecolor="white", height=0.6,
    )  # fmt: skip
    text = "not known" if value is None else "at once" if value == 0 else duration(value)
    axes.annotate(
        text, (0 if value is None else value, place), xytext=(5, 0), textcoords="offset points", va="center",
        fontsize=8, fontweight="bold", color=INK,
    )  # fmt: skip


def _limit(axes: Axes, limit: float) -> None:
    axes.axvline(limit, color=QUIET, linestyle="--")
    axes.annotate(
        f"limit {duration(limit)}", (limit, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 3),
        textcoords="offset points", fontsize=8, color=QUIET, va="bottom", ha="center", annotation_clip=False,
    )  # fmt: skip


def _caption(story: Story) -> str:
    base = story.summary.baseline
    limit = base.get("p90_limit_s")
    slow = f", and 90 % of the others take under {duration(limit)}" if limit else ""
    return (
        f"A second is good when it has calls, no more of them fail than {percent(base.get('failure_limit'))} and "
        f"chance allow{slow} (from the {base.get('source')}). A fault without width counts from its start. "
        "A good second may begin at any tenth of one, so times are to 0.1 s."
    )


def _title(story: Story) -> str:
    steps = [step for step in story.summary.steps if step.from_s is not None]
    lost = [step for step in steps if step.recovery_s is None]
    if lost:
        return f"No recovery was seen after {lost[0].step}: {lost[0].recovery_reason}"
    slowest = max(steps, key=lambda step: step.recovery_s or 0.0)
    if not slowest.recovery_s:
        return "Calls were good again at once after every fault"
    return f"Calls were good again {duration(slowest.recovery_s)} after {slowest.step}" + (
        ", the slowest recovery" if len(steps) > 1 else ""
    )
