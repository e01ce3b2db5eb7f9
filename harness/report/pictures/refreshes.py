"""Token fetches over time: one refresh per expiry, or a storm of them."""

import pandas as pd

from harness.formatting import number, plural
from harness.report.pictures import Drawn, picture
from harness.report.story import Story
from harness.report.style import BLUE, VERMILION, figure, shade, stack, time_axis


@picture("refreshes", 50)
def draw(story: Story) -> Drawn | None:
    """Draw token fetches per second, failed ones apart."""
    fetches = story.seconds("fetches")
    if not fetches.to_numpy().sum():
        return None
    good = fetches["OK"] if "OK" in fetches else fetches.sum(axis=1) * 0
    failed = fetches.sum(axis=1) - good
    drawn = figure(2.6)
    axes = drawn.subplots()
    base = stack(axes, fetches.index, good.to_numpy(), color=BLUE, label="got a token")
    if failed.sum():
        stack(axes, fetches.index, failed.to_numpy(), base, color=VERMILION, hatch="//", label="failed")
        axes.legend(loc="upper left")
    axes.set_ylabel("token fetches per second")
    axes.set_ylim(0, max((good + failed).max() * 1.25, 2))
    time_axis(axes, story.from_s, story.until_s)
    shade(axes, story.summary.steps, names=True)
    table = pd.DataFrame({"fetches_ok": good, "fetches_failed": failed}).rename_axis("at_s").reset_index()
    holders = story.run.token_holders
    owners = f"{plural(holders, 'token holder').capitalize()} shared the tokens. " if holders else ""
    caption = (
        f"{owners}Requests to the token source, at the second they began. A fault is charged with the fetches from "
        "its start to the end of the three good seconds after it."
    )
    return Drawn(_title(story), caption, drawn, table)


def _title(story: Story) -> str:
    steps = [step for step in story.summary.steps if step.fetches]
    whole = story.summary.phase("all")
    total = whole.fetches if whole else 0
    if not steps:
        return f"{plural(total, 'token fetch', 'token fetches')} for {plural(story.calls, 'call')}"
    worst = max(steps, key=lambda step: step.fetches_peak_per_s)
    return (
        f"{worst.step} cost {plural(worst.fetches, 'token fetch', 'token fetches')}, "
        f"{number(worst.fetches_peak_per_s)} of them in one second"
    )
