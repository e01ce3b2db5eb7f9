"""What the options of ``jwtstorm probe`` mean."""

import argparse
from collections.abc import Iterable, Mapping, Sequence

from harness.defects import DEFECTS, find
from harness.endpoint import Endpoint, Tls, further
from harness.endpoint.json_text import json_of
from harness.errors import UsageError


def endpoint_of(options: argparse.Namespace) -> Endpoint:
    """Return how the target is reached; raises `UsageError`."""
    secure = options.tls or options.ca or options.cert or options.key or options.server_name
    tls = Tls(options.ca, options.cert, options.key, options.server_name) if secure else None
    beside = further.written(options.metadata)
    named = {"authority": options.authority, "proxy": options.proxy, "metadata": beside}
    endpoint = Endpoint(tuple(options.addresses), tls=tls, **named)
    if mistakes := endpoint.mistakes() or further.clashes("target", beside, options.metadata_key):
        raise UsageError(mistakes[0])
    return endpoint


def names_of(text: str) -> list[str]:
    """Return the names in a list with commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def rows_of(names: Iterable[str]) -> frozenset[str]:
    """Return the ids of the rows that ``--row`` names; raises `UsageError`."""
    return frozenset(find(name).id for name in names)


def policies_of(names: Sequence[str]) -> frozenset[str]:
    """Return the policies that ``--declare`` names; raises `UsageError`."""
    known = sorted({allowed.when for row in DEFECTS.values() for allowed in row.allowed if allowed.when})
    for name in names:
        if name not in known:
            raise UsageError(f"--declare {name}: no such policy; give some of {', '.join(known)}")
    return frozenset(names)


def messages_of(option: str, given: Iterable[str]) -> Mapping[str, str]:
    """Return JSON texts by method, as written; raises `UsageError`."""
    found = {}
    for text in given:
        name, mark, data = text.partition("=")
        if not mark or "/" not in name:
            raise UsageError(f"{option} {text[:40]!r}: give pkg.Service/Method='{{\"field\": …}}'")
        json_of(f"{option} {name}: its message", data, "quote it whole, as in METHOD='{\"id\": 1}'")
        found[name.strip("/ ")] = data
    return found
