"""Peers: to which addresses the connections of this process really go, as the operating system sees them.

A name may have several addresses, and a library of gRPC takes one of them without saying which.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psutil

from harness.endpoint.address import bracketed, is_unix, port_of


def connected_to(addresses: Iterable[str]) -> dict[str, int]:
    """Return how many connections this process has to the ports of some addresses, by peer; {} where it cannot tell."""
    ports = {port_of(address) for address in addresses if not is_unix(address)}
    try:
        found = psutil.Process().net_connections(kind="tcp") if ports else []
    except (psutil.Error, OSError):
        return {}
    peers = (each.raddr for each in found if each.raddr and each.status == psutil.CONN_ESTABLISHED)
    return dict(sorted(Counter(_text(peer) for peer in peers if peer.port in ports).items()))


def most(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Return, by peer, the most connections that were seen at one time."""
    peers = sorted({peer for count in counts for peer in count})
    return {peer: max(count.get(peer, 0) for count in counts) for peer in peers}


def total(workers: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the connections of all workers, by peer."""
    summed: Counter[str] = Counter()
    for worker in workers:
        summed.update(worker.get("connected_to", {}))
    return dict(sorted(summed.items()))


def _text(peer: Any) -> str:
    host = str(peer.ip).removeprefix("::ffff:")
    return f"{bracketed(host)}:{peer.port}"
