"""The client of a Toxiproxy, real or embedded, over the package toxiproxy-python.

The package keeps its server's address in the class `APIConsumer`, for the whole process, waits for
ever, knows no update of a toxic and takes a 500 for a proxy. So each client here makes a subclass of
its own (an address of its own), gives every request a timeout, sends the requests the package
lacks, casts attributes to whole numbers, and turns every failure into one `LinkError`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

from harness.clock import monotonic_ns
from harness.errors import LinkError, UsageError

TIMEOUT_S = 2.0
AT_HEADER = "x-jwtstorm-at-ns"
"""Sent by the embedded server: the monotonic time at which a change took effect."""
NO_SYSTEM_PROXIES = {"http": None, "https": None, "all": None}
REFUSED = {ProxyExists: 409, NotFound: 404, InvalidToxic: 400}


@dataclass(frozen=True)
class ToxicState:
    """A toxic as the server shows it."""

    name: str
    kind: str
    stream: str
    toxicity: float
    attributes: Mapping[str, int]


@dataclass(frozen=True)
class ProxyState:
    """A proxy as the server shows it."""

    name: str
    listen: str
    upstream: str
    enabled: bool
    toxics: Sequence[ToxicState]


class ProxyClient:
    """Commands to the Toxiproxy at ``url``, each answered within ``timeout_s`` or a `LinkError`.

    Changes return ``{"at_ns": …}``, the monotonic time at which they took effect: the server's own
    where it tells (the embedded one does), else when its answer came.
    """

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S) -> None:
        self.url = url
        self._timeout_s = timeout_s
        self._api = _consumer(url)

    def version(self) -> str:
        """Return the server's version."""
        return str(self._object(self._ask("get", "/version"), "/version").get("version", "unknown"))

    def create(self, name: str, upstream: str, listen: str = "127.0.0.1:0", *, enabled: bool = True) -> str:
        """Create a proxy; return its listen address, ``host:port``."""
        body = {"name": name, "upstream": upstream, "listen": listen, "enabled": enabled}
        return _proxy_state(self._object(self._ask("post", "/proxies", body), "/proxies")).listen

    def delete(self, name: str, *, missing_ok: bool = False) -> dict[str, int]:
        """Delete a proxy and close its connections."""
        return self._change("delete", _path(name), missing_ok=missing_ok)

    def set_enabled(self, proxy: str, enabled: bool) -> dict[str, int]:
        """Let a proxy listen again, or close its listener and all its connections."""
        return self._change("post", _path(proxy), {"enabled": enabled})

    def add_toxic(
        self,
        proxy: str,
        name: str,
        kind: str,
        stream: str,
        toxicity: float = 1.0,
        attributes: Mapping[str, float] = MappingProxyType({}),
    ) -> dict[str, int]:
        """Add a toxic; attributes in Toxiproxy's units, rounded to whole numbers."""
        body = {"name": name, "type": kind, "stream": stream, "toxicity": toxicity, "attributes": _whole(attributes)}
        return self._change("post", _path(proxy, "toxics"), body)

    def update_toxic(
        self, proxy: str, toxic: str, attributes: Mapping[str, float], toxicity: float | None = None
    ) -> dict[str, int]:
        """Change attributes, and the toxicity unless None; what is not named stays."""
        body: dict[str, Any] = {"attributes": _whole(attributes)}
        if toxicity is not None:
            body["toxicity"] = toxicity
        return self._change("post", _path(proxy, "toxics", toxic), body)

    def remove_toxic(self, proxy: str, toxic: str, *, missing_ok: bool = False) -> dict[str, int]:
        """Remove a toxic; with ``missing_ok``, one that is not there is none."""
        return self._change("delete", _path(proxy, "toxics", toxic), missing_ok=missing_ok)

    def read(self, proxy: str) -> ProxyState:
        """Return the state of one proxy."""
        return _proxy_state(self._object(self._ask("get", _path(proxy)), _path(proxy)))

    def proxies(self) -> dict[str, ProxyState]:
        """Return all proxies by name."""
        found = self._object(self._ask("get", "/proxies"), "/proxies")
        return {name: _proxy_state(proxy) for name, proxy in found.items()}

    def _change(self, method: str, path: str, body: Any = None, *, missing_ok: bool = False) -> dict[str, int]:
        answer = self._ask(method, path, body, missing_ok=missing_ok)
        told = answer.headers.get(AT_HEADER, "") if answer is not None else ""
        return {"at_ns": int(told) if told.isdigit() else monotonic_ns()}

    def _ask(self, method: str, path: str, body: Any = None, *, missing_ok: bool = False) -> Any:
        """Return the server's answer, or None for what is missing and may be."""
        options = {"timeout": self._timeout_s, "proxies": NO_SYSTEM_PROXIES, "allow_redirects": False}
        if body is not None:
            options["json"] = body
        try:
            answer = getattr(self._api, method)(path, **options)
        except NotFound as error:
            if missing_ok:
                return None
            raise self._refused(method, path, 404, error) from error
        except (ProxyExists, InvalidToxic) as error:
            raise self._refused(method, path, REFUSED[type(error)], error) from error
        except (requests.RequestException, ValueError) as error:
            raise LinkError(
                f"the proxy at {self.url} did not answer {method.upper()} {path} within {self._timeout_s:g} s "
                f"({type(error).__name__}); is it running? Restart it if it hangs"
            ) from error
        if not 200 <= answer.status_code < 300:
            raise self._refused(method, path, answer.status_code, answer.content)
        return answer

    def _refused(self, method: str, path: str, status: int, said: object) -> LinkError:
        content = said.args[0] if isinstance(said, Exception) and said.args else said
        text = _text(content if isinstance(content, bytes) else str(content).encode())
        return LinkError(f"the proxy at {self.url} refused {method.upper()} {path} with {status}: {text}")

    def _object(self, answer: Any, path: str) -> Mapping[str, Any]:
        try:
            value = answer.json()
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise LinkError(f"{self.url}{path} answered no JSON object; is that a Toxiproxy?")
        return value


def _consumer(url: str) -> type[Any]:
    """Return a class with the address of one server; the package's own class stays as it is."""
    try:
        parts = urlsplit(url if "//" in url else f"http://{url}")
        port = parts.port or 8474
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme != "http" or not parts.hostname or parts.path.strip("/") or parts.username:
        raise UsageError(f"Toxiproxy at {url!r}: want http://host:port, as in TOXIPROXY_URL=http://127.0.0.1:8474")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return type("Consumer", (APIConsumer,), {"host": host, "port": port})


def _text(content: bytes) -> str:
    """Return what an error's body says: its ``error``, or the body."""
    try:
        return str(json.loads(content)["error"])[:300]
    except (ValueError, KeyError, TypeError):
        return content.decode(errors="replace").strip()[:300] or "it gave no reason"


def _path(proxy: str, *rest: str) -> str:
    return "/".join(["/proxies", *(quote(name, safe="") for name in (proxy, *rest))])


def _whole(attributes: Mapping[str, float]) -> dict[str, int]:
    return {name: round(value) for name, value in attributes.items()}


def _proxy_state(data: Mapping[str, Any]) -> ProxyState:
    try:
        toxics = tuple(
            ToxicState(toxic["name"], toxic["type"], toxic["stream"], toxic["toxicity"], toxic["attributes"])
            for toxic in data.get("toxics") or ()
        )
        return ProxyState(data["name"], data["listen"], data["upstream"], data["enabled"], toxics)
    except (KeyError, TypeError, AttributeError) as error:
        raise LinkError(f"the proxy answered with a proxy that lacks {error}; is that a Toxiproxy?") from error
