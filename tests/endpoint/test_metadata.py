import asyncio
from typing import Any

import grpc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.endpoint.metadata import Metadata, carrying, key_mistakes, sendable, text_mistakes, unsendable

BYTES: Metadata = (("token-bin", b"\x00\xff"),)


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ((("authorization", "Bearer a.b.c"),), ""),
        ((("x", ""),), ""),
        (BYTES, ""),
        ((("authorization", "Bearer \ufeffeyJ"),), "the value of authorization holds U+FEFF at character 8"),
        ((("authorization", "Bearer a\nb"),), "U+000A at character 9"),
        ((("authorization", "a\x7f"),), "U+007F at character 2"),
        ((("ok", "ok"), ("Authorization", "a")), "key 'Authorization' is no metadata key"),
        ((("x y", "a"),), "key 'x y'"),
        ((("", "a"),), "key ''"),
        ((("x-bin", "text"),), "its key ends in -bin"),
        ((("x", b"bytes"),), "its key does not end in -bin"),
    ],
)
def test_what_grpc_does_not_send_is_named_with_its_place(metadata: Metadata, why: str) -> None:
    assert why in unsendable(metadata)
    assert sendable(metadata) is not bool(why)


def test_a_token_goes_as_bytes_where_its_key_asks_for_them() -> None:
    assert carrying("authorization", "Bearer", "a.b.c") == (("authorization", "Bearer a.b.c"),)
    assert carrying("x-token", "", "a.b.c") == (("x-token", "a.b.c"),)
    assert carrying("token-bin", "", "a.b.c") == (("token-bin", b"a.b.c"),)


@pytest.mark.parametrize("key", ["Key", "", "x y", ":path", "grpc-timeout", "te", "content-type", None, 7, b"x"])
def test_a_key_that_cannot_be_a_users_is_one_sentence(key: object) -> None:
    (sentence,) = key_mistakes("--metadata-key", key)
    assert sentence.startswith(f"--metadata-key={key!r} is ")


def test_a_text_that_cannot_be_sent_is_one_sentence() -> None:
    assert text_mistakes("scheme", "Bearer") == []
    assert text_mistakes("scheme", "é") == ["scheme='é' holds U+00E9 at character 1; gRPC sends printable ASCII alone"]


@settings(max_examples=30)
@given(st.text(max_size=8), st.text(max_size=8) | st.binary(max_size=8))
@example("0", b"")
@example("x-bin", b"")
def test_the_rule_is_what_the_library_sends(key: str, value: str | bytes) -> None:
    async def refused() -> bool:
        async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
            unary: Any = channel.unary_unary
            try:
                await unary("/x/Y")(b"", metadata=((key, value),), timeout=5)
            except grpc.aio.AioRpcError:
                return False  # it was sent, to nobody
            except Exception:  # noqa: BLE001 - the library refuses in several ways
                return True
        raise AssertionError

    # Bytes beside the key of a text are refused by us alone: the library sends them while they are ASCII.
    bytes_beside_a_text_key = isinstance(value, bytes) and not key.endswith("-bin")
    if not key.startswith("grpc-") and not bytes_beside_a_text_key:
        assert asyncio.run(refused()) is not sendable(((key, value),))
