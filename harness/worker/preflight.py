"""Preflight: what each worker tries before its users start, so that a run that cannot work ends at once.

One token and one connection. What fails here would fail every call; as rows it would take a whole
warm-up to be said, and less clearly.
"""

from collections.abc import Callable

import gevent

from harness import clock
from harness.errors import HarnessError, RunError, TokenError
from harness.redaction import redact
from harness.tokens.freshness import dead
from harness.tokens.source import TokenSource
from harness.tokens.token import Token

TOKEN_WITHIN_S = 10.0
READY_WITHIN_S = 5.0
Ready = Callable[[float], str | None]
"""Wait so many seconds for the target; return why it cannot be reached, or None."""


def fly(source: TokenSource, ready: Ready, target: str, *, alive: bool = True) -> None:
    """Fetch one token, and wait for the target; ``alive`` refuses a token that no verifier would take any more.

    Raises `RunError` with the reason and the way out.
    """
    text = _fetch(source)
    if alive:
        _require_alive(text)
    why = ready(READY_WITHIN_S)
    if why is not None:
        raise RunError(
            f"the target {target} cannot be reached ({redact(why)}); "
            "start it, or mend its address (target=), before the run"
        )


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
