"""The fold: counts and histograms of final calls by phase, method, origin and cause, row group by row group."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow as pa

from harness.analysis.columns import Chunk
from harness.analysis.phases import pieces
from harness.results.arrow import Bools
from harness.results.call_journal import address_of, told_apart
from harness.results.histogram import Ints, SparseCounts, add, cell_of, quantiles
from harness.results.row import Cause, Flag, Origin, RowKind
from harness.results.series import BIN_S, Packing
from harness.results.summary import ALL_METHODS, QUANTILES, Cell, Phase, Spread

CAUSES = [cause.name for cause in Cause]
OUTCOMES = ["ok", "failed"]
LIFE_RANGE_S = (-120, 3600)
"""Seconds of token life that are told apart; beyond, the nearest end counts."""

Span = tuple[float, float]


class Fetches:
    """Token fetches within some spans, by second."""

    def __init__(self) -> None:
        self.total = 0
        self.failed = 0
        self._seconds = SparseCounts()

    def count(self, fetches: Chunk) -> None:
        """Count some."""
        self.total += fetches.size
        self.failed += int((~fetches.ok).sum())
        self._seconds.count(fetches.at_us // 1_000_000)

    def peak(self) -> int:
        """Return the most in one second."""
        return int(self._seconds.table()[1].max(initial=0))


class Fold:
    """Counts the rows of a run whose phases are known.

    ``costs`` are extra spans, by name, for which only token fetches are counted.
    """

    def __init__(self, phases: Sequence[Phase], methods: Sequence[str], costs: Mapping[str, Span]) -> None:
        self.phases = tuple(phases)
        self._costs = costs
        names, methods = [phase.name for phase in phases], list(methods) or [""]
        self._methods = methods
        self._timed = Packing(names, methods, OUTCOMES)
        self._caused = Packing([""], methods, CAUSES)
        self._plain = Packing([""], [""], OUTCOMES)
        self._edges_us = np.round(np.array(pieces(phases, BIN_S)) * 1e6).astype(np.int64)
        self._lags = Packing([""], [""], ["ours", "busy"])
        self._counts = {name: SparseCounts() for name in ("response", "service", "pieces", "lag", "finals", "answered")}
        self._counts |= {name: SparseCounts() for name in ("attempts", "fetches", "life")}
        shape = (len(names), len(methods))
        self._finals = np.zeros((*shape, len(Origin), len(Cause)), np.int64)
        self._not_sent = np.zeros(shape, np.int64)
        self._attempts = np.zeros(shape, np.int64)
        self._longest = {name: np.zeros((*shape, 2), np.int64) for name in ("response", "service")}
        self._longest_lag = np.zeros(2, np.int64)
        self._fetches = {name: Fetches() for name in (*names, *(f"cost:{step}" for step in costs))}
        self._times: dict[tuple[str, int, int, int], tuple[Ints, Ints]] | None = None

    def count(self, chunk: Chunk) -> None:
        """Count one chunk."""
        finals, attempts, fetches = chunk.finals(), chunk.attempts(), chunk.fetches()
        keys = self._keys_of(finals)
        for place, phase in enumerate(self.phases):
            self._count_finals(place, finals, keys, finals.within(phase.spans))
            inside = attempts.method[attempts.within(phase.spans)]
            self._attempts[place] += np.bincount(inside, minlength=len(self._methods))
            self._fetches[phase.name].count(fetches.where(fetches.within(phase.spans)))
        for name, span in self._costs.items():
            self._fetches[f"cost:{name}"].count(fetches.where(fetches.within((span,))))
        self._count_seconds(finals, attempts, fetches)
        self._count_lag(finals)
        self._count_pieces(finals)

    def _keys_of(self, finals: Chunk) -> dict[str, Ints]:
        """Return the packed keys that every phase counts, as in the first phase."""
        outcome = (~finals.ok).astype(np.int64)
        at_s = finals.at_us // (BIN_S * 1_000_000) * BIN_S
        return {
            "response": self._timed.pack(0, finals.method, outcome, at_s, cell_of(finals.response_us)),
            "service": self._timed.pack(0, finals.method, outcome, at_s, cell_of(finals.service_us)),
            "outcome": finals.method * len(OUTCOMES) + outcome,
            "cause": (finals.method * len(Origin) + finals.origin) * len(Cause) + finals.cause,
        }

    def _count_finals(self, place: int, finals: Chunk, keys: Mapping[str, Ints], inside: Bools) -> None:
        if not inside.any():
            return
        causes = self._finals[place]
        causes += np.bincount(keys["cause"][inside], minlength=causes.size).reshape(causes.shape)
        unsent = finals.method[inside & (finals.kind == RowKind.NOT_SENT)]
        self._not_sent[place] += np.bincount(unsent, minlength=len(self._methods))
        outcome = keys["outcome"][inside]
        for name, times in (("response", finals.response_us), ("service", finals.service_us)):
            self._counts[name].count(keys[name][inside] + self._timed.phase_offset(place))
            np.maximum.at(self._longest[name][place].reshape(-1), outcome, times[inside])

    def _count_seconds(self, finals: Chunk, attempts: Chunk, fetches: Chunk) -> None:
        second = finals.at_us // 1_000_000
        self._counts["finals"].count(self._caused.pack(0, finals.method, finals.cause, second, 0))
        sent = finals.where(finals.kind == RowKind.CALL)
        ended = (sent.at_us + sent.response_us) // 1_000_000
        self._counts["answered"].count(self._plain.pack(0, 0, (~sent.ok).astype(np.int64), ended, 0))
        left = (attempts.at_us) // 1_000_000
        self._counts["attempts"].count(self._plain.pack(0, 0, (~attempts.ok).astype(np.int64), left, 0))
        fetched = fetches.at_us // 1_000_000
        self._counts["fetches"].count(self._caused.pack(0, 0, fetches.cause, fetched, 0))
        holding = attempts.where(~np.isnan(attempts.life_ms) & (attempts.at_us >= 0))
        life_s = np.clip(np.floor(holding.life_ms / 1000), *LIFE_RANGE_S).astype(np.int64)
        self._counts["life"].count(self._caused.pack(0, holding.method, holding.cause, 0, life_s))

    def _count_pieces(self, finals: Chunk) -> None:
        good = finals.where(finals.ok)
        piece = np.searchsorted(self._edges_us, good.at_us, side="right") - 1
        inside = (piece >= 0) & (piece < self._edges_us.size - 1)
        zeros = np.zeros(int(inside.sum()), np.int64)
        cells = cell_of(good.response_us[inside])
        self._counts["pieces"].count(self._plain.pack(0, 0, zeros, piece[inside], cells))

    def _count_lag(self, finals: Chunk) -> None:
        due = finals.where(((finals.flags & Flag.PLANNED) != 0) & (finals.at_us >= 0))
        busy = ((due.flags & Flag.BUSY) != 0).astype(np.int64)
        at_s = due.at_us // (BIN_S * 1_000_000) * BIN_S
        self._counts["lag"].count(self._lags.pack(0, 0, busy, at_s, cell_of(due.lag_us)))
        np.maximum.at(self._longest_lag, busy, due.lag_us)

    def tables(self) -> Iterator[pa.Table]:
        """Yield every series as a table."""
        packings = {"response": self._timed, "service": self._timed, "lag": self._lags}
        packings |= {"finals": self._caused, "fetches": self._caused, "life": self._caused}
        for name, counts in self._counts.items():
            for keys, sums in counts.pieces():
                yield packings.get(name, self._plain).table(name, keys, sums)

    def cells(self) -> Iterator[Cell]:
        """Yield the cells that hold a call; within a phase those over all methods first, then those of an address."""
        totals = dict.fromkeys(told_apart(ALL_METHODS, address_of(name)) for name in self._methods if address_of(name))
        for phase in self.phases:
            for method in (ALL_METHODS, *totals, *self._methods):
                cell = self.cell(phase.name, method)
                if cell.calls or cell.attempts:
                    yield cell

    def cell(self, phase: str, method: str) -> Cell:
        """Return the cell of one phase and one method, of all methods, or of all at one address (``* @ host:port``)."""
        place = [one.name for one in self.phases].index(phase)
        rows = self._rows(method)
        counts = self._finals[place][rows].sum(axis=0)
        failed = counts.copy()
        failed[:, Cause.OK] = 0
        spreads = {
            f"{name}_{outcome}": self._spread(name, place, rows, which)
            for name in ("response", "service")
            for which, outcome in enumerate(OUTCOMES)
        }
        return Cell(
            phase,
            method,
            calls=int(counts.sum()),
            failed=int(failed.sum()),
            not_sent=int(self._not_sent[place][rows].sum()),
            attempts=int(self._attempts[place][rows].sum()),
            causes=_ranked(failed.sum(axis=0), CAUSES),
            origins=_ranked(failed.sum(axis=1), [origin.name for origin in Origin]),
            **spreads,
        )

    def _rows(self, method: str) -> list[int]:
        if method == ALL_METHODS:
            return list(range(len(self._methods)))
        if method == told_apart(ALL_METHODS, address := address_of(method)):
            return [place for place, name in enumerate(self._methods) if address_of(name) == address]
        return [self._methods.index(method)]

    def phase(self, phase: Phase) -> Phase:
        """Return a phase with its rates and token fetches."""
        cell, length_s = self.cell(phase.name, ALL_METHODS), phase.duration_s
        fetches = self._fetches[phase.name]
        return replace(
            phase,
            offered_per_s=cell.calls / length_s if length_s else None,
            goodput_per_s=(cell.calls - cell.failed) / length_s if length_s else None,
            fetches=fetches.total,
            fetches_failed=fetches.failed,
            fetches_peak_per_s=fetches.peak(),
        )

    def fetches(self, phase: str) -> Fetches:
        """Return a phase's token fetches."""
        return self._fetches[phase]

    def cost(self, step: str) -> tuple[int, int]:
        """Return a step's token fetches, and their peak in one second."""
        if step not in self._costs:
            return 0, 0
        fetches = self._fetches[f"cost:{step}"]
        return fetches.total, fetches.peak()

    def lag(self, whose: str) -> Spread:
        """Return the schedule lag of ``ours`` or while all users were ``busy``."""
        key, none = int(whose == "busy"), np.empty(0, np.int64)
        cells, counts = _over_time(self._lags, self._counts["lag"]).get(key, (none, none))
        return spread(cells, counts, int(self._longest_lag[key]))

    def _spread(self, name: str, place: int, rows: Sequence[int], outcome: int) -> Spread:
        if self._times is None:
            self._times = self._split()
        empty = (np.empty(0, np.int64), np.empty(0, np.int64))
        parts = [self._times.get((name, place, row, outcome), empty) for row in rows]
        cells, counts = add(np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts]))
        return spread(cells, counts, int(self._longest[name][place][rows, outcome].max(initial=0)))

    def _split(self) -> dict[tuple[str, int, int, int], tuple[Ints, Ints]]:
        """Return one histogram over time for each (time, phase, method, outcome)."""
        return {
            (name, *self._timed.place(group)): histogram
            for name in ("response", "service")
            for group, histogram in _over_time(self._timed, self._counts[name]).items()
        }


