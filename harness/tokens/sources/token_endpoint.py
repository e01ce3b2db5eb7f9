"""An OAuth 2.0 token endpoint: one form posted, one answer read (RFC 6749, section 5)."""

import logging
from collections.abc import Mapping
from typing import Any

from harness.endpoint.proxy import http_pool
from harness.tokens.sources import issuer_request
from harness.tokens.sources.token_answer import read_answer

POOL_CONNECTIONS = 256
"""Connections to the issuer that are kept open; more are opened where more calls need them at once."""


class TokenEndpoint:
    """Post forms to one token endpoint, over one pool of connections, through ``proxy`` where one is named."""

    def __init__(self, url: str, timeout_s: float, proxy: str = "") -> None:
        import urllib3

        self.url = url
        self._timeout_s = timeout_s
        timeout = urllib3.Timeout(timeout_s)
        self._pool = http_pool(url, proxy, maxsize=POOL_CONNECTIONS, retries=False, timeout=timeout)
        _hush()

    def post(self, fields: Mapping[str, str], headers: Mapping[str, str]) -> Mapping[str, Any]:
        """Return the answer, which holds an ``access_token``; raises `TokenError`."""
        how = {"fields": dict(fields), "encode_multipart": False, "headers": {"accept": "application/json", **headers}}
        answer = issuer_request.ask(self._pool, "POST", self.url, self._timeout_s, **how)
        return read_answer(answer.status, answer.headers.get("retry-after", ""), answer.body, answer.content_type)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


class _NoPoolNoise(logging.Filter):
    """Drop urllib3's line per connection beyond the pool: in a refresh storm that is thousands of lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Connection pool is full")


def _hush() -> None:
    logger = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(found, _NoPoolNoise) for found in logger.filters):
        logger.addFilter(_NoPoolNoise())
