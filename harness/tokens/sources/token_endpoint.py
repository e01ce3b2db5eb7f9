"""An OAuth 2.0 token endpoint: one form posted, one answer read (RFC 6749, section 5)."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from harness.endpoint.proxy import http_pool
from harness.errors import TokenError

POOL_CONNECTIONS = 256
"""Connections to the issuer that are kept open; more are opened where more calls need them at once."""

_KNOWN_ERRORS = {
    "invalid_request": "the issuer takes the request for wrong: look at its scope, audience and extra parameters",
    "invalid_client": "the client's id, secret or key is wrong or expired, or it proves itself another way",
    "invalid_grant": "",
    "invalid_target": "the audience or resource asked for is not one of the issuer's",
    "unauthorized_client": "this client may not use this grant",
    "unsupported_grant_type": "the issuer does not know this grant",
    "invalid_scope": "the scope asked for is not granted to this client",
}
"""Error codes of the standards, each with its way out; others are not quoted, for they could hold anything."""


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
        answer = self._request("POST", dict(fields), {"accept": "application/json", **headers})
        kind = answer.headers.get("content-type", "")
        return read_answer(answer.status, answer.headers.get("retry-after", ""), answer.data, kind)

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _request(self, method: str, fields: dict[str, str], headers: dict[str, str]) -> Any:
        import urllib3

        try:
            return self._pool.request(method, self.url, fields=fields, encode_multipart=False, headers=headers)
        except urllib3.exceptions.NewConnectionError as error:  # refused: to urllib3 it is a time-out, too
            raise TokenError("the issuer cannot be reached (no connection)", "UNREACHABLE") from error
        except urllib3.exceptions.TimeoutError as error:
            raise TokenError(f"the issuer did not answer within {self._timeout_s:g} s", "DEADLINE") from error
        except urllib3.exceptions.SSLError as error:
            raise TokenError(
                "the issuer's certificate is not trusted here; set SSL_CERT_FILE", "UNREACHABLE"
            ) from error
        except urllib3.exceptions.HTTPError as error:
            raise TokenError(f"the issuer cannot be reached ({type(error).__name__})", "UNREACHABLE") from error


def read_answer(status: int, retry_after: str, body: bytes, content_type: str = "") -> Mapping[str, Any]:
    """Return the fields of a good answer; raises `TokenError`, which quotes error codes of the standard only."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    fields: Mapping[str, Any] = data if isinstance(data, dict) else {}
    if status == 200 and isinstance(fields.get("access_token"), str) and fields["access_token"]:
        return fields
    if status == 200:
        what = "HTML" if looks_like_html(content_type, body) else "200 without an access_token"
        raise TokenError(f"the issuer answered {what}; is the URL its token endpoint?", "BAD_RESPONSE")
    wait_s = float(retry_after) if retry_after.isdecimal() and retry_after.isascii() else 0.0
    error = fields.get("error")
    code = error if isinstance(error, str) and error in _KNOWN_ERRORS else ""
    way_out = f": {_KNOWN_ERRORS[code]}" if _KNOWN_ERRORS.get(code) else _plain_way_out(status)
    raise TokenError(f"the issuer answered {status} {code}".strip() + way_out, _cause(status), status, wait_s)


def looks_like_html(content_type: str, body: bytes) -> bool:
    """Tell whether an answer is a page for people: a login form, or a proxy's error."""
    return "html" in content_type.lower() or body[:256].lstrip().lower().startswith((b"<!doctype", b"<html"))


def _plain_way_out(status: int) -> str:
    if status == 404:
        return ": nothing is at this path; is the URL its token endpoint?"
    if 300 <= status < 400:
        return ": a redirect is not followed, for it would carry the secret; give the final URL"
    return ""


def _cause(status: int) -> str:
    if status == 429:
        return "RATE_LIMITED"
    if status >= 500:
        return "UNAVAILABLE"
    return "BAD_CLIENT" if 400 <= status < 500 else "BAD_RESPONSE"


class _NoPoolNoise(logging.Filter):
    """Drop urllib3's line per connection beyond the pool: in a refresh storm that is thousands of lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Connection pool is full")


def _hush() -> None:
    logger = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(found, _NoPoolNoise) for found in logger.filters):
        logger.addFilter(_NoPoolNoise())
