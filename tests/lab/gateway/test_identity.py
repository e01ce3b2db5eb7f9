import base64
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lab.gateway.identity import TokenReader

KEY = b"k" * 32


def jwt(claims: object) -> bytes:
    return b"e30." + base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=") + b".sig"


def test_the_same_token_has_one_identity_whatever_stands_before_it() -> None:
    read = TokenReader(KEY).note
    assert len({read(value).identity for value in (b"Bearer one", b"bearer one", b"BEARER  one ", b"one")}) == 1
    assert read(b"Bearer two").identity != read(b"Bearer one").identity


def test_an_identity_means_nothing_under_another_key() -> None:
    assert TokenReader(KEY).note(b"t").identity != TokenReader(b"other").note(b"t").identity


def test_the_end_of_a_jwt_is_read() -> None:
    assert TokenReader(KEY).note(b"Bearer " + jwt({"exp": 1234.5})).ends_s == 1234.5


@pytest.mark.parametrize(
    "token",
    [b"opaque", b"a.b.c", b"", b"a.!!.c", jwt([]), jwt({}), jwt({"exp": "x"}), jwt({"exp": None}), jwt({"exp": 1e999})],
)
def test_what_tells_no_end_has_none(token: bytes) -> None:
    assert TokenReader(KEY).note(token).ends_s == math.inf


@given(st.binary(max_size=80))
def test_no_value_breaks_the_reader(value: bytes) -> None:
    note = TokenReader(KEY).note(value)
    assert 0 < note.identity < 1 << 64
