"""Generator health: whether the load generator kept its own plan."""

from harness.formatting import duration, plural, quantile_name
from harness.report.pictures import Drawn, picture
from harness.report.story import Story, clearest
from harness.report.style import BLUE, ORANGE, QUIET, durations, figure, shade, time_axis
from harness.results.series import BIN_S

SHARES = (0.5, 0.9, 0.99)


@picture("generator", 70)
def draw(story: Story) -> Drawn | None:
    """Draw by how much calls left late, while a user was free and while none was."""
    health = story.summary.health
    if not health.lag.n:
        return None
    drawn = figure(2.6)
    axes = drawn.subplots()
    tables = {key: story.quantiles_over_time("lag", SHARES, key) for key in ("ours", "busy")}
    share = clearest(tables["ours"], SHARES) or clearest(tables["busy"], SHARES)
    if share is None:
        return None
    for key, label, colour in (("ours", "a user was free (ours)", BLUE), ("busy", "no user was free", ORANGE)):
        values = tables[key][share]
        if values.notna().any():
            edges = [*values.index, values.index[-1] + BIN_S]
            axes.stairs(values.clip(lower=1e-6), edges, color=colour, linewidth=1.6, label=label, baseline=None)
    axes.axhline(health.lag_limit_s, color=QUIET, linestyle="--", linewidth=1)
    axes.annotate(
        f"limit for ours: {duration(health.lag_limit_s)}", (0, health.lag_limit_s), xycoords=("axes fraction", "data"),
        xytext=(4, 3), textcoords="offset points", fontsize=8, color=QUIET,
    )  # fmt: skip
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(low * 0.7, max(high, health.lag_limit_s) * 8)
    durations(axes)
    axes.set_ylabel(f"{quantile_name(share)} schedule lag\n(log scale)")
    axes.legend(loc="upper right", ncols=2, title="calls that came due while", title_fontsize=8)
    time_axis(axes, story.from_s, story.until_s)
    shade(axes, story.summary.steps, names=True)
    caption = (
        "Schedule lag: from when a call was due until a user took it. While a user was free it is the load generator's "
        "own fault; while none was free the target kept them, and the wait is part of its response time."
    )
    table = tables["ours"].add_prefix("ours_").join(tables["busy"].add_prefix("busy_"))
    return Drawn(_title(story), caption, drawn, table.rename_axis("at_s").reset_index())


def _title(story: Story) -> str:
    health = story.summary.health
    ours = health.lag.p99_s if health.lag.p99_s is not None else health.lag.max_s
    loops = [worker.loop_lag_p99_s for worker in health.workers if worker.loop_lag_p99_s is not None]
    if (ours or 0.0) > health.lag_limit_s or max(loops, default=0.0) > 0.05:
        return "The load generator was the bottleneck: these numbers are about it, not about the target"
    unsent = f"; {plural(health.not_sent, 'call')} never left" if health.not_sent else ""
    return f"The load generator kept its plan: 99 % of its calls left within {duration(ours)}{unsent}"
