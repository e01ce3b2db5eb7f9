"""False accepts and false rejects: how many there were, and how many there may be."""

import pandas as pd

from harness.formatting import number, percent, plural
from harness.report.pictures import Drawn, picture
from harness.report.story import Story
from harness.report.style import BLUE, QUIET, VERMILION, figure
from harness.results.proportion import Share

LEAST = 1e-5
"""Where the axis begins: a share of 0 has no place on it, and is drawn as its upper bound alone."""


@picture("verdicts", 35)
def draw(story: Story) -> Drawn | None:
    """Draw each share as a point with its bounds, on a logarithmic axis; nothing where no token met a verifier."""
    shares = _shares(story)
    if not shares:
        return None
    drawn = figure(0.9 + 0.3 * len(shares))
    axes = drawn.subplots()
    for place, (kind, _, share) in enumerate(shares):
        colour = VERMILION if kind == "false accepts" and share.hits else BLUE
        axes.plot([max(share.low, LEAST), share.high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
        if share.hits:
            axes.plot([share.hits / share.of], [place], "o", color=colour, markersize=5)
        axes.annotate(
            f" {number(share.hits)} of {number(share.of)}, under {percent(share.high)}",
            (share.high, place), va="center", fontsize=8, color=QUIET,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(LEAST, 1000)
    axes.set_xticks([1e-4, 1e-3, 1e-2, 1e-1, 1.0], ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"])
    axes.set_yticks(range(len(shares)), [name for _, name, _ in shares])
    axes.invert_yaxis()
    axes.set_xlabel("share that was answered wrongly")
    rows = [(kind, name, share.hits, share.of, share.low, share.high) for kind, name, share in shares]
    table = pd.DataFrame(rows, columns=["kind", "name", "hits", "of", "low", "high"])
    caption = (
        "Bad tokens that were let in, by what was wrong with them, and living ones that the verifier turned away. "
        "A line reaches from the lower to the upper bound (each 95 %, Clopper-Pearson); without a point nothing was "
        "seen, and the line ends where seeing nothing stops being a proof."
    )
    return Drawn(_title(story), caption, drawn, table)


def _shares(story: Story) -> list[tuple[str, str, Share]]:
    measures = story.summary.measures
    found = [
        ("false accepts", probe.text.removeprefix("calls carry "), probe.false_accepts)
        for probe in measures.probes
        if probe.sent
    ]
    whole = measures.rejected("all")
    return [*found, ("false rejects", "living tokens turned away", whole.share)] if whole.share.of else found


def _title(story: Story) -> str:
    probes = story.summary.measures.probes
    sent, accepted = sum(probe.sent for probe in probes), sum(probe.accepted for probe in probes)
    if not sent:
        share = story.summary.measures.rejected("all").share
        return f"{number(share.hits) if share.hits else 'None'} of {plural(share.of, 'living token')} turned away"
    if not accepted:
        return f"None of {plural(sent, 'poisoned call')} was let in"
    return f"{number(accepted)} of {plural(sent, 'poisoned call')} {'was' if accepted == 1 else 'were'} let in"
