"""The load generator in every run: whether it kept its plan, or measured itself."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from harness.formatting import duration, percent
from harness.report.duel import duel_picture
from harness.report.duel.sides import Sides
from harness.report.pictures import Drawn
from harness.report.story import Story
from harness.report.style import QUIET, durations, figure


@duel_picture("duel-generator", 70)
def draw(sides: Sides) -> Drawn | None:
    """Draw how late each run's calls left while a user was free, how late its loop was, and what it offered."""
    table = pd.DataFrame(
        [
            {"pair": number, "side": side.role, **_health(story)}
            for side in sides.both
            for number, story in zip(sides.numbers, side.stories, strict=True)
        ]
    )
    if table.empty:
        return None
    limit_s = max(story.summary.health.lag_limit_s for side in sides.both for story in side.stories)
    drawn = figure(2.7)
    panels = drawn.subplots(1, 3)
    for panel, column, name in (
        (panels[0], "lag_s", "p99 schedule lag"),
        (panels[1], "loop_s", "p99 lateness of its loop"),
        (panels[2], "offered_per_planned", "offered / planned"),
    ):
        _panel(panel, sides, table, column)
        panel.set_title(name)
    for panel in panels[:2]:
        _late(panel, limit_s)
    panels[2].axhspan(0.99, 1.01, color=QUIET, alpha=0.12, linewidth=0)
    panels[2].set_ylim(min(0.985, panels[2].get_ylim()[0]), max(1.015, panels[2].get_ylim()[1]))
    caption = (
        "Circles: base; squares: new. Dashed: the limit above which a run measures its generator, and "
        "sets its pair aside. Grey: a load within 1 % of its plan; a closed load has none."
    )
    return Drawn(_title(table, limit_s), caption, drawn, table)


def _health(story: Story) -> dict[str, float | None]:
    health = story.summary.health
    loops = [worker.loop_lag_p99_s for worker in health.workers if worker.loop_lag_p99_s is not None]
    return {
        "lag_s": health.lag.p99_s if health.lag.p99_s is not None else health.lag.max_s,
        "loop_s": max(loops, default=None),
        "offered_per_planned": health.offered / health.planned if health.planned else None,
        "not_sent": health.not_sent,
    }


def _panel(axes: Axes, sides: Sides, table: pd.DataFrame, column: str) -> None:
    for side, mark in ((sides.base, "o"), (sides.new, "s")):
        own = table[table["side"] == side.role]
        values = own[column].astype(float)
        axes.scatter(own["pair"], values, s=22, marker=mark, c=side.colour, label=side.role)
    axes.set_xlabel("pair")
    axes.set_xticks(sorted({int(pair) for pair in table["pair"]})[:: max(1, len(sides.numbers) // 6)])


def _kept(away: float) -> str:
    return "what was planned" if away == 0 else f"what was planned, to {percent(away)}"


def _late(axes: Axes, limit_s: float) -> None:
    axes.set_yscale("log")
    axes.axhline(limit_s, color=QUIET, linestyle="--", linewidth=1)
    low, high = axes.get_ylim()
    axes.set_ylim(low * 0.7, high * 1.6)
    durations(axes)


def _title(table: pd.DataFrame, limit_s: float) -> str:
    late, offered = table["lag_s"].astype(float), table["offered_per_planned"].astype(float)
    away = np.nanmax(np.abs(offered - 1)) if offered.notna().any() else None
    load = "" if away is None else f"; it offered {_kept(float(away))}"
    if late.isna().all():
        return f"No call of the load generator was timed{load}"
    within = f"99 % of calls left within {duration(float(late.max()))}"
    if float(late.max()) > limit_s:
        return f"In some run the load generator was late itself: {within}"
    return f"The load generator kept its plan in every run that counts: {within}{load}"
