import asyncio
import contextlib
import json
import urllib.request
from typing import Any

import pytest

from harness.probe.target.canary import Canary

pytestmark = pytest.mark.e2e


def test_whoever_asks_is_counted_and_gets_the_strangers_keys() -> None:
    async def asked() -> tuple[Any, int]:
        async with Canary({"keys": [1]}).open() as canary:
            body = await asyncio.to_thread(lambda: urllib.request.urlopen(f"{canary.url}/keys.json", timeout=5).read())
            return json.loads(body), canary.hits

    assert asyncio.run(asked()) == ({"keys": [1]}, 1)


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01 hello", b"x" * 100_000])
def test_a_connection_that_speaks_no_http_is_counted_too(sent: bytes) -> None:
    async def asked() -> int:
        async with Canary().open() as canary:
            _, _, port = canary.url.rpartition(":")
            reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
            writer.write(sent)
            writer.write_eof()
            with contextlib.suppress(OSError):  # a reset says the same
                await reader.read()
            writer.close()
            return canary.hits

    assert asyncio.run(asked()) == 1
