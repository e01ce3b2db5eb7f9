"""What clients send: JSON bodies, parsed at the edge into settings, or refused with a clear text.

Keys are compared without regard to case and unknown ones of an object are ignored, as the original
does; an attribute that a toxic does not have is refused, because a fault that is misspelt would
otherwise never happen. ``strict`` accepts and refuses what the original does.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.lab.proxy.dose import Dose
from harness.lab.proxy.errors import ApiError, bad_body, bad_stream, bad_type, missing_field, toxic_exists
from harness.lab.proxy.toxics import TOXICS, Toxic

JsonObject = Mapping[str, Any]

MOST_STRICT = 2**63 - 1
KINDS = {str: "a string", bool: "true or false", dict: "an object", list: "an array"}


@dataclass(frozen=True)
class ProxyInput:
    """A proxy as a client describes it; None where it says nothing."""

    name: str = ""
    listen: str | None = None
    upstream: str | None = None
    enabled: bool | None = None
    toxics: tuple[Dose, ...] | None = None

    def require(self, where: str = "") -> None:
        """Raise `ApiError` 400 where a new proxy would lack its name or its upstream."""
        for field in ("name", "upstream"):
            if not getattr(self, field):
                raise missing_field(field + where)


def parse(body: bytes) -> Any:
    """Return the JSON value of a body; raises `ApiError` 400."""
    if not body.strip():
        raise bad_body("EOF")
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
        json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate could never be named again
    except RecursionError:
        raise bad_body("nested too deeply") from None
    except ValueError as error:
        raise bad_body(str(error)) from None
    return value


def read_proxy(value: Any, *, strict: bool) -> ProxyInput:
    """Return the proxy that a JSON object describes."""
    given = _object(value, "a proxy")
    name = _get(given, "name", str) or ""
    if not strict and (name in {".", ".."} or "/" in name):
        raise ApiError(400, f"name: {name!r} cannot stand in a URL; leave out '/', '.' and '..'")
    toxics = None if strict else _get(given, "toxics", list)
    return ProxyInput(
        name,
        _get(given, "listen", str),
        _get(given, "upstream", str),
        _get(given, "enabled", bool),
        None if toxics is None else _doses(toxics),
    )


def read_proxies(value: Any, *, strict: bool) -> list[ProxyInput]:
    """Return the proxies of a configuration; all are checked before any is made."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise bad_body(f"want an array of proxies, not {_kind_of(value)}")
    proxies = [read_proxy(item, strict=strict) for item in value]
    for number, proxy in enumerate(proxies, start=1):
        proxy.require(f" at proxy {number}")
    return proxies


def read_dose(value: Any, *, strict: bool) -> Dose:
    """Return the toxic that a JSON object describes."""
    given = _object(value, "a toxic")
    kind = _get(given, "type", str) or ""
    stream = _get(given, "stream", str)
    stream = "downstream" if stream is None else stream
    toxicity = _toxicity(given, 1.0, strict=strict)
    name = _get(given, "name", str) or f"{kind}_{stream}"
    if stream.lower() not in {"upstream", "downstream"}:
        raise bad_stream()
    if kind not in TOXICS:
        raise bad_type()
    if not strict and (name in {".", ".."} or "/" in name):
        raise ApiError(400, f"name: {name!r} cannot stand in a URL; leave out '/', '.' and '..'")
    return Dose(name, stream, toxicity, _attributes(given, TOXICS[kind](), strict=strict))


def read_change(value: Any, dose: Dose, *, strict: bool) -> tuple[Toxic, float]:
    """Return a toxic's attributes and toxicity after an edit; what is not named stays."""
    given = _object(value, "a toxic")
    return _attributes(given, dose.toxic, strict=strict), _toxicity(given, dose.toxicity, strict=strict)


def _doses(values: list[Any]) -> tuple[Dose, ...]:
    doses = tuple(read_dose(value, strict=False) for value in values)
    if len({dose.name for dose in doses}) < len(doses):
        raise toxic_exists()
    return doses


def _attributes(given: JsonObject, toxic: Toxic, *, strict: bool) -> Toxic:
    attributes = _object(_get(given, "attributes", dict) or {}, "attributes")
    known = toxic.wires()
    if not strict and (strange := sorted(set(attributes) - set(known))):
        names = ", ".join(sorted(known)) or "none"
        raise ApiError(400, f"attribute {strange[0]!r} is unknown to {toxic.kind}; known are {names}")
    numbers = {
        field.name: _whole(wire, attributes[wire], 0 if not strict else -MOST_STRICT, field.metadata, strict=strict)
        for wire, field in known.items()
        if attributes.get(wire) is not None
    }
    toxic = replace(toxic, **numbers)
    if not strict and (mistakes := toxic.mistakes()):
        raise ApiError(400, mistakes[0])
    return toxic


def _whole(wire: str, value: Any, least: int, about: Mapping[str, Any], *, strict: bool) -> int:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or (isinstance(value, float) and (strict or not value.is_integer())):
        raise bad_body(f"attribute {wire} must be a whole number, not {value!r}"[:200])
    most = MOST_STRICT if strict else about["most"]
    if not least <= value <= most:
        raise ApiError(400, f"attribute {wire}: {value} is outside {least} to {most} {about['unit']}"[:200])
    return int(value)


def _toxicity(given: JsonObject, default: float, *, strict: bool) -> float:
    value = given.get("toxicity")
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise bad_body(f"toxicity must be a number, not {_kind_of(value)}")
    if not strict and not 0 <= value <= 1:
        raise ApiError(400, f"toxicity: {value} is outside 0 to 1"[:200])
    return float(value)


def _object(value: Any, what: str) -> JsonObject:
    if not isinstance(value, dict):
        raise bad_body(f"want {what} as an object, not {_kind_of(value)}")
    return {key.lower(): item for key, item in value.items()}


def _get(given: JsonObject, key: str, kind: type) -> Any:
    value = given.get(key)
    if value is None or isinstance(value, kind):
        return value
    raise bad_body(f"{key} must be {KINDS[kind]}, not {_kind_of(value)}")


def _kind_of(value: Any) -> str:
    return KINDS.get(type(value), "null" if value is None else "a number")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
