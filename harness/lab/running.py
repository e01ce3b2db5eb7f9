"""A running lab: starts what a plan asks for, tells where it is, and ends it."""

import os
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from harness.errors import LabError, UsageError
from harness.lab.clocks.faked_clock import Faked, FakedClock, sweep
from harness.lab.control.client import IssuerControl, TargetControl
from harness.lab.place import LOOPBACK, LabCertificates
from harness.lab.plan import ClientCredential, IssuerSettings, LabPlan, TargetSettings
from harness.lab.processes.child import Child
from harness.lab.processes.launch import PORT, Launch
from harness.lab.processes.launched import Launched
from harness.lab.toxiproxy.choice import URL_VARIABLE, ProxyChoice, choose
from harness.lab.toxiproxy.client import ProxyClient


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
        self.certificates: LabCertificates | None = None
        self._run = run
        self._shared_key: Mapping[str, str] | None = None
        self._served_by = ""
        self._near_issuer = ""
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
        return f"{self.plan.place.scheme}://{self.addresses['issuer']}/token" if self.issuer else None

    @property
    def ca(self) -> Path | None:
        """Return the certificate of the authority that its parts speak TLS by, or None in plaintext."""
        return self.certificates.ca if self.certificates else None

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
        if self.plan.place.tls:
            # Not in the run's folder, which is kept: the server's key is no part of a report.
            folder = self._undo.enter_context(TemporaryDirectory(prefix="jwtstorm-tls-"))
            self.certificates = LabCertificates.make(Path(folder), self.plan.place.names)
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
                self.addresses[link] = self._behind_proxy(link)

    def _behind_proxy(self, link: str) -> str:
        """Put the proxy before a part; return where clients reach that, by the plan's name for this machine."""
        listen = self._proxied(link, self.addresses[link])
        return f"{self.plan.place.name}:{listen.rpartition(':')[2]}" if self._ours(link) else listen

    def _ours(self, link: str) -> bool:
        """Tell whether the lab itself serves a link's end, at the place of the plan."""
        return bool(self.plan.issuer if link == "issuer" else self.plan.target)

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
        self.clients = self.plan.clients or tuple(
            ClientCredential(name, secrets.token_urlsafe(24)) for name in settings.client_ids
        )
        control_secret = secrets.token_urlsafe(24)
        if settings.algorithm == "HS256":
            self._shared_key = {"kid": "hs256-1", "secret": secrets.token_urlsafe(48)}
        ready = self._child(
            "issuer",
            "harness.lab.issuer",
            {
                **asdict(settings),
                "clients": [asdict(client) for client in self.clients],
                "control_secret": control_secret,
                "shared_key": self._shared_key,
                "given_key": None if self.plan.issuer_key is None else dict(self.plan.issuer_key),
                "public_url": self._public_url(),
                **self._listening("issuer", self.plan.place.issuer_port),
            },
        ).ready
        self.issuer = IssuerControl(ready["control_url"], control_secret)
        self.issuer_url = ready["url"]
        self._near_issuer = f"{LOOPBACK if 'issuer' in self.plan.links else self.plan.place.near}:{ready['port']}"
        self.addresses["issuer"] = self._reached("issuer", ready["port"])

    def _public_url(self) -> str:
        """Return what the issuer calls itself; its own port is not known before it listens.

        Where clients reach it by a proxy at a given port, it is that one, so that discovery leads there, too.
        """
        place = self.plan.place
        port = place.issuer_port if "issuer" in self.plan.links and place.issuer_port else PORT
        return f"{place.scheme}://{place.name}:{port}"

    def _reached(self, link: str, port: object) -> str:
        """Return where a part is reached: by clients, or by its proxy where it has one."""
        return f"{LOOPBACK if link in self.plan.links else self.plan.place.name}:{port}"

    def _listening(self, link: str, port: int) -> dict[str, Any]:
        """Return where a part listens; behind a proxy that has its port, on loopback and another."""
        proxied = link in self.plan.links
        return {
            "host": LOOPBACK if proxied else self.plan.place.address,
            "port": 0 if proxied else port,
            "tls": self.certificates.to_json() if self.certificates else None,
        }

    def _start_target(self, settings: TargetSettings) -> None:
        control_secret = secrets.token_urlsafe(24)
        jwks_url = self._link_jwks(settings.jwks_url or self._near_jwks_url())
        child = self._child(
            "target",
            "harness.lab.target",
            {
                **asdict(settings),
                "issuer": settings.issuer or self.issuer_url,
                "jwks_url": jwks_url,
                "control_secret": control_secret,
                "shared_key": self._shared_key if settings.issuer is None else None,
                **self._listening("target", self.plan.place.target_port),
            },
        )
        self.target = TargetControl(child.ready["control_url"], control_secret)
        self.addresses["target"] = self._reached("target", child.ready["address"].rpartition(":")[2])
        # Killed and started again, it must be found where it was.
        for port, address in (("port", child.ready["address"]), ("control_port", child.ready["control_url"])):
            child.again[port] = int(address.rpartition(":")[2])

    def _start_launch(self, launch: Launch) -> None:
        values = {}
        if self.issuer_url:
            values = {"issuer_url": self.issuer_url, "jwks_url": self._link_jwks(self._near_jwks_url())}
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

    def _near_jwks_url(self) -> str:
        """Return where the keys of the lab's own issuer are, past any proxy before it."""
        return f"{self.plan.place.scheme}://{self._near_issuer}/jwks.json"

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
        listen = self.proxy.create(name, upstream, self._proxy_place(link))
        if self.proxy_choice.kind == "url":
            self._undo.callback(self.proxy.delete, name, missing_ok=True)
        self.proxies[link] = name
        self.links[link] = {"listen": listen, "upstream": upstream, "served_by": self._served_by, "proxy": name}
        return listen

    def _proxy_place(self, link: str) -> str:
        """Return where a link's proxy listens: where its part would, without one."""
        if not self._ours(link) or link == "jwks":
            return f"{LOOPBACK}:0"
        place = self.plan.place
        port = place.issuer_port if link == "issuer" else place.target_port
        return f"[{place.address}]:{port}" if ":" in place.address else f"{place.address}:{port}"

    def _child(self, name: str, module: str, settings: Mapping[str, Any]) -> Child:
        child = Child.start(name, module, settings, self._run / f"{name}.log")
        self.children.append(child)
        self._undo.callback(child.stop)
        return child
