"""The description is complete, and no request that is made from it, right or wrong, hurts the server."""

import json
import re
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.lab.proxy.app import ROUTES, VERSION
from harness.lab.proxy.openapi import describe
from harness.lab.proxy.toxics import TOXICS
from tests.lab.proxy.conftest import Server

DESCRIPTION = describe(VERSION)
OPERATIONS = [
    (method, path, operation)
    for path, item in DESCRIPTION["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
]
NAMES = st.sampled_from(["a", "b", "latency_downstream", "x"]) | st.text(min_size=1, max_size=6)
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ADDRESSES = ("127.0.0.1:0", "localhost:0", "nonsense", "127.0.0.1:99999", "", "[::1]:0", "192.0.2.1:80")


def _values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values of a schema, right ones and, now and then, wrong ones; the same schema has them made once."""
    return _made(json.dumps(schema, sort_keys=True))


@cache
def _made(schema: str) -> st.SearchStrategy[Any]:
    said = json.loads(schema)
    return st.one_of(_right(said), _right(said), _right(said), JUNK)


def _right(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _values(DESCRIPTION["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "oneOf" in schema:
        return st.one_of([_values(one) for one in schema["oneOf"]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    makers = {"object": _objects, "array": _arrays, "integer": _integers, "number": _numbers}
    make = makers.get(schema["type"])
    return make(schema) if make else {"boolean": st.booleans(), "null": st.none()}.get(schema["type"], NAMES)


def _objects(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    fields = {
        name: st.sampled_from(ADDRESSES) if name in {"listen", "upstream"} else _values(part)
        for name, part in schema.get("properties", {}).items()
    }
    required = {name: fields.pop(name) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=fields)


def _arrays(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.lists(_values(schema["items"]), max_size=3)


def _integers(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.integers(schema["minimum"], schema["maximum"])


def _numbers(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.floats(schema["minimum"], schema["maximum"])


def _bodies(operation: dict[str, Any]) -> st.SearchStrategy[str | bytes | None]:
    if "requestBody" not in operation:
        return st.none()
    right = _values(operation["requestBody"]["content"]["application/json"]["schema"]).map(json.dumps)
    return st.one_of(right, right, right, st.binary(max_size=20))


REQUESTS = st.one_of(
    [
        st.tuples(st.just(method), st.just(path), st.tuples(NAMES, NAMES), _bodies(operation), st.just(operation))
        for method, path, operation in OPERATIONS
    ]
)


def _quoted(name: str) -> str:
    return "".join(f"%{byte:02X}" for byte in name.encode(errors="replace"))


@pytest.mark.e2e
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=REQUESTS)
def test_every_request_is_answered_as_described(
    embedded: Server, asked: tuple[str, str, tuple[str, str], str | bytes | None, dict[str, Any]]
) -> None:
    method, path, (proxy, toxic), body, operation = asked
    path = path.replace("{proxy}", _quoted(proxy)).replace("{toxic}", _quoted(toxic))
    answer = embedded.ask(f"{method.upper()} {path}", body)
    assert str(answer.status) in {*operation["responses"], "404"}, answer.body
    if answer.status >= 400 and answer.status != 404:
        assert answer.error()
        assert "mistake of the proxy" not in answer.error()


def test_every_route_is_described_and_nothing_else() -> None:
    described = {(method.upper(), path) for method, path, _ in OPERATIONS}
    served = {(method, path) for path, _, methods in ROUTES for method in methods}
    others = {(method, "/metrics") for method in ("POST", "PUT", "PATCH", "DELETE")}
    assert described == served - others


def test_every_toxic_and_each_of_its_attributes_is_described() -> None:
    described = {
        one["properties"]["type"]["const"]: set(one["properties"]["attributes"]["properties"])
        for one in DESCRIPTION["components"]["schemas"]["NewToxic"]["oneOf"]
    }
    assert described == {kind: set(toxic.wires()) for kind, toxic in TOXICS.items()}


def test_every_reference_leads_somewhere() -> None:
    names = re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DESCRIPTION))
    assert set(names) <= set(DESCRIPTION["components"]["schemas"])


@pytest.mark.e2e
def test_the_description_is_served(embedded: Server) -> None:
    assert embedded.ask("GET /openapi.json").json() == DESCRIPTION
