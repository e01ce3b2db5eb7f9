"""Where the key set comes from: the issuer's JWKS over HTTP."""

import asyncio
from collections.abc import Callable, Collection

import urllib3

from harness.lab.target.key_set import KeySet
from harness.lab.target.strict_json import read_object

_MAX_BYTES = 1_000_000


class JwksSource:
    """Fetch a JWKS in a thread, so that calls with a known key never wait for the network.

    A fetch takes ``within_s`` at most. ``read`` makes the key set of the JSON that came, for the
    algorithms that are allowed. ``ca`` is the file of the authority of an issuer that speaks TLS.
    """

    def __init__(
        self,
        url: str,
        algorithms: Collection[str],
        within_s: float = 2.0,
        read: Callable[[object, Collection[str]], KeySet] = KeySet.from_jwks,
        ca: str | None = None,
    ) -> None:
        self._read_keys = read
        self._url = url
        self._within_s = within_s
        self._algorithms = algorithms
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=within_s), ca_certs=ca)

    async def fetch(self) -> KeySet:
        """Return the published keys; raises OSError or ValueError."""
        async with asyncio.timeout(self._within_s + 0.5):
            body = await asyncio.to_thread(self._read)
        return self._read_keys(read_object(body), self._algorithms)

    def _read(self) -> bytes:
        try:
            # No connection is kept: one that died silently would cost the next fetch its whole timeout.
            answer = self._pool.request(
                "GET", self._url, redirect=False, preload_content=False, headers={"connection": "close"}
            )
            try:
                body = answer.read(_MAX_BYTES)
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise OSError(type(error).__name__) from error
        if answer.status != 200:
            raise OSError(f"HTTP {answer.status}")
        return body
