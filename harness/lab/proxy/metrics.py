"""Metrics in Prometheus's text format, true while connections are open.

The first two families carry the original's names; the others are ours.
Source: https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.lab.proxy.connection import PeerStream
from harness.lab.proxy.dose import Dose
from harness.lab.proxy.proxies import Proxies
from harness.lab.proxy.proxy import Proxy

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Family:
    """One metric with all its samples: labels and value."""

    name: str
    kind: str
    text: str
    samples: list[tuple[dict[str, str], int]]

    def lines(self) -> Iterator[str]:
        """Return the family in the text format."""
        yield f"# HELP {self.name} {self.text}"
        yield f"# TYPE {self.name} {self.kind}"
        for labels, value in self.samples:
            inside = ",".join(f'{name}="{_escape(text)}"' for name, text in labels.items())
            yield f"{self.name}{{{inside}}} {value}" if inside else f"{self.name} {value}"


def render(proxies: Proxies) -> str:
    """Return all metrics of a server."""
    return "".join(f"{line}\n" for family in _families(proxies) for line in family.lines())


def _families(proxies: Proxies) -> Iterable[Family]:
    every = proxies.all()
    directions = [(proxy, stream) for proxy in every for stream in PeerStream]
    doses = [(proxy, dose) for proxy in every for dose in proxy.listed()]
    return (
        Family(
            "toxiproxy_proxy_received_bytes_total",
            "counter",
            "Bytes read from the peer that sends in this direction.",
            [(_traffic(proxy, stream), proxy.traffic[stream].received_bytes) for proxy, stream in directions],
        ),
        Family(
            "toxiproxy_proxy_sent_bytes_total",
            "counter",
            "Bytes written to the peer that receives in this direction.",
            [(_traffic(proxy, stream), proxy.traffic[stream].sent_bytes) for proxy, stream in directions],
        ),
        Family(
            "jwtstorm_proxy_connections",
            "gauge",
            "Open connections.",
            [(_name(proxy), len(proxy.connections)) for proxy in every],
        ),
        Family(
            "jwtstorm_proxy_connections_accepted_total",
            "counter",
            "Clients accepted.",
            [(_name(proxy), proxy.counts.accepted) for proxy in every],
        ),
        Family(
            "jwtstorm_proxy_connections_failed_total",
            "counter",
            "Clients accepted whose upstream did not answer.",
            [(_name(proxy), proxy.counts.failed) for proxy in every],
        ),
        Family(
            "jwtstorm_proxy_toxic_connections",
            "gauge",
            "Open connections that a toxic touches.",
            [(_toxic(proxy, dose), proxy.touched(dose)) for proxy, dose in doses],
        ),
        Family("jwtstorm_proxy_toxics", "gauge", "Toxics.", [(_name(proxy), len(proxy.doses)) for proxy in every]),
        Family("jwtstorm_proxy_held_bytes", "gauge", "Memory held by toxics.", [({}, proxies.rules.budget.used_bytes)]),
    )


def _name(proxy: Proxy) -> dict[str, str]:
    return {"proxy": proxy.name}


def _traffic(proxy: Proxy, stream: PeerStream) -> dict[str, str]:
    return {"direction": stream.value, "proxy": proxy.name, "listener": proxy.listen, "upstream": proxy.upstream}


def _toxic(proxy: Proxy, dose: Dose) -> dict[str, str]:
    return {"proxy": proxy.name, "toxic": dose.name, "type": dose.toxic.kind, "direction": dose.direction.value}


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
