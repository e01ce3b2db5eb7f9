"""Rows of one gateway's journal, read back: every whole row, its names, and what is missing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import RecordError
from harness.results.wire_journal import WIRE_HEADER, WireConnection, WireHeader, wire_names_path, wire_path
from harness.results.wire_row import WIRE_FIELDS, WIRE_MARK

WIRE_TYPE = np.dtype([(name, kind) for name, kind in WIRE_FIELDS])


@dataclass(frozen=True)
class WireNames:
    """The names that a journal's rows refer to."""

    methods: tuple[str, ...] = ()
    connections: Mapping[int, WireConnection] = field(default_factory=dict)


@dataclass(frozen=True)
class WireRows:
    """Rows of one gateway, in the order in which attempts ended.

    ``damaged`` counts whole rows without their mark, ``torn_bytes`` the bytes of a last row that was cut short.
    """

    number: int
    started_ns: int
    rows: npt.NDArray[Any]
    names: WireNames
    damaged: int = 0
    torn_bytes: int = 0

    def method_of(self, row: Any) -> str:
        """Return a row's method."""
        return self.names.methods[int(row["method"])]


def read_wire(run: Path, number: int) -> WireRows:
    """Return the rows of a gateway; raises `RecordError` where there is no journal of this schema."""
    try:
        data = wire_path(run, number).read_bytes()
    except OSError as error:
        raise RecordError(f"{wire_path(run, number).name} cannot be read: {error.strerror}") from error
    header = WireHeader.unpack(data)
    whole = (len(data) - WIRE_HEADER.size) // WIRE_TYPE.itemsize
    rows = np.frombuffer(data, WIRE_TYPE, count=whole, offset=WIRE_HEADER.size)
    kept = rows[rows["mark"] == WIRE_MARK]
    torn = len(data) - WIRE_HEADER.size - whole * WIRE_TYPE.itemsize
    return WireRows(header.number, header.started_ns, kept, read_wire_names(run, number), whole - len(kept), torn)


def read_wire_names(run: Path, number: int) -> WireNames:
    """Return the names of a gateway's journal; a last line that was cut short is left out."""
    methods: list[str] = []
    connections: dict[int, WireConnection] = {}
    path = wire_names_path(run, number)
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else ():
        if not line.endswith("\n"):
            break
        note = json.loads(line)
        if "method" in note:
            methods.append(str(note["method"]))
        elif "connection" in note:
            connection = WireConnection(**note["connection"])
            connections[connection.serial] = connection
    return WireNames(tuple(methods), connections)
