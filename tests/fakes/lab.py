"""A lab without processes: it carries out a fault's orders on plain data and keeps a record of them."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from harness.errors import LabError
from harness.results.fault_events import Command

LINKS = {"target": "p-target", "issuer": "p-issuer", "jwks": "p-jwks"}
"""The proxy of each link."""

OnCommand = Callable[[Command], None]


def _ignore(command: Command) -> None:
    del command


class FakeLab:
    """Issuer, target and proxies as data; ``on_command`` runs inside `do`, and may raise or look around."""

    def __init__(self, on_command: OnCommand = _ignore) -> None:
        self.done: list[Command] = []
        self.on_command = on_command
        self.now_ns = 1_000
        self._parts: dict[str, dict[str, Any]] = {
            "issuer": {
                "clock": _clock(),
                "generation": 1,
                "down": False,
                "faults": {},
                "keys": {"signs": "k1", "published": ["k1"], "steps": []},
            },
            "target": {"clock": _clock(), "expired_through": None, "revoked_through": None},
            "clock": {"clock": _clock()},
            "process": {"target": {"alive": True, "paused": False}},
            "command": {},
            **{f"proxy:{name}": {"name": name, "enabled": True, "toxics": []} for name in LINKS.values()},
        }

    def do(self, command: Command) -> Mapping[str, Any]:
        self.on_command(command)
        self.done.append(command)
        self.now_ns += 1
        orders: dict[str, Callable[..., Mapping[str, Any]]] = {
            "move_clock": self._move_clock, "set_down": self._set_down,
            "new_generation": self._new_generation, "expire_through": self._expire_through,
            "revoke_through": self._revoke_through, "set_enabled": self._set_enabled,
            "add_toxic": self._add_toxic, "remove_toxic": self._remove_toxic,
            "begin_fault": self._begin_fault, "end_fault": self._end_fault,
            "publish_key": self._key_step, "rotate": self._key_step, "retire_keys": self._key_step,
            "kill": self._process(alive=False), "start": self._process(alive=True),
            "run": self._run,
            "pause": self._process(paused=True), "resume": self._process(paused=False),
        }  # fmt: skip
        return {"at_ns": self.now_ns, **orders[command.action](command.part, **command.arguments)}

    def _run(self, part: str, step: str, deed: str, **_: Any) -> Mapping[str, Any]:
        self._parts[part].pop(step, None)
        if deed == "apply":
            self._parts[part][step] = {"exit_code": 0, "in_force": True}
        return {}

    def state(self, part: str) -> Mapping[str, Any]:
        return deepcopy(self._parts[part])

    def everything(self) -> Mapping[str, Any]:
        """Return the state of all parts, to compare before with after."""
        return deepcopy(self._parts)

    def _move_clock(self, part: str, skew_s: float, rate_ppm: float) -> Mapping[str, Any]:
        self._parts[part]["clock"] = {**_clock(), "offset_s": skew_s, "rate_ppm": rate_ppm}
        return {}

    def _set_down(self, part: str, down: bool) -> Mapping[str, Any]:
        self._parts[part]["down"] = down
        return {}

    def _new_generation(self, part: str) -> Mapping[str, Any]:
        ended = self._parts[part]["generation"]
        self._parts[part]["generation"] = ended + 1
        return {"generation": ended}

    def _expire_through(self, part: str, generation: int) -> Mapping[str, Any]:
        self._parts[part]["expired_through"] = generation
        return {}

    def _revoke_through(self, part: str, generation: int) -> Mapping[str, Any]:
        self._parts[part]["revoked_through"] = generation
        return {}

    def _begin_fault(self, part: str, step: str, **order: Any) -> Mapping[str, Any]:
        self._parts[part]["faults"][step] = json.loads(json.dumps(order))
        return {}

    def _end_fault(self, part: str, step: str) -> Mapping[str, Any]:
        self._parts[part]["faults"].pop(step, None)
        return {}

    def _key_step(self, part: str, step: str, **_: Any) -> Mapping[str, Any]:
        self._parts[part]["keys"]["steps"].append(step)
        return {}

    def _process(self, **changes: bool) -> Callable[..., Mapping[str, Any]]:
        def carry_out(part: str, name: str) -> Mapping[str, Any]:
            self._parts[part][name] |= changes
            return {}

        return carry_out

    def _set_enabled(self, part: str, proxy: str, enabled: bool) -> Mapping[str, Any]:
        self._parts[f"{part}:{proxy}"]["enabled"] = enabled
        return {}

    def _add_toxic(self, part: str, proxy: str, **toxic: Any) -> Mapping[str, Any]:
        self._toxics(part, proxy).append(toxic)
        return {}

    def _remove_toxic(self, part: str, proxy: str, toxic: str, missing_ok: bool = False) -> Mapping[str, Any]:
        toxics = self._toxics(part, proxy)
        left = [held for held in toxics if held["name"] != toxic]
        if len(left) == len(toxics) and not missing_ok:
            raise LabError(f"no toxic is called {toxic}")
        toxics[:] = left
        return {}

    def _toxics(self, part: str, proxy: str) -> list[dict[str, Any]]:
        toxics: list[dict[str, Any]] = self._parts[f"{part}:{proxy}"]["toxics"]
        return toxics


def _clock() -> dict[str, float]:
    return {"offset_s": 0.0, "rate_ppm": 0.0, "measured_s": 0.0, "bound_s": 0.001}
