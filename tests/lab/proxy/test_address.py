import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lab.proxy.address import Address, bound, listen, resolve, split
from harness.lab.proxy.errors import ApiError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:80", Address("127.0.0.1", 80)),
        ("[::1]:80", Address("::1", 80)),
        (":80", Address("", 80)),
        ("host:", Address("host", 0)),
        ("[::]:0", Address("::", 0)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: Address) -> None:
    assert split(text) == address


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", "missing port in address"),
        ("nonsense", "address nonsense: missing port in address"),
        ("::1:80", "too many colons in address"),
        ("a:99999", "address 99999: invalid port"),
        ("a:http-alt", "unknown port"),
        ("a:-1", "unknown port"),
        ("a:٣", "unknown port"),
        ("[::1]", "missing port in address"),
    ],
)
def test_what_is_no_address_is_refused(text: str, refusal: str) -> None:
    with pytest.raises(ApiError, match=refusal):
        split(text)


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    with contextlib.suppress(ApiError):
        assert 0 <= split(text).port <= 65535


@given(st.ip_addresses().map(str), st.integers(0, 65535))
def test_an_address_survives_its_own_text(host: str, port: int) -> None:
    assert split(str(Address(host, port))) == Address(host, port)


def test_a_name_is_resolved_to_a_number_of_the_older_family_first() -> None:
    assert asyncio.run(resolve("localhost:5")) == Address("127.0.0.1", 5)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ApiError, match=r"lookup nowhere\.invalid: no such host"):
        asyncio.run(resolve("nowhere.invalid:5"))


def test_a_name_that_no_resolver_takes_is_refused() -> None:
    with pytest.raises(ApiError, match="no such host"):
        asyncio.run(resolve("x" * 300 + ":5"))


def test_a_listener_names_its_real_port() -> None:
    with listen(Address("127.0.0.1", 0)) as listener:
        assert bound(listener).port > 0
