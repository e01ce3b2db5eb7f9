import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from harness.endpoint.methods import from_protos
from harness.errors import UsageError
from harness.tokens.sources.login_call import LoginCall
from tests.tokens.sources.fake_issuer import SECRET, refusal

PROTO = """
syntax = "proto3";
package auth.v1;
message LoginRequest { string user = 1; string password = 2; int32 level = 3; }
message Session { string token = 1; }
message LoginReply { Session session = 1; int64 expires = 2; }
service Auth { rpc Login(LoginRequest) returns (LoginReply); rpc Watch(LoginRequest) returns (stream LoginReply); }
"""
REQUEST = {"user": "user-{user}", "password": "${LOGIN_PASSWORD}"}


@pytest.fixture
def proto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOGIN_PASSWORD", SECRET)
    path = tmp_path / "auth.proto"
    path.write_text(PROTO)
    return path


@contextmanager
def door(proto: Path) -> Iterator[str]:
    """Serve a login that knows one password."""
    method = from_protos((proto,)).find("auth.v1.Auth/Login")

    def login(request: Any, context: grpc.ServicerContext) -> Any:
        if request.password != SECRET:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, f"not {request.password}")
        reply: Any = method.reply()
        token = f"token-of.{request.user}.x"
        reply.session.token = {0: f" {token}\n", 1: ""}.get(request.level, "")
        if request.level == 2:
            context.send_initial_metadata((("x-token", f"Bearer {token}"),))
        context.set_trailing_metadata((("x-token-bin", token.encode()),) if request.level == 3 else ())
        return reply

    handler = grpc.unary_unary_rpc_method_handler(
        login,
        request_deserializer=method.request.FromString,
        response_serializer=lambda reply: reply.SerializeToString(),
    )
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("auth.v1.Auth", {"Login": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


def call(target: str, proto: Path, request: dict[str, Any] | None = None, **settings: Any) -> LoginCall:
    given = {"method": "auth.v1.Auth/Login", "token_field": "session.token", "protos": (proto,), **settings}
    return LoginCall(target, request=request or REQUEST, **given)


@pytest.mark.e2e
def test_a_login_gives_each_user_a_token_of_their_own(proto: Path) -> None:
    with door(proto) as target:
        source = call(target, proto).open()
        assert [source.for_user(name).fetch() for name in ("0-1", "0-2")] == [
            "token-of.user-0-1.x",
            "token-of.user-0-2.x",
        ]
        source.close()


@pytest.mark.e2e
def test_a_login_that_fails_is_named_and_the_password_is_not(proto: Path) -> None:
    with door(proto) as target:
        os.environ["LOGIN_PASSWORD"] = "wrong"
        source = call(target, proto).open()
        assert str(refusal(source.fetch)).startswith("auth.v1.Auth/Login answered UNAUTHENTICATED; ")
        source.close()
        os.environ["LOGIN_PASSWORD"] = SECRET
        empty = call(target, proto, {**REQUEST, "level": 1}).open()
        assert "no token in session.token: it is empty" in str(refusal(empty.fetch))
        empty.close()
    gone = call(target, proto).open()
    assert refusal(gone.fetch).cause == "UNREACHABLE"
    gone.close()


@pytest.mark.e2e
@pytest.mark.parametrize(("level", "key"), [(2, "x-token"), (3, "x-token-bin")])
def test_a_login_may_give_its_token_in_the_answers_metadata(proto: Path, level: int, key: str) -> None:
    with door(proto) as target:
        source = call(target, proto, {**REQUEST, "level": level}, token_metadata=key).open()
        assert source.for_user("1").fetch() == "token-of.user-1.x"
        source.close()
        without = call(target, proto, token_metadata=key).open()
        assert f"no token in {key} of its metadata: it is empty" in str(refusal(without.fetch))
        without.close()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"token_metadata": "X-Token"}, "token_metadata='X-Token' is no metadata key"),
        ({"method": "auth.v1.Auth/Logon"}, "did you mean auth.v1.Auth/Login"),
        ({"method": "auth.v1.Auth/Watch"}, "is a server-stream method; give a unary one"),
        ({"token_field": "token"}, "not in the answer; at 'token' there are: session, expires"),
        ({"token_field": "expires"}, "is no text"),
        ({"token_field": "session"}, "is no text"),
        ({"request": {"name": SECRET}}, "does not fit auth.v1.LoginRequest.*its fields are user, password, level"),
        ({"request": {"level": SECRET}}, "does not fit auth.v1.LoginRequest"),
        ({"request": {"user": "${NOT_SET_ANYWHERE}"}}, "names .*NOT_SET_ANYWHERE.*not set"),
        ({"request": {"user": "{who}"}}, "is unknown; give one of"),
        ({"timeout_s": 0}, "timeout_s=0 must be above 0"),
    ],
)
def test_a_login_that_cannot_work_is_named_before_the_run(proto: Path, settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        call("127.0.0.1:1", proto, **settings).open()
    assert SECRET not in str(caught.value)
