"""A run whose calls a test writes one by one, for what is measured of its tokens."""

import json
from pathlib import Path

from harness.analysis.merge import merged
from harness.analysis.summarise import summarise
from harness.results.call_journal import Journal
from harness.results.row import Cause, Flag, Origin, RowKind
from harness.results.run import read_run
from harness.results.summary import Summary
from tests.fakes.run import ZERO_NS, FakeRun

OK, UNAUTHENTICATED = 0, 16


class MeasuredRun:
    """A run of 30 s whose calls a test writes one by one, beside ten good ones a second."""

    def __init__(self, path: Path, *steps: dict[str, object], **fields: object) -> None:
        run = {"lab": {"leeway_s": 0.0}, **fields}
        FakeRun(path, workers=1, per_s=10, duration_s=30, steps=steps, checks=(), run=run).write()
        self.path, self._journal, self._calls = path, Journal(path, 0), 0
        self._method = self._journal.method("Ledger/Get")
        for tenth in range(-100, 300):
            self.call(tenth / 10)

    def call(
        self,
        at_s: float,
        code: int = OK,
        cause: Cause = Cause.OK,
        *,
        steps: int = 0,
        life_s: float = 20.0,
        took_s: float = 0.005,
        messages: int | None = None,
    ) -> None:
        origin = Origin.NONE if cause is Cause.OK else Origin.VERIFIER
        self._calls += 1
        self._journal.add(
            ZERO_NS + round(at_s * 1e9), self._calls, 0, 0, round(took_s * 1e6), round(life_s * 1e3), steps,
            (1 if code == OK else 0) if messages is None else messages,
            RowKind.CALL, 0, 0, Flag.FINAL | Flag.PLANNED, self._method, code, origin, cause,
        )  # fmt: skip

    def fetch(self, at_s: float, life_s: float) -> None:
        """Write a fetch of a token whose issuer gave it so long a life."""
        self._journal.add(
            ZERO_NS + round(at_s * 1e9), -1, 0, 0, 2_000, round(life_s * 1e3), 0, 0,
            RowKind.FETCH, 0, 0, Flag.FINAL, self._method, -1, Origin.NONE, Cause.OK,
        )  # fmt: skip

    def summary(self) -> Summary:
        self._journal.close()
        data = json.loads((self.path / "run.json").read_text())
        promise = {**data["workers"][0], "rows": self._journal.written}
        (self.path / "run.json").write_text(json.dumps({**data, "workers": [promise]}))
        run = read_run(self.path)
        return summarise(run, merged(run))
