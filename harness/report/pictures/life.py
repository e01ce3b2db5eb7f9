"""Token life left against failures: whether calls fail because their token was near its end."""

import numpy as np
import pandas as pd

from harness.formatting import cause_words, number, percent, plural
from harness.report.pictures import Drawn, picture
from harness.report.story import Story
from harness.report.style import CAUSE_COLOURS, PALE, figure, percent_axis
from harness.results.series import of

BINS = 30
LOW_LIFE_S = 1.0


@picture("life", 40)
def draw(story: Story) -> Drawn | None:
    """Draw attempts by the token's life left, and the share of them that failed."""
    rows = of(story.series, "life")
    if rows.empty:
        return None
    table = rows.pivot_table(index="cell", columns="key", values="count", aggfunc="sum", fill_value=0, observed=True)
    width = max(int(np.ceil((table.index.max() - table.index.min() + 1) / BINS)), 1)
    table = table.groupby(table.index // width * width).sum()
    table.columns = pd.Index([str(column) for column in table.columns])
    attempts = table.sum(axis=1)
    drawn = figure(3.3)
    top, bottom = drawn.subplots(2, 1, sharex=True, height_ratios=[1, 1.4])
    top.bar(table.index, attempts, width=width, align="edge", color="#9ca3af", edgecolor="white", linewidth=0.3)
    top.set_ylabel("attempts")
    causes = [cause for cause in table.sum().sort_values(ascending=False).index if cause != "OK"][: len(CAUSE_COLOURS)]
    base = np.zeros(len(table))
    for cause, colour in zip(causes, CAUSE_COLOURS, strict=False):
        share = 100 * table[cause].to_numpy() / attempts.to_numpy()
        bottom.bar(
            table.index, share, bottom=base, width=width, align="edge", color=colour, label=cause_words(cause).label
        )
        base += share
    bottom.set_ylabel("failed attempts\n(% of the bar above)")
    percent_axis(bottom, base.max())
    bottom.set_xlabel("seconds of life left in the token when the attempt left, by the client's clock")
    for axes in (top, bottom):
        axes.axvline(0, color=PALE if table.index.min() >= 0 else "#111827", linewidth=0.8)
    if causes:
        bottom.legend(loc="upper right", ncols=min(len(causes), 3))
    caption = (
        f"{plural(int(attempts.sum()), 'attempt')} with a token, retries included. Failures at the left edge mean "
        "tokens used too near their end; at the right edge, fresh tokens refused, as by a clock that is behind; spread "
        "evenly, another reason, such as tokens revoked or expired early."
    )
    return Drawn(_title(table, attempts), caption, drawn, table.rename_axis("life_s").reset_index())


def _title(table: pd.DataFrame, attempts: "pd.Series[int]") -> str:
    failed = attempts - table.get("OK", 0)
    if failed.sum() == 0:
        return "No attempt with a token failed, whatever life the token had left"
    early = table.index < LOW_LIFE_S
    if not attempts[early].sum():
        shortest = int(failed.index[failed > 0].min())
        return f"{number(float(failed.sum()))} attempts failed, all with {shortest} s or more of life left in the token"
    ratios = [failed[mask].sum() / max(attempts[mask].sum(), 1) for mask in (early, ~early)]
    return f"{percent(ratios[0])} of attempts failed with under 1 s of life left, {percent(ratios[1])} with more"
