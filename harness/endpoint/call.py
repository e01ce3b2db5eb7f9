"""Calls: what a scenario without generated stubs asks its target, as plain settings.

A scenario writes ``calls=[Call("pkg.Service/Method", {"field": "{{seq}}"})]``; where the methods
come from is ``methods=``: reflection of the target (the default), or one of the classes here.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.endpoint import further
from harness.validation import positive, whole


@dataclass(frozen=True)
class Call:
    """One RPC by its name, ``pkg.Service/Method``.

    ``data`` is its message as JSON with placeholders (`harness.endpoint.template`), or a list of
    messages for a client stream; ``rows`` a CSV or NDJSON file for ``{{row.column}}``; a call of
    ``weight`` 2 is made twice as often as one of 1. ``metadata`` is what it carries beside its token and the
    target's own, with the same placeholders; a key of both has this one's value. A stream of replies without an
    end of its own is cancelled after ``end_after_messages`` or ``end_after_s`` seconds, whichever comes first,
    and has ended well then; those seconds are beside the deadline.
    """

    method: str
    data: Mapping[str, Any] | Sequence[Mapping[str, Any]] = field(default_factory=dict, repr=False)
    rows: Path | None = None
    weight: float = 1.0
    metadata: further.Given = field(default=(), repr=False)
    end_after_messages: int | None = None
    end_after_s: float | None = None

    @property
    def ends_early(self) -> bool:
        """Tell whether its stream is cancelled by our own choice."""
        return self.end_after_messages is not None or self.end_after_s is not None

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        found = positive(f"call {self.method}", weight=self.weight)
        if self.end_after_messages is not None:
            found += whole(f"call {self.method}", 1, end_after_messages=self.end_after_messages)
        if self.end_after_s is not None:
            found += positive(f"call {self.method}", end_after_s=self.end_after_s)
        if "." not in self.method.strip("/").replace("/", "."):
            found.append(f"call {self.method!r} is no method; write pkg.Service/Method")
        return found + further.mistakes(f"call {self.method}", self.metadata, rows=self.rows is not None)

    def to_json(self) -> dict[str, Any]:
        """Return the call as ``run.json`` holds it: of the data its hash alone, for it may hold a secret."""
        digest = hashlib.sha256(json.dumps(self.data, sort_keys=True).encode()).hexdigest()[:16]
        rows = None if self.rows is None else str(self.rows)
        beside: dict[str, Any] = {"metadata": further.shown(self.metadata)} if self.metadata else {}
        ends = {"end_after_messages": self.end_after_messages, "end_after_s": self.end_after_s}
        beside |= {name: value for name, value in ends.items() if value is not None}
        return {"method": self.method, "weight": self.weight, "data_hash": digest, "rows": rows, **beside}


@dataclass(frozen=True)
class Reflection:
    """Ask the target itself for its methods, within ``timeout_s``."""

    timeout_s: float = 5.0


@dataclass(frozen=True)
class Protos:
    """Compile ``.proto`` files (needs grpcio-tools); ``includes`` are folders of what they import."""

    paths: tuple[Path, ...]
    includes: tuple[Path, ...] = ()


@dataclass(frozen=True)
class DescriptorSet:
    """Read a file that ``protoc --include_imports --descriptor_set_out`` wrote."""

    path: Path


@dataclass(frozen=True)
class Stubs:
    """Take the methods of a module of generated stubs, ``my_service_pb2``."""

    module: str


MethodSource = Reflection | Protos | DescriptorSet | Stubs