def _over_time(packing: Packing, counted: SparseCounts) -> dict[int, tuple[Ints, Ints]]:
    """Return the histogram over all times of each place of a packing."""
    found: dict[int, tuple[Ints, Ints]] = {}
    for keys, counts in counted.pieces():
        groups, cells = packing.groups(keys)
        edges = [0, *(np.flatnonzero(np.diff(groups)) + 1).tolist(), groups.size]
        for start, end in pairwise(edges if groups.size else ()):
            known = found.get(int(groups[start]), (cells[:0], counts[:0]))
            parts = (np.concatenate([known[0], cells[start:end]]), np.concatenate([known[1], counts[start:end]]))
            found[int(groups[start])] = add(*parts)
    return found


def spread(cells: Ints, counts: Ints, longest_us: int) -> Spread:
    """Return the quantiles of a histogram in seconds, each only where five values lie beyond it."""
    n = int(counts.sum())
    if not n:
        return Spread()
    values = np.minimum(quantiles(cells, counts, list(QUANTILES.values())), longest_us) / 1e6
    kept = {
        name: float(value) if n * (1 - share) >= 5 - 1e-9 else None
        for (name, share), value in zip(QUANTILES.items(), values, strict=True)
    }
    return Spread(n=n, max_s=longest_us / 1e6, **kept)


def _ranked(counts: Ints, names: Sequence[str]) -> dict[str, int]:
    found = {name: int(count) for name, count in zip(names, counts.tolist(), strict=True) if count}
    return dict(sorted(found.items(), key=lambda item: -item[1]))
