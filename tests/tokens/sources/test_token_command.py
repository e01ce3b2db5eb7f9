import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health, health_pb2_grpc

from harness.errors import UsageError
from harness.tokens.sources.token_command import TokenCommand
from tests.tokens.craft import jwt_text
from tests.tokens.sources.fake_issuer import SECRET, refusal

FETCHES = 300


def script(code: str) -> TokenCommand:
    return TokenCommand([sys.executable, "-c", code])


def test_a_commands_token_is_the_first_word_it_prints() -> None:
    assert script("print('a.b.c\\nmore')").open().fetch() == "a.b.c"


@pytest.mark.parametrize(
    "code", [f"print({SECRET!r}); raise SystemExit(3)", "pass", f"import sys; sys.stderr.write({SECRET!r})"]
)
def test_a_command_that_fails_or_prints_nothing_is_not_quoted(code: str) -> None:
    assert refusal(script(code).open().fetch).cause == "BAD_RESPONSE"


def test_a_command_that_prints_no_text_is_malformed() -> None:
    assert refusal(script("import sys; sys.stdout.buffer.write(b'\\xff')").fetch).cause == "MALFORMED"


@pytest.mark.parametrize(
    "printed",
    [
        jwt_text(),
        f"Bearer {jwt_text()}",
        f'{{"access_token": "{jwt_text()}", "expires_in": 300}}',
        f'{{"kind": "ExecCredential", "status": {{"token": "{jwt_text()}"}}}}',
        f"token: {jwt_text()}\nexpires: never",
    ],
)
def test_a_command_prints_its_token_as_tools_do(printed: str) -> None:
    assert script(f"print({printed!r})").open().fetch() == jwt_text()


def test_a_command_that_prints_something_else_is_told_what() -> None:
    error = refusal(script("""print('{"error": "login_required"}')""").fetch)
    assert "printed no token: it holds an issuer's refusal (login_required)" in str(error)


def test_a_command_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    assert refusal(TokenCommand([os.fspath(tmp_path / "nowhere")]).fetch).cause == "UNREACHABLE"


def test_a_command_that_takes_too_long_is_a_deadline() -> None:
    slow = TokenCommand([sys.executable, "-c", "import threading; threading.Event().wait()"], timeout_s=0.01)
    assert refusal(slow.fetch).cause == "DEADLINE"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (f"cat {SECRET}", r"without a shell, so give a list: \['cat', …\]"),
        ("'", "give a list"),
        ([], "must be a list of texts"),
        (["cat", 7], "must be a list of texts"),
        ([""], "has no program"),
        (None, "must be a list of texts"),
    ],
)
def test_a_command_that_is_no_list_is_refused_with_the_way_out(command: Any, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        TokenCommand(command).open()
    assert SECRET not in str(caught.value)


@pytest.mark.e2e
def test_no_command_is_lost_beside_a_busy_grpc_client_under_gevent() -> None:
    server = grpc.server(ThreadPoolExecutor(4))
    health_pb2_grpc.add_HealthServicer_to_server(health.HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.tokens.sources.beside_grpc", f"127.0.0.1:{port}", str(FETCHES)],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    finally:
        server.stop(None).wait()
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome.pop("calls") > 0
    assert outcome == {
        "tokens": FETCHES,
        "late: sleep gave no token within 0.05 s": 1,
        "family: sh gave no token within 0.05 s": 1,
        "failed: false ended with 1 and no token; try it by hand": 1,
        "absent: /nowhere/at/all cannot be run: No such file or directory": 1,
        "killed: sh ended with -9 and no token; try it by hand": 1,
        "child left": -1,
    }
