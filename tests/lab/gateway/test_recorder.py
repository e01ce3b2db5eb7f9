"""A call becomes a row."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.lab.gateway.call import RelayedCall
from harness.lab.gateway.header_codec import Field
from harness.lab.gateway.identity import TokenReader
from harness.lab.gateway.recorder import WireRecorder, outcome, printable
from harness.results.failure_details import FailureDetails
from harness.results.row import NO_LIFE, Cause, Origin
from harness.results.wire_journal import WireJournal
from harness.results.wire_journal_reader import read_wire
from harness.results.wire_row import NEVER, WireEnding, WireFlag
from tests.lab.gateway.test_identity import jwt

NOW_S = 1000.0


def fields(**more: bytes) -> tuple[Field, ...]:
    extra = tuple(Field(name.replace("_", "-").encode(), value) for name, value in more.items())
    return (Field(b":path", b"/bank.Ledger/Get"), *extra)


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = WireJournal(folder, 2, 5)
        self.recorder = WireRecorder(self.journal, TokenReader(b"k"), lambda: NOW_S, "authorization")
        wire = SimpleNamespace(peer="127.0.0.1:9", protocol="h2", has_certificate=True)
        tunnel: Any = SimpleNamespace(serial=7, copy=3, upstream="127.0.0.1:1", wires=(wire, wire))
        self.watch = self.recorder.watch(tunnel)

    def keep(self, *requests: tuple[Field, ...]) -> Any:
        for nth, request in enumerate(requests):
            call = self.watch.begin(1 + 2 * nth, 1_000_000, request)
            call.forwarded_ns = 1_250_000
            call.see_request_data(b"\0\0\0\0\x01a")
            call.see_response_fields((Field(b":status", b"200"),), 2_000_000)
            call.see_response_data(b"\0\0\0\0\x01b" * 2, 3_000_000)
            call.see_response_fields((Field(b"grpc-status", b"1010"),), 4_000_000)
            call.end(WireEnding.ANSWERED, 5_000_000)
            self.watch.end(call)
        self.recorder.flush()
        return read_wire(self.folder, 2)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_every_field_of_a_row_tells_what_was_seen(desk: Desk) -> None:
    read = desk.keep(
        fields(
            authorization=b"Bearer " + jwt({"exp": NOW_S + 2.5}),
            grpc_timeout=b"1500m",
            grpc_previous_rpc_attempts=b"2",
            user_agent=b"grpc-go/1.85",
        )
    )
    (row,) = read.rows
    assert read.method_of(row) == "/bank.Ledger/Get"
    assert {name: row[name].item() for name in read.rows.dtype.names if name not in {"token", "mark", "spare"}} == {
        "opened_ns": 1_000_000,
        "request_bytes": 6,
        "response_bytes": 12,
        "ended_us": 4000,
        "connection": 7,
        "stream": 1,
        "forwarded_us": 250,
        "headers_us": 1000,
        "first_byte_us": 2000,
        "life_ms": 2500,
        "deadline_ms": 1500,
        "request_messages": 1,
        "response_messages": 2,
        "status": 1010,
        "reset_code": 0,
        "faults": 0,
        "method": 0,
        "copy": 3,
        "http_status": 200,
        "attempt": 2,
        "ending": WireEnding.ANSWERED,
        "origin": Origin.HANDLER,
        "cause": Cause.BAD_REQUEST,
        "flags": WireFlag.TOKEN | WireFlag.CERTIFICATE,
    }
    connection = read.names.connections[7]
    assert (connection.copy, connection.peer, connection.upstream) == (3, "127.0.0.1:9", "127.0.0.1:1")
    assert (connection.protocol, connection.agent) == ("h2", "grpc-go/1.85")


def test_no_file_holds_a_token_or_its_plain_hash(desk: Desk) -> None:
    token = jwt({"exp": NOW_S, "sub": "alice"})
    desk.keep(fields(authorization=b"Bearer " + token))
    written = b"".join(path.read_bytes() for path in desk.folder.iterdir())
    assert token not in written
    assert b"alice" not in written
    assert token.split(b".")[1] not in written


def test_a_query_behind_a_path_is_left_out(desk: Desk) -> None:
    read = desk.keep((Field(b":path", b"/a.B/C?access_token=secret"),))
    assert read.names.methods == ("/a.B/C",)


def test_equal_tokens_are_equal_and_others_are_not(desk: Desk) -> None:
    read = desk.keep(*(fields(authorization=value) for value in (b"Bearer a", b"bearer a", b"Bearer b")), fields())
    tokens = read.rows["token"].tolist()
    assert tokens[0] == tokens[1] != tokens[2]
    assert tokens[3] == 0
    assert read.rows["flags"].tolist()[3] == WireFlag.CERTIFICATE
    assert read.rows["life_ms"].tolist() == [NO_LIFE] * 4


def test_two_tokens_in_one_call_are_told(desk: Desk) -> None:
    read = desk.keep((*fields(authorization=b"a"), Field(b"authorization", b"b")))
    assert read.rows["flags"][0] & WireFlag.SEVERAL_TOKENS


@pytest.mark.parametrize(
    ("timeout", "deadline_ms"),
    [(b"2S", 2000), (b"1H", 3_600_000), (b"99999999H", 2**31 - 1), (b"5u", 0), (b"x", NEVER), (b"123456789m", NEVER)],
)
def test_a_deadline_is_read_in_every_unit(desk: Desk, timeout: bytes, deadline_ms: int) -> None:
    assert desk.keep(fields(grpc_timeout=timeout)).rows["deadline_ms"][0] == deadline_ms


def test_a_name_that_a_client_made_up_stands_on_one_line(desk: Desk) -> None:
    assert desk.keep((Field(b":path", b"/x\n\xff\0"),)).names.methods == ("/x%0A%FF%00",)
    assert len(printable(b"y" * 1000)) == 200


def over(
    ending: WireEnding = WireEnding.ANSWERED, status: int = -1, http_status: int = 200, reset_code: int = 0, **more: Any
) -> RelayedCall:
    call = RelayedCall(1, 0, (), **more)
    call.end(ending, 1, reset_code)
    call.status, call.http_status = status, http_status
    return call


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (over(status=0), (Origin.NONE, Cause.OK)),
        (over(status=16, details="token has expired"), (Origin.VERIFIER, Cause.EXPIRED)),
        (over(status=16, failure_details=FailureDetails("revoked")), (Origin.VERIFIER, Cause.REVOKED)),
        (over(WireEnding.RESET_BY_UPSTREAM, reset_code=7), (Origin.TRANSPORT, Cause.STREAM_LIMIT)),
        (over(WireEnding.RESET_BY_UPSTREAM, reset_code=2), (Origin.HANDLER, Cause.UNAVAILABLE)),
        (over(http_status=302), (Origin.PROXY, Cause.HTTP_ANSWER)),
        (over(status=7), (Origin.POLICY, Cause.DENIED)),
        (over(WireEnding.RESET_BY_CLIENT), (Origin.LOCAL, Cause.CANCELLED)),
        (over(WireEnding.UPSTREAM_LOST), (Origin.TRANSPORT, Cause.CONNECTION_LOST)),
        (over(WireEnding.UNREACHABLE), (Origin.TRANSPORT, Cause.UNREACHABLE)),
        (over(http_status=403), (Origin.PROXY, Cause.DENIED)),
        (over(http_status=503), (Origin.PROXY, Cause.UNAVAILABLE)),
        (over(http_status=431), (Origin.SIZE_LIMIT, Cause.TOO_LARGE)),
        (over(), (Origin.PROXY, Cause.BAD_RESPONSE)),
    ],
)
def test_an_outcome_follows_the_strongest_evidence(call: RelayedCall, expected: tuple[Origin, Cause]) -> None:
    assert outcome(call) == expected


def test_a_disk_that_refuses_is_told_and_the_gateway_goes_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("harness.results.wire_journal.os.write", full)
        desk.recorder.add(over(), 0, 0, 0)
        desk.recorder.flush()
    assert "No space left" in desk.recorder.fault
    desk.recorder.flush()
