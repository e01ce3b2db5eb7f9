"""Preflight: what each worker tries before its users start, so that a run that cannot work ends at once.

One token and one connection. What fails here would fail every call; as rows it would take a whole
warm-up to be said, and less clearly.
"""

from collections.abc import Callable, Iterable

import gevent

from harness import clock
from harness.errors import HarnessError, RunError, TokenError
from harness.preflight import StepResult, require
from harness.redaction import redact
from harness.tokens.freshness import dead
from harness.tokens.source import TokenSource
from harness.tokens.token import Token
from harness.transport.channels import Unready

TOKEN_WITHIN_S = 10.0
READY_WITHIN_S = 5.0
Ready = Callable[[float], Unready | None]
"""Wait so many seconds for the target; return the address that cannot be reached, or None."""
Walk = Callable[[str], Iterable[StepResult]]
"""Walk to an address, a line a step (`harness.preflight.network`)."""


def fly(source: TokenSource, ready: Ready, walk: Walk, *, alive: bool = True) -> str:
    """Fetch one token, wait for the target, and return the token.

    ``alive`` refuses a token that no verifier would take any more. Raises `HarnessError` with the reason and the way
    out: where the target cannot be reached, the first step of the way to it that fails.
    """
    text = _fetch(source)
    if alive:
        _require_alive(text)
    unready = ready(READY_WITHIN_S)
    if unready is not None:
        require(unready.address, walk(unready.address))
        raise RunError(
            f"the target {unready.address} cannot be reached ({redact(unready.why)}); "
            "start it, or mend its address (target=), before the run"
        )
    return text


def _require_alive(text: str) -> None:
    try:
        why = dead(Token.parse(text, clock.monotonic()), clock.wall())
    except TokenError as error:
        raise RunError(f"no token to begin with: {error}") from error
    if why is not None:
        raise RunError(
            f"the first token {why} by this machine's clock; have the source give a new one, or set the clock; to send "
            "such tokens on purpose, --allow-expired (Tokens(allow_expired=True))"
        )


def _fetch(source: TokenSource) -> str:
    try:
        with gevent.Timeout(TOKEN_WITHIN_S):
            return source.fetch()
    except gevent.Timeout:
        text = f"no token within {TOKEN_WITHIN_S:g} s"
        raise RunError(f"{text}; see that the token source (issuer=) answers before the run") from None
    except TokenError as error:
        raise RunError(f"no token to begin with: {error}; mend the token source (issuer=) before the run") from error
    except HarnessError:
        raise
    except Exception as error:  # a scenario's own source may raise anything
        said = f"{type(error).__name__}: {redact(str(error))}"
        raise RunError(f"no token to begin with: the token source raised {said}; mend its fetch()") from error
