"""Policies: one storm under each refresh policy, run one after another on one machine.

What a team takes to its design review: failures, the peak of token requests, and what calls wait.
One run per policy shows what a policy does to this storm; it is no verdict on small differences.
"""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich.console import Console

from harness.clock import utc_now
from harness.errors import RecordError, UsageError
from harness.report.policies import PolicyOutcome, summary_table, write
from harness.results.problem import ProblemKind
from harness.results.run import find_run
from harness.results.summary import read_summary
from harness.scenario import catalogue
from harness.subprocesses import run_to_its_end
from harness.tokens.refresh import Tokens
from harness.tokens.variation import Variation, policies

TRIES = 2
"""A busy machine makes a run invalid; it is made again so often, the first time included."""
INTERRUPTED = 130
"""Exit code of a run that was ended before its planned end."""

Tell = Callable[[str], None]


def run_command(name: str, names: Sequence[str], reports: Path, tries: int = TRIES) -> int:
    """Run the policies, each ``tries`` times at most, write page, picture and tables; return the exit code.

    0 where every run gave a valid answer, 3 where one did not, 130 where it was interrupted.
    """
    scenario = Path(name).stem.replace("_", "-")
    folder = reports / "policies" / scenario / utc_now().strftime("%Y%m%dT%H%M%SZ")
    folder.mkdir(parents=True)
    console = Console(highlight=False, soft_wrap=True, file=sys.stdout)
    outcomes = run_policies(name, names, folder, lambda line: console.print(line, markup=False), tries)
    if not outcomes:
        return 3
    write(outcomes, scenario, folder)
    console.print(summary_table(outcomes, scenario))
    console.print(f"page: {folder / 'policies.html'}", markup=False)
    words = {outcome.word for outcome in outcomes}
    return INTERRUPTED if "interrupted" in words else 3 if "invalid" in words else 0


def choose(tokens: Tokens, names: Iterable[str]) -> tuple[Variation, ...]:
    """Return the policies to run, all of them where none is named; raises `UsageError`."""
    known = {variation.slug: variation for variation in policies(tokens)}
    wanted = list(names) or list(known)
    for name in wanted:
        if name not in known:
            raise UsageError(f"no policy is called {name!r}; there are {', '.join(known)}")
    return tuple(known[name] for name in wanted)


def run_policies(
    name: str, names: Sequence[str], folder: Path, tell: Tell, tries: int = TRIES
) -> tuple[PolicyOutcome, ...]:
    """Run a scenario under each policy, ``tries`` times at most; return what came of those that left a summary.

    Runs are kept under ``folder``. Ctrl-C ends the present run as it always does, and what was
    measured until then is returned. Raises `UsageError` for an unknown scenario or policy.
    """
    path = catalogue.find(name)
    settings = catalogue.inspect(path)
    variations = choose(Tokens(**settings["tokens"]), names)
    load = settings["load"]
    each_s = load["duration_s"] + load["warm_up_s"]
    tell(f"{len(variations)} policies, about {len(variations) * (each_s + 8) / 60:.0f} minutes")
    outcomes = []
    for place, variation in enumerate(variations, 1):
        tell(f"{place} of {len(variations)}: {variation.name} ({variation.text()})")
        code = _run(path, variation, folder)
        outcome = _outcome(variation, folder, code, tell)
        for _ in range(tries - 1):
            if code == INTERRUPTED or not _saturated(variation, folder):
                break
            tell("   the machine was busy; once more")
            code = _run(path, variation, folder)
            outcome = _outcome(variation, folder, code, tell)
        outcomes += [outcome] if outcome else []
        if code == INTERRUPTED:
            break
    return tuple(outcomes)


def _run(path: Path, variation: Variation, folder: Path) -> int:
    command = [sys.executable, "-m", "harness.cli", "run", str(path), "--headless"]
    command += ["--build", variation.slug, "--tokens", variation.text()]
    try:
        return run_to_its_end(command, {**os.environ, "REPORTS": str(folder)}, folder / f"{variation.slug}.log")
    except KeyboardInterrupt:
        return INTERRUPTED


def _saturated(variation: Variation, folder: Path) -> bool:
    """Tell whether the newest run of a policy measured its generator."""
    try:
        summary = read_summary(find_run(variation.slug, folder))
    except (UsageError, RecordError):
        return False
    return summary.has_problem(ProblemKind.SATURATED)


def _outcome(variation: Variation, folder: Path, code: int, tell: Tell) -> PolicyOutcome | None:
    log = folder / f"{variation.slug}.log"
    try:
        run = find_run(variation.slug, folder)
        outcome = PolicyOutcome.of(variation.name, read_summary(run), run.relative_to(folder))
    except (UsageError, RecordError):
        tell(f"   no result (exit code {code}); see {log}")
        return None
    tell(
        f"   {outcome.word}: {outcome.failed} of {outcome.calls} calls failed, at most "
        f"{outcome.fetches_peak_per_s} token requests in a second"
    )
    return outcome
