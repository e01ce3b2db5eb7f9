"""The stage: where one run takes place, its lab, and what is done to it, the faults of its timeline.

What is about to be done is in the fault journal first, and the last line there says that nothing is left.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.conductor.controls import Controls
from harness.conductor.injection import Injection
from harness.conductor.staging import lab_note
from harness.faults.per_call.dice import keyed
from harness.faults.timeline import Step
from harness.lab.plan import LabPlan
from harness.lab.processes.commands import Commands
from harness.lab.processes.residents import Residents
from harness.lab.running import Lab
from harness.protocol.file_shipping import boot_id
from harness.protocol.messages import Begin
from harness.results.fault_events import ClosedEvent
from harness.results.fault_journal import FaultJournal
from harness.results.problem import Problem


class Environment:
    """Lab and faults of the run in the folder ``run``: `set_up` first, `close` last, `take_back` at any time."""

    def __init__(self, plan: LabPlan, steps: Sequence[Step], run: Path) -> None:
        self._plan = plan
        self._steps = steps
        self._run = run
        self._journal = FaultJournal(run)
        self._lab: Lab | None = None
        self._injection: Injection | None = None

    def set_up(self, over: threading.Event) -> bool:
        """Start the lab and write the plan of the faults down; tell whether the run still wants them then.

        Raises `HarnessError`; then `close` must follow.
        """
        # Before the lab starts, and again when it is there: a killed conductor must be followed up.
        self._journal.write(lab_note(self._plan, None))
        lab = self._lab = Lab.start(self._plan, self._run)
        if over.is_set():  # somebody pressed stop meanwhile, and `close` found no lab yet
            lab.stop()
            return False
        self._journal.write(lab_note(self._plan, lab))
        parts = Controls(lab.issuer, lab.target, lab.proxy, Residents(lab.children), lab.clock, Commands(self._run))
        self._injection = Injection(self._steps, parts, self._journal, lab.proxies)
        self._injection.plan()
        return True

    def about(self) -> dict[str, Any]:
        """Return what ``run.json`` says of it."""
        lab = self.lab
        return {"links": lab.links, "faketime": lab.faked.about() if lab.faked else {}}

    def orders(self, users: int, transport: str, workers: int, fingerprint: str) -> Iterator[Begin]:
        """Yield what each of the workers is told: where everything is, and its share of the users."""
        lab = self.lab
        client = lab.clients[0] if lab.clients else None
        for worker in range(workers):
            yield Begin(
                run=str(self._run.resolve()),
                worker=worker,
                workers=workers,
                users=users,
                target=lab.addresses["target"],
                fingerprint=fingerprint,
                boot_id=boot_id(),
                token_url=lab.token_url or "",
                client_id=client.client_id if client else "",
                secret=client.secret if client else "",
                transport=transport,
                key=lab.issuer_key if keyed(self._steps) else {},
            )

    def run_timeline(self, zero_ns: int, sleep_until_ns: Callable[[int], bool]) -> None:
        """Carry the timeline out; ``sleep_until_ns`` returns False when the run is over early."""
        if self._injection is not None:
            self._injection.run(zero_ns, sleep_until_ns)

    def active(self) -> list[str]:
        """Return the ids of the steps in force."""
        return self._injection.active() if self._injection else []

    def take_back(self) -> Sequence[Problem]:
        """Take every fault back, and let none begin from now on; return what went wrong with any so far."""
        if self._injection is None:
            return ()
        self._injection.undo_all()
        return self._injection.problems

    def issuer_counters(self) -> Mapping[str, Any] | None:
        """Return what the lab's issuer was asked for so far, or None without one; raises `LabError`."""
        if self._lab is None or self._lab.issuer is None:
            return None
        counters: Mapping[str, Any] = self._lab.issuer.state()["counters"]
        return counters

    def close(self) -> None:
        """End the lab, and say so in the journal; raises `HarnessError` where something may be left."""
        if self._lab is None:
            return
        try:
            self._lab.stop()
            self._journal.write(ClosedEvent())
        finally:
            self._journal.close()

    @property
    def lab(self) -> Lab:
        """Return the lab, once `set_up` has started it."""
        assert self._lab is not None  # noqa: S101 - set_up made it
        return self._lab
