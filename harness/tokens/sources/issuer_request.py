"""One HTTP request to an issuer, bounded in time and size, its errors told in one way."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from harness import clock
from harness.errors import TokenError

MOST_BYTES = 1_000_000
_CHUNK_BYTES = 65_536


@dataclass(frozen=True)
class IssuerAnswer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        """Return what the body is said to be."""
        return self.headers.get("content-type", "")


def ask(pool: Any, method: str, url: str, within_s: float, **how: Any) -> IssuerAnswer:
    """Send a request over a pool of urllib3's and return its answer; raises `TokenError`.

    ``within_s`` bounds all of it, however slowly the bytes come.
    """
    import urllib3

    try:
        with _limit(within_s):
            began_s = clock.monotonic()
            answer = pool.request(method, url, preload_content=False, **how)
            try:
                return IssuerAnswer(answer.status, answer.headers, _read(answer, began_s + within_s))
            finally:
                answer.release_conn()
    except urllib3.exceptions.NewConnectionError as error:  # refused: to urllib3 it is a time-out, too
        text = "the issuer cannot be reached (no connection); start it, or mend its address"
        raise TokenError(text, "UNREACHABLE") from error
    except (urllib3.exceptions.TimeoutError, TimeoutError) as error:
        text = f"the issuer did not answer within {within_s:g} s; see its log, or give timeout_s="
        raise TokenError(text, "DEADLINE") from error
    except urllib3.exceptions.SSLError as error:
        text = "the issuer's certificate is not trusted here; set SSL_CERT_FILE"
        raise TokenError(text, "UNREACHABLE") from error
    except urllib3.exceptions.HTTPError as error:
        text = f"the issuer cannot be reached ({type(error).__name__}); is the URL right, with http:// or https://?"
        raise TokenError(text, "UNREACHABLE") from error


def _read(answer: Any, until_s: float) -> bytes:
    data = b""
    while chunk := answer.read1(_CHUNK_BYTES, decode_content=True):
        data += chunk
        if len(data) > MOST_BYTES:
            answer.close()
            text = f"the issuer's answer is larger than {MOST_BYTES:,} bytes; is the URL its token endpoint?"
            raise TokenError(text, "BAD_RESPONSE")
        if clock.monotonic() > until_s:
            answer.close()
            raise TimeoutError
    return data


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Raise `TimeoutError` after so long, where gevent runs; elsewhere the socket's own time-outs have to do."""
    if "gevent.monkey" in sys.modules:
        import gevent
        from gevent.monkey import is_module_patched

        if is_module_patched("socket"):
            with gevent.Timeout(seconds, TimeoutError):
                yield
            return
    yield
