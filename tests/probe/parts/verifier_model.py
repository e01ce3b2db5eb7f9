"""A verifier in simulated time, with a network before it; and the search run against it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from harness.probe.parts.edge import EXP, NBF, Ask, EdgeSide, Search, Seen


@dataclass
class Model:
    """Verifiers that forgive ``leeway_s``, one clock per replica; ``out_s`` and ``back_s`` are the ways' times."""

    offsets_s: Sequence[float] = (0.0,)
    leeway_s: float = 0.0
    whole_s: int = 0
    out_s: float = 0.001
    back_s: float = 0.001
    jitter_s: float = 0.0
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    now_s: float = 1_800_000_000.37
    calls: int = 0

    def answer(self, side: EdgeSide, ask: Ask) -> Seen:
        self.calls += 1
        sent_s = max(ask.at_s, self.now_s) + self.dice.uniform(0, 0.002)
        at_s = sent_s + self.out_s + self.dice.uniform(0, self.jitter_s)
        verifier_s = at_s + self.dice.choice(self.offsets_s)
        answered_s = at_s + self.back_s + self.dice.uniform(0, self.jitter_s)
        if side is EXP:
            accepted = verifier_s < ask.date_s + self.leeway_s + self.whole_s
        else:
            accepted = verifier_s >= ask.date_s - self.leeway_s
        return Seen(ask.date_s, sent_s, answered_s, accepted)


def run(model: Model, side: EdgeSide, answer: Callable[[EdgeSide, Ask], Seen] | None = None) -> Search:
    """Run the search of one edge to its end."""
    search = Search(side)
    steps = search.run(model.now_s)
    asks = next(steps)
    while True:
        seen = [(answer or model.answer)(side, ask) for ask in asks]
        model.now_s = max(one.answered_s for one in seen)
        try:
            asks = steps.send((seen, model.now_s))
        except StopIteration:
            return search


def both(model: Model) -> tuple[Search, Search]:
    return run(model, EXP), run(model, NBF)
