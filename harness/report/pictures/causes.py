"""Failures by cause: when they happened, and how many there were."""

import numpy as np

from harness.formatting import cause_words, number, plural
from harness.report.pictures import Drawn, picture
from harness.report.story import OTHERS, Story
from harness.report.style import CAUSE_COLOURS, figure, shade, stack, time_axis


@picture("causes", 30)
def draw(story: Story) -> Drawn | None:
    """Draw failed calls per second stacked by cause, beside the totals."""
    if not story.causes:
        return None
    drawn = figure(2.9)
    over_time, totals = drawn.subplots(1, 2, width_ratios=[2.4, 1])
    failures = story.failures().drop(columns="calls")
    base = np.zeros(len(failures))
    for cause, colour in zip(story.causes, CAUSE_COLOURS, strict=False):
        base = stack(over_time, failures.index, failures[cause].to_numpy(), base, color=colour)
    over_time.set_ylabel("failed calls per second")
    time_axis(over_time, story.from_s, story.until_s)
    shade(over_time, story.summary.steps, names=True, width_in=3.9)
    sums = failures.sum()
    labels = [cause if cause == OTHERS else cause_words(cause).label for cause in story.causes]
    bars = totals.barh(labels, sums[story.causes].to_numpy(), color=CAUSE_COLOURS[: len(labels)])
    totals.bar_label(bars, [number(float(value)) for value in sums[story.causes]], padding=3, fontsize=8)
    totals.invert_yaxis()
    totals.set_xlim(0, float(sums.max()) * 1.3)
    totals.set_xlabel("failed calls")
    totals.grid(visible=False)
    first = story.causes[0]
    title = (
        f"{number(float(sums[first]))} of {plural(int(sums.sum()), 'failed call')}: "
        f"{first if first == OTHERS else cause_words(first).label}"
    )
    if first in story.summary.cell("all").causes and first != OTHERS:
        title += f" ({cause_words(first).meaning})"
    caption = "Final outcome of each call, at the second in which it was due; a call that a retry saved is no failure."
    return Drawn(title, caption, drawn, failures.rename_axis("at_s").reset_index())
