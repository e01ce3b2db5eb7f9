"""A running lab: starts what a plan asks for, tells where it is, and ends it."""

import os
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from harness.errors import LabError, UsageError
from harness.lab.clocks.faked_clock import Faked, FakedClock, sweep
from harness.lab.control.client import IssuerControl, TargetControl
from harness.lab.plan import IssuerSettings, LabPlan, TargetSettings
from harness.lab.processes.child import Child
from harness.lab.processes.launch import Launch
from harness.lab.processes.launched import Launched
from harness.lab.toxiproxy.choice import URL_VARIABLE, ProxyChoice, choose
from harness.lab.toxiproxy.client import ProxyClient


@dataclass(frozen=True)
class ClientCredential:
    """Credentials of one client of the issuer; the repr does not show the secret."""

    client_id: str
    secret: str = field(repr=False)


class Lab:
    """The parts of one run; make one with `start`, end it with `stop`.

    ``addresses`` tells ``host:port`` by link name, the proxy's where the link is proxied;
    ``proxies`` the proxy's name of each proxied link; ``links`` describes those for run.json.
    """

    def __init__(self, plan: LabPlan, run: Path) -> None:
        self.plan = plan
        self.issuer: IssuerControl | None = None
        self.target: TargetControl | None = None
        self.faked: FakedClock | None = None
        self.proxy: ProxyClient | None = None
        self.proxy_choice: ProxyChoice | None = None
        self.addresses: dict[str, str] = dict(plan.foreign)
        self.proxies: dict[str, str] = {}
        self.links: dict[str, dict[str, str]] = {}
        self.clients: tuple[ClientCredential, ...] = ()
        self.children: list[Child | Launched] = []
        self.issuer_url: str | None = None
        self._run = run
        self._shared_key: Mapping[str, str] | None = None
        self._served_by = ""
        self._undo = ExitStack()

    @classmethod
    def start(cls, plan: LabPlan, run: Path) -> "Lab":
        """Start all parts; their logs lie in ``run``.

        Start it from a thread that lives as long as the lab. Raises `harness.errors.LabError`,
        and `harness.errors.UsageError` where the Toxiproxy that is named does not answer; a failed
        start stops what was started.
        """
        lab = cls(plan, run)
        try:
            lab._start()
        except BaseException:
            lab.stop()
            raise
        return lab

    @property
    def token_url(self) -> str | None:
        """Return where clients ask for tokens, over the proxy where the link has one."""
        return f"http://{self.addresses['issuer']}/token" if self.issuer else None

    @property
    def issuer_key(self) -> Mapping[str, str]:
        """Return the issuer's first key (``kid``, and ``pem`` or ``secret``); empty where it made that itself."""
        return dict(self.plan.issuer_key or self._shared_key or {})

    @property
    def clock(self) -> TargetControl | FakedClock | None:
        """Return what moves the verifier's clock, where something can."""
        return self.faked or self.target

    def stop(self) -> None:
        """End all parts, last started first; idempotent."""
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        if self.plan.links:
            self._start_proxy()
        if self.plan.issuer:
            self._start_issuer(self.plan.issuer)
        if self.plan.target:
            self._start_target(self.plan.target)
        if self.plan.launch:
            self._start_launch(self.plan.launch)
        for link in ("issuer", "target"):
            if link in self.plan.links:
                self.addresses[link] = self._proxied(link, self.addresses[link])

    def _start_proxy(self) -> None:
        choice = choose() if self.plan.environ is None else choose(self.plan.environ)
        url = choice.url
        if choice.path:
            url = self._child("toxiproxy", "harness.lab.toxiproxy.binary", {"path": choice.path}).ready["url"]
        elif url is None:
            seed = {} if self.plan.seed is None else {"seed": self.plan.seed}
            url = self._child("proxy", "harness.lab.proxy", {"port": 0, **seed}).ready["url"]
        self.proxy_choice = choice
        self.proxy = ProxyClient(url)
        try:
            self._served_by = f"{choice.kind} {self.proxy.version()}"
        except LabError as error:
            if choice.kind != "url":
                raise
            raise UsageError(
                f"{error}; start the Toxiproxy that {URL_VARIABLE} names, or unset {URL_VARIABLE}"
            ) from error

    def _start_issuer(self, settings: IssuerSettings) -> None:
        self.clients = tuple(ClientCredential(name, secrets.token_urlsafe(24)) for name in settings.client_ids)
        control_secret = secrets.token_urlsafe(24)
        if settings.algorithm == "HS256":
            self._shared_key = {"kid": "hs256-1", "secret": secrets.token_urlsafe(48)}
        ready = self._child(
            "issuer",
            "harness.lab.issuer",
            {
                **asdict(settings),
                "clients": {client.client_id: client.secret for client in self.clients},
                "control_secret": control_secret,
                "shared_key": self._shared_key,
                "given_key": None if self.plan.issuer_key is None else dict(self.plan.issuer_key),
            },
        ).ready
        self.issuer = IssuerControl(ready["control_url"], control_secret)
        self.issuer_url = ready["url"]
        self.addresses["issuer"] = urlsplit(ready["url"]).netloc

    def _start_target(self, settings: TargetSettings) -> None:
        control_secret = secrets.token_urlsafe(24)
        jwks_url = self._link_jwks(settings.jwks_url or f"{self.issuer_url}/jwks.json")
        child = self._child(
            "target",
            "harness.lab.target",
            {
                **asdict(settings),
                "issuer": settings.issuer or self.issuer_url,
                "jwks_url": jwks_url,
                "control_secret": control_secret,
                "shared_key": self._shared_key if settings.issuer is None else None,
            },
        )
        self.target = TargetControl(child.ready["control_url"], control_secret)
        self.addresses["target"] = child.ready["address"]
        # Killed and started again, it must be found where it was.
        for port, address in (("port", child.ready["address"]), ("control_port", child.ready["control_url"])):
            child.again[port] = int(address.rpartition(":")[2])

    def _start_launch(self, launch: Launch) -> None:
        values = {}
        if self.issuer_url:
            values = {"issuer_url": self.issuer_url, "jwks_url": self._link_jwks(f"{self.issuer_url}/jwks.json")}
        faked = Faked.prepare(launch, self._run, os.environ) if launch.faketime else None
        log, environ = self._run / "target.log", faked.environ if faked else None
        launched = Launched.start("target", launch, log, values, environ)
        self.children.append(launched)
        if faked:
            self._undo.callback(sweep)  # after the program has ended: it is called after what comes next
        self._undo.callback(launched.stop)
        self.addresses["target"] = launched.address
        if faked:
            self.faked = FakedClock(faked, launched.pid)
            self._undo.callback(self.faked.stop)

    def _link_jwks(self, url: str) -> str:
        """Return where the target reads its keys: over the proxy, where the link has one."""
        if "jwks" not in self.plan.links:
            return url
        parts = urlsplit(url)
        self.addresses["jwks"] = self._proxied("jwks", parts.netloc)
        return urlunsplit(parts._replace(netloc=self.addresses["jwks"]))

    def _proxied(self, link: str, upstream: str) -> str:
        """Put the proxy on a link; return the address that the link's user connects to."""
        assert self.proxy  # noqa: S101 - a plan with links starts the proxy
        assert self.proxy_choice  # noqa: S101
        # A foreign Toxiproxy may serve others, and runs of ours that died: the name is this run's own.
        name = f"jwtstorm-{self._run.name}-{secrets.token_hex(3)}-{link}"
        listen = self.proxy.create(name, upstream)
        if self.proxy_choice.kind == "url":
            self._undo.callback(self.proxy.delete, name, missing_ok=True)
        self.proxies[link] = name
        self.links[link] = {"listen": listen, "upstream": upstream, "served_by": self._served_by, "proxy": name}
        return listen

    def _child(self, name: str, module: str, settings: Mapping[str, Any]) -> Child:
        child = Child.start(name, module, settings, self._run / f"{name}.log")
        self.children.append(child)
        self._undo.callback(child.stop)
        return child
