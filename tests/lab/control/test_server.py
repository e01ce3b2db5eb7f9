import asyncio
import json
from typing import Any

import pytest

from harness.lab.control.server import control_app

SECRET = "open sesame"


def order(command: str, body: bytes = b"{}", authorization: str | None = f"Bearer {SECRET}") -> tuple[int, Any]:
    """Send one command to the app, without a socket."""

    def move(skew_s: float, rate_ppm: float = 0.0) -> dict[str, Any]:
        if skew_s < 0:
            raise ValueError("skew_s is under 0")
        return {"at_ns": 1, "skew_s": skew_s, "rate_ppm": rate_ppm}

    async def slow() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"at_ns": 2}

    def broken() -> dict[str, Any]:
        raise OSError("secret detail")

    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/{command}",
        "raw_path": f"/{command}".encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
    }
    app = control_app(SECRET, {"move": move, "slow": slow, "broken": broken})
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_a_command_with_the_secret_is_carried_out() -> None:
    assert order("move", b'{"skew_s": 2}') == (200, {"at_ns": 1, "skew_s": 2, "rate_ppm": 0.0})
    assert order("slow") == (200, {"at_ns": 2})


@pytest.mark.parametrize(
    "authorization", [None, "", SECRET, "Bearer", "Bearer wrong", f"bearer {SECRET}", "Bearer \xff"]
)
def test_nothing_is_done_or_told_without_the_secret(authorization: str | None) -> None:
    for command in ("move", "nothing"):
        status, body = order(command, b'{"skew_s": 2}', authorization)
        assert status == 401
        assert body == {"error": "this control port wants its secret"}


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"skew_s": -1}', b'{"unknown": 1}', b"{}", b"\xff", b"7"])
def test_settings_that_the_command_does_not_take_are_refused(body: bytes) -> None:
    status, answer = order("move", body)
    assert status == 400
    assert answer["error"].startswith("move: ")


def test_an_unknown_command_is_answered_with_those_there_are() -> None:
    assert order("fly") == (404, {"error": "no command 'fly'; there are broken, move, slow"})


def test_a_failing_command_is_told_without_its_details() -> None:
    assert order("broken") == (500, {"error": "broken failed: OSError"})
