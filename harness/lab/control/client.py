"""The client's side of the control ports: what chaos does to the issuer and to the target."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3

from harness.clock import wall
from harness.errors import LabError

TIMEOUT_S = 2.0


@dataclass(frozen=True)
class ControlPort:
    """The control port of one child: where it is and its secret, which no repr shows."""

    name: str
    url: str
    secret: str = field(repr=False)
    _pool: urllib3.PoolManager = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        timeout = urllib3.Timeout(total=TIMEOUT_S)
        pool = urllib3.PoolManager(
            timeout=timeout, retries=False, headers={"authorization": f"Bearer {self.secret}"}, maxsize=2
        )
        object.__setattr__(self, "_pool", pool)

    def order(self, command: str, /, **settings: Any) -> dict[str, Any]:
        """Carry out a command and return its answer, which holds ``at_ns`` where it changed something.

        Raises `LabError` when the child does not answer within `TIMEOUT_S` or refuses.
        """
        try:
            answer = self._pool.request("POST", f"{self.url}/{command}", json=settings)
            body = answer.json()
        except (urllib3.exceptions.HTTPError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise LabError(
                f"the {self.name} did not answer {command} ({type(error).__name__}); see {self.name}.log of the run"
            ) from error
        if answer.status != 200 or not isinstance(body, dict):
            text = body.get("error") if isinstance(body, dict) else "no JSON object"
            raise LabError(f"the {self.name} refused {command} with {answer.status}: {text}")
        return body

    def state(self) -> dict[str, Any]:
        """Return the child's state, its clock measured against ours.

        ``clock.measured_s`` is the offset that was measured, ``clock.bound_s`` how wrong it can be:
        half the time of the request. Source: Cristian, "Probabilistic clock synchronization", 1989.
        """
        asked_s = wall()
        state = self.order("state")
        answered_s = wall()
        clock = state["clock"]
        clock["measured_s"] = clock["wall_s"] - (asked_s + answered_s) / 2
        clock["bound_s"] = (answered_s - asked_s) / 2
        return state


class IssuerControl:
    """Chaos at the issuer; every answer of a change holds ``at_ns``, when it took effect."""

    def __init__(self, url: str, secret: str) -> None:
        self._port = ControlPort("issuer", url, secret)

    def state(self) -> dict[str, Any]:
        """Return clock, generation, keys, counters, whether it is ``down``, and the ``faults`` in force by step."""
        return self._port.state()

    def move_clock(self, skew_s: float, rate_ppm: float = 0.0) -> dict[str, Any]:
        """Put the minting clock ``skew_s`` ahead and let it drift from there."""
        return self._port.order("move_clock", skew_s=skew_s, rate_ppm=rate_ppm)

    def new_generation(self) -> dict[str, Any]:
        """Begin a generation of tokens; ``generation`` in the answer is the one that ended."""
        return self._port.order("new_generation")

    def set_down(self, down: bool) -> dict[str, Any]:
        """Close the public port and abort its connections, or listen on it again."""
        return self._port.order("set_down", down=down)

    def begin_fault(self, step: str, fault: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Put a fault of `harness.faults.in_issuer` in force; ``fault`` is ``module:Class``."""
        return self._port.order("begin_fault", step=step, fault=fault, settings=settings)

    def end_fault(self, step: str) -> dict[str, Any]:
        """End a step's fault, if it is in force."""
        return self._port.order("end_fault", step=step)

    def publish_key(self, step: str = "") -> dict[str, Any]:
        """Publish the key that will sign next, or the hidden one that signs; ``step`` is noted."""
        return self._port.order("publish_key", step=step)

    def rotate(self, overlap: bool, publish: bool = True, step: str = "") -> dict[str, Any]:
        """Sign with the next key; published keys stay where ``overlap``, the new one is published where ``publish``."""
        return self._port.order("rotate", overlap=overlap, publish=publish, step=step)

    def retire_keys(self, step: str = "") -> dict[str, Any]:
        """Publish no key that signs no more."""
        return self._port.order("retire_keys", step=step)


class TargetControl:
    """Chaos at the target; every answer of a change holds ``at_ns``, when it took effect."""

    def __init__(self, url: str, secret: str) -> None:
        self._port = ControlPort("target", url, secret)

    def state(self) -> dict[str, Any]:
        """Return clock, counters, ``leeway_s``, ``work_s``, ``expired_through``, ``revoked_through``."""
        return self._port.state()

    def move_clock(self, skew_s: float, rate_ppm: float = 0.0) -> dict[str, Any]:
        """Put the verifier's clock ``skew_s`` ahead and let it drift from there."""
        return self._port.order("move_clock", skew_s=skew_s, rate_ppm=rate_ppm)

    def expire_through(self, generation: int | None) -> dict[str, Any]:
        """Reject tokens up to a generation as expired; None rejects none."""
        return self._port.order("expire_through", generation=generation)

    def revoke_through(self, generation: int | None) -> dict[str, Any]:
        """Reject tokens up to a generation as revoked; None rejects none."""
        return self._port.order("revoke_through", generation=generation)

    def set_leeway(self, leeway_s: float) -> dict[str, Any]:
        """Forgive that much clock skew."""
        return self._port.order("set_leeway", leeway_s=leeway_s)

    def set_work(self, work_s: float) -> dict[str, Any]:
        """Let every handler take that long."""
        return self._port.order("set_work", work_s=work_s)

    def stall(self, seconds: float) -> dict[str, Any]:
        """Hold all answers back for so long; ``until_ns`` in the answer is when they go out."""
        return self._port.order("stall", seconds=seconds)


class GatewayControl:
    """Chaos at the gateway, and its listeners; every answer of a change holds ``at_ns``, when it took effect."""

    def __init__(self, url: str, secret: str) -> None:
        self._port = ControlPort("gateway", url, secret)

    def state(self) -> dict[str, Any]:
        """Return clock, listeners, counts of connections and trouble, faults in force, rows and health."""
        return self._port.state()

    def move_clock(self, skew_s: float, rate_ppm: float = 0.0) -> dict[str, Any]:
        """Put the clock by which tokens' lives are told ``skew_s`` ahead and let it drift from there."""
        return self._port.order("move_clock", skew_s=skew_s, rate_ppm=rate_ppm)

    def open_listener(self, copy: int, **settings: Any) -> str:
        """Open a copy's listener and return its address; ``listen``, ``tls`` and ``upstream`` may be given."""
        return str(self._port.order("open_listener", copy=copy, **settings)["address"])

    def close_listener(self, copy: int, *, drain: bool = True) -> dict[str, Any]:
        """Close a copy's listener, and its connections: once their calls are over, or at once."""
        return self._port.order("close_listener", copy=copy, drain=drain)

    def set_fault(self, name: str, fault: Mapping[str, Any], bit: int | None = None) -> dict[str, Any]:
        """Let a fault begin: its ``kind`` and settings; ``bit`` in the answer is its place in the rows."""
        return self._port.order("set_fault", name=name, fault=dict(fault), bit=bit)

    def clear_fault(self, name: str) -> dict[str, Any]:
        """Let a fault end."""
        return self._port.order("clear_fault", name=name)

    def drain(self, within_s: float = 1.5) -> dict[str, Any]:
        """Close all listeners, let calls end within less than `TIMEOUT_S`, and promise ``rows``."""
        return self._port.order("drain", within_s=within_s)
