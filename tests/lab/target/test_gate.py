import asyncio
from typing import Any, NamedTuple, cast

import grpc
import pytest

from harness.clock import ManualClock
from harness.lab.target.gate import TEXTS, Gate
from harness.lab.target.key_cache import KeyCache
from harness.lab.target.key_set import KeySet
from harness.lab.target.pace import AnswerPace
from harness.results.row import Cause
from tests.lab.target.craft import NOW_S, SETTINGS, claims, key, keys, token


class Details(NamedTuple):
    method: str
    invocation_metadata: Any


class Context:
    """The part of a server's call that the gate touches."""

    ended: tuple[grpc.StatusCode, str, Any] | None = None
    trailer: Any = None

    async def abort(self, code: grpc.StatusCode, text: str, trailer: Any = ()) -> None:
        self.ended = (code, text, trailer)

    def set_trailing_metadata(self, trailer: Any) -> None:
        self.trailer = trailer


async def echo(request: Any, _: Any) -> Any:
    return request


def a_gate(trusted: KeySet | Exception | None = None) -> Gate:
    async def fetch() -> KeySet:
        if isinstance(trusted, Exception):
            raise trusted
        return trusted or keys()

    return Gate(KeyCache(fetch, ManualClock(), 60, 5), SETTINGS, ManualClock(NOW_S), AnswerPace())


def knock(gate: Gate, method: str, *authorizations: str, exists: bool = True) -> tuple[Any, Context]:
    """Send a call to the gate; return the answer, if any, and what happened to the call."""
    known = grpc.unary_unary_rpc_method_handler(cast("Any", echo))

    async def continuation(_: Any) -> Any:
        return known if exists else None

    async def run() -> tuple[Any, Context]:
        context = Context()
        metadata = [("authorization", value) for value in authorizations]
        handler: Any = await gate.intercept_service(continuation, cast("Any", Details(method, metadata)))
        behaviour = handler.unary_unary or handler.stream_stream
        return await behaviour("request", context), context

    return asyncio.run(run())


def test_a_good_token_gets_in_and_is_told_so() -> None:
    gate = a_gate()
    answer, context = knock(gate, "/bank.Ledger/GetBalance", f"Bearer {token()}")
    assert answer == "request"
    assert context.trailer == (("x-jwtstorm-verdict", "ok"),)
    assert (gate.verdicts, gate.handled) == ({"ok": 1}, {"GetBalance": 1})


def test_a_rejected_call_reaches_no_handler() -> None:
    gate = a_gate()
    answer, context = knock(gate, "/bank.Ledger/GetBalance", "Bearer x")
    assert answer is None
    assert context.ended == (
        grpc.StatusCode.UNAUTHENTICATED,
        "malformed token",
        (("x-jwtstorm-verdict", "malformed"),),
    )
    assert (gate.verdicts, gate.handled) == ({"malformed": 1}, {})


def test_an_unknown_method_is_told_only_to_who_has_a_token() -> None:
    _, stranger = knock(a_gate(), "/bank.Ledger/Nope", exists=False)
    _, friend = knock(a_gate(), "/bank.Ledger/Nope", f"Bearer {token()}", exists=False)
    assert stranger.ended is not None
    assert friend.ended is not None
    assert stranger.ended[0] is grpc.StatusCode.UNAUTHENTICATED
    assert friend.ended[0] is grpc.StatusCode.UNIMPLEMENTED


def test_a_missing_scope_is_denied_for_another_token_would_not_help() -> None:
    gate = a_gate()
    gate.scopes = {"/bank.Ledger/Transfer": "write"}
    for scope, code in (("read write", None), ("read", "PERMISSION_DENIED"), (["write"], "PERMISSION_DENIED")):
        _, context = knock(gate, "/bank.Ledger/Transfer", f"Bearer {token(claims(scope=scope))}")
        assert (context.ended and context.ended[0].name) == code
    assert knock(gate, "/bank.Ledger/GetBalance", f"Bearer {token()}")[0] == "request"


def test_health_is_open() -> None:
    assert knock(a_gate(), "/grpc.health.v1.Health/Check")[0] == "request"


@pytest.mark.parametrize("reason", [OSError("down"), ValueError("empty")])
def test_keys_that_cannot_be_had_are_our_trouble(reason: Exception) -> None:
    _, context = knock(a_gate(reason), "/bank.Ledger/GetBalance", f"Bearer {token()}")
    assert context.ended is not None
    assert context.ended[0] is grpc.StatusCode.UNAVAILABLE


def test_an_unknown_key_is_looked_up_before_it_is_rejected() -> None:
    rotating = [keys(), KeySet.from_jwks({"keys": [key(serial=2).public_jwk()]}, ("ES256",))]

    async def fetch() -> KeySet:
        return rotating.pop(0)

    gate = Gate(KeyCache(fetch, ManualClock(), 60, 0), SETTINGS, ManualClock(NOW_S), AnswerPace())
    assert knock(gate, "/bank.Ledger/GetBalance", f"Bearer {token()}")[0] == "request"
    assert knock(gate, "/bank.Ledger/GetBalance", f"Bearer {token(signer=key(serial=2))}")[0] == "request"


def test_an_error_of_the_verifier_turns_away_and_logs_no_token(caplog: pytest.LogCaptureFixture) -> None:
    gate = a_gate()

    def broken_clock() -> float:
        raise RuntimeError(secret)

    secret = token()
    gate.clock = broken_clock
    _, context = knock(gate, "/bank.Ledger/GetBalance", f"Bearer {secret}")
    assert context.ended is not None
    assert context.ended[0] is grpc.StatusCode.UNAUTHENTICATED
    assert "RuntimeError" in caplog.text
    assert secret not in caplog.text


def test_every_rejection_has_a_text_without_digits() -> None:
    verdicts = range(Cause.EXPIRED, Cause.DENIED + 1)
    assert set(TEXTS) == {Cause(number) for number in verdicts}
    assert not any(character.isdigit() for text in TEXTS.values() for character in text)
