"""Whatever a client sends is parsed, or refused with a status and a text."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lab.proxy import wire
from harness.lab.proxy.errors import ApiError
from harness.lab.proxy.toxics import TOXICS

KEYS = st.sampled_from(
    ["name", "listen", "upstream", "enabled", "toxics", "type", "stream", "toxicity", "attributes", "latency", "bytes"]
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=5),
    max_leaves=12,
)
BODIES = st.one_of(st.binary(max_size=40), JSON.map(lambda value: json.dumps(value).encode()))
TOXIC_BODIES = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(TOXICS))},
    optional={"name": JSON, "stream": JSON, "toxicity": JSON, "attributes": JSON},
)


@pytest.mark.parametrize("strict", [False, True])
@given(body=BODIES)
def test_any_body_is_parsed_or_refused(body: bytes, strict: bool) -> None:
    for read in (wire.read_proxy, wire.read_proxies, wire.read_dose):
        with contextlib.suppress(ApiError):
            assert read(wire.parse(body), strict=strict) is not None


@given(body=TOXIC_BODIES)
def test_any_toxic_that_is_accepted_is_within_bounds(body: dict[str, Any]) -> None:
    with contextlib.suppress(ApiError):
        dose = wire.read_dose(body, strict=False)
        assert 0 <= dose.toxicity <= 1
        assert all(value >= 0 for value in dose.toxic.attributes().values())
        assert not dose.toxic.mistakes()
        assert json.dumps(dose.to_json(), allow_nan=False)


@given(body=TOXIC_BODIES)
def test_a_toxic_survives_its_own_json(body: dict[str, Any]) -> None:
    with contextlib.suppress(ApiError):
        dose = wire.read_dose(body, strict=False)
        assert wire.read_dose(dose.to_json(), strict=False) == dose


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b"[" * 100_000, b'{"name": NaN}', b'{"a": "\\ud800"}', b"1" * 10_000, b"null x", b"   "],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError, match="bad request body"):
        wire.parse(body)


def test_toxics_of_one_proxy_have_different_names() -> None:
    with pytest.raises(ApiError, match="already exists"):
        wire.read_proxy({"name": "a", "toxics": [{"type": "noop"}, {"type": "noop"}]}, strict=False)


def test_a_bad_toxic_inside_a_proxy_refuses_the_proxy() -> None:
    with pytest.raises(ApiError, match="invalid toxic type"):
        wire.read_proxies([{"name": "a", "upstream": "x:1", "toxics": [{"type": "fire"}]}], strict=False)
