"""The gateway as a process, between real gRPC peers."""

import os
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import grpc
import pytest
from hyperframe.frame import HeadersFrame, SettingsFrame

from harness.errors import LabError
from harness.lab.gateway.frames import PREFACE, FrameReader
from harness.lab.processes.child import Child
from harness.results.wire_journal_reader import read_wire
from harness.results.wire_row import WireEnding
from tests.endpoint.certificates import Authority
from tests.lab.gateway.serving import (
    METHOD,
    SECRET,
    Echo,
    Gateway,
    calling,
    channel,
    code_of,
    echoing,
    gateway,
    talking,
)
from tests.lab.proxy.peers import PATIENCE_S, RESET_LINGER, connect, eventually, read_exactly, upstream

pytestmark = pytest.mark.e2e


@pytest.fixture
def served() -> Iterator[tuple[str, Echo]]:
    with echoing() as both:
        yield both


@pytest.fixture
def running(tmp_path: Path, served: tuple[str, Echo]) -> Iterator[Gateway]:
    with gateway(tmp_path, served[0]) as one:
        yield one


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_calls_of_every_kind_pass(running: Gateway) -> None:
    with channel(running.control.open_listener(0)) as opened:
        assert calling(opened)(b"hello") == b"hello"
        assert calling(opened)(b"x" * 3_000_000) == b"x" * 3_000_000
        assert list(talking(opened)(iter([b"a", b"b", b"c" * 200_000]))) == [b"a", b"b", b"c" * 200_000]


def test_rows_tell_of_each_copy_and_of_what_the_target_never_saw(running: Gateway, served: tuple[str, Echo]) -> None:
    control = running.control
    control.set_fault("no", {"kind": "status", "code": 8, "copies": [2]}, bit=3)
    for copy in (1, 2):
        with channel(control.open_listener(copy)) as opened:
            metadata = (("authorization", f"Bearer token-{copy}"),)
            code = code_of(lambda: calling(opened)(b"hi", metadata=metadata, timeout=10))  # noqa: B023
            assert code is (grpc.StatusCode.OK if copy == 1 else grpc.StatusCode.RESOURCE_EXHAUSTED)
    promised = control.drain()["rows"]["written"]
    read = read_wire(running.folder, 0)
    assert promised == len(read.rows) == 2
    assert len(served[1].bodies) == 1
    by_copy = {int(row["copy"]): row for row in read.rows}
    assert [by_copy[copy]["status"] for copy in (1, 2)] == [0, 8]
    assert [by_copy[copy]["faults"] for copy in (1, 2)] == [0, 8]
    assert [by_copy[copy]["ending"] for copy in (1, 2)] == [WireEnding.ANSWERED, WireEnding.ANSWERED_BY_GATEWAY]
    assert by_copy[1]["token"] != by_copy[2]["token"]
    assert by_copy[2]["forwarded_us"] == -1
    assert {read.method_of(row) for row in read.rows} == {METHOD}
    assert "grpc-python" in read.names.connections[1].agent


def test_rows_that_were_promised_are_there_after_kill_9(running: Gateway) -> None:
    with channel(running.control.open_listener(0)) as opened:
        for _ in range(50):
            calling(opened)(b"hi")
        eventually(lambda: running.control.state()["rows"]["written"] == 50, "all rows were promised")
        running.child.kill()
    assert len(read_wire(running.folder, 0).rows) == 50


def test_the_end_of_stdin_drains_and_stores_the_last_rows(running: Gateway, served: tuple[str, Echo]) -> None:
    served[1].answering.clear()
    with channel(running.control.open_listener(0)) as opened:
        future = calling(opened).future(b"slow", timeout=PATIENCE_S)  # type: ignore[attr-defined]
        eventually(lambda: served[1].bodies == [b"slow"], "the call arrived")
        threading.Timer(0.2, served[1].answering.set).start()
        running.child.stop(timeout_s=10)
        assert future.result() == b"slow"
    assert running.child.exit_code() == 0
    assert [row["status"] for row in read_wire(running.folder, 0).rows] == [0]


def test_a_terminated_gateway_drains_too(running: Gateway) -> None:
    with channel(running.control.open_listener(0)) as opened:
        calling(opened)(b"hi")
        os.kill(running.child.pid, signal.SIGTERM)
        eventually(lambda: not running.child.alive(), "the gateway ended")
    assert len(read_wire(running.folder, 0).rows) == 1


def test_a_drain_cuts_what_does_not_end_and_says_how_much(running: Gateway) -> None:
    with channel(running.control.open_listener(0)) as opened:
        gate = threading.Event()
        stream = talking(opened)(iter(lambda: gate.wait(PATIENCE_S) and b"", b""))
        eventually(lambda: running.control.state()["streams"] == 1, "the stream was seen")
        assert running.control.drain(within_s=0.2)["cut"] == 1
        assert code_of(lambda: next(stream)) is grpc.StatusCode.UNAVAILABLE
        gate.set()
    (row,) = read_wire(running.folder, 0).rows
    assert row["ending"] == WireEnding.STOPPED


def test_listeners_open_and_close_on_demand(running: Gateway) -> None:
    control = running.control
    address = control.open_listener(5)
    with channel(address) as opened:
        assert calling(opened)(b"a") == b"a"
        with pytest.raises(LabError, match="copy 5 has a listener already"):
            control.open_listener(5)
        control.close_listener(5)
        assert code_of(lambda: calling(opened)(b"b", timeout=5)) is grpc.StatusCode.UNAVAILABLE
    with pytest.raises(LabError, match="copy 5 has no listener"):
        control.close_listener(5)
    again = control.open_listener(5, listen=address)
    assert again == address
    with channel(again) as opened:
        assert calling(opened)(b"c") == b"c"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"copy": -1}, "copy=-1 is no number from 0"),
        ({"copy": 0, "listen": "nonsense"}, "cannot listen on nonsense"),
        ({"copy": 0, "tls": {"certificate": "/no", "key": "/no"}}, "certificate /no with key /no cannot be used"),
        ({"copy": 0, "tls": {"what": 1}}, "there is no setting 'what'"),
        ({"copy": 0, "upstream": {"addresses": []}}, "the upstream has no address"),
        ({"copy": 0, "upstream": {"addresses": ["x"]}}, "'x' is not host:port"),
    ],
)
def test_a_listener_that_cannot_be_is_refused_in_words(
    running: Gateway, settings: dict[str, object], words: str
) -> None:
    with pytest.raises(LabError, match=words):
        running.control.open_listener(**settings)  # type: ignore[arg-type]


def test_settings_that_are_wrong_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="there is no setting 'upstreams'"):
        Child.start("gateway", "harness.lab.gateway", {"upstreams": []}, tmp_path / "log")


def test_addresses_take_turns_and_the_next_one_is_tried_where_one_fails(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        dead = f"127.0.0.1:{reserved.getsockname()[1]}"
        reserved.close()
        with echoing() as (one, first), echoing() as (other, second), gateway(tmp_path, one, dead, other) as running:
            address = running.control.open_listener(0)
            for _ in range(6):
                with channel(address) as opened:
                    assert calling(opened)(b"x") == b"x"
            assert (len(first.bodies), len(second.bodies)) == (2, 4)
            running.control.drain()
            names = read_wire(tmp_path, 0).names
            assert [names.connections[serial].upstream for serial in range(1, 4)] == [one, other, other]


def test_a_client_whose_upstream_is_dead_is_told_so_and_its_calls_have_rows(tmp_path: Path) -> None:
    with gateway(tmp_path, "127.0.0.1:1") as running:
        with channel(running.control.open_listener(0)) as opened:
            assert code_of(lambda: calling(opened)(b"x", timeout=5)) is grpc.StatusCode.UNAVAILABLE
        assert running.count("unreachable") >= 1
        assert "upstream 127.0.0.1:1: " in running.log


def _dies_at_the_first_call(accepted: socket.socket, *, reset: bool) -> None:
    accepted.sendall(SettingsFrame(0).serialize())
    seen = b""
    while HeadersFrame.type not in {frame.kind for frame in FrameReader().feed(seen[len(PREFACE) :])}:
        seen += accepted.recv(65536)
    if reset:
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_LINGER)
    accepted.close()


@pytest.mark.parametrize("reset", [False, True])
def test_an_upstream_that_dies_ends_its_calls_and_the_next_connection_is_carried(tmp_path: Path, reset: bool) -> None:
    dies = partial(_dies_at_the_first_call, reset=reset)
    with upstream(dies) as dying, gateway(tmp_path, dying.address) as running:
        own = running.control.open_listener(0)
        for _ in range(2):
            with channel(own) as opened:
                assert code_of(lambda: calling(opened)(b"x", timeout=5)) is grpc.StatusCode.UNAVAILABLE
        running.control.drain()
        endings = set(read_wire(tmp_path, 0).rows["ending"].tolist())
        assert endings == {WireEnding.UPSTREAM_LOST}
        assert running.count("connections") >= 2


def test_tls_on_both_sides_with_certificates_of_both_peers(tmp_path: Path, authority: Authority) -> None:
    server, client = authority.sign("server", "localhost", "127.0.0.1"), authority.sign("client")
    upstream_tls = {"ca": str(authority.pem), "certificate": str(client.certificate), "key": str(client.key)}
    with (
        echoing(server, authority.pem) as (address, _),
        gateway(tmp_path, address, upstream={"tls": upstream_tls}) as running,
    ):
        tls = {"certificate": str(server.certificate), "key": str(server.key), "client_ca": str(authority.pem)}
        own = running.control.open_listener(0, tls=tls)
        pem = authority.pem.read_bytes()
        with channel(
            own, grpc.ssl_channel_credentials(pem, client.key.read_bytes(), client.certificate.read_bytes())
        ) as opened:
            assert calling(opened)(b"x" * 100_000) == b"x" * 100_000
        with channel(own, grpc.ssl_channel_credentials(pem)) as opened:
            assert code_of(lambda: calling(opened)(b"x", timeout=5)) is grpc.StatusCode.UNAVAILABLE
        eventually(lambda: running.count("handshake") >= 1, "the handshake was counted")
        running.control.drain()
        read = read_wire(tmp_path, 0)
        assert read.rows["flags"].tolist() == [4]
        assert read.names.connections[1].protocol == "h2"


def test_a_client_that_trusts_another_authority_is_told_apart(tmp_path: Path, authority: Authority) -> None:
    pair, other = authority.sign("server", "127.0.0.1"), Authority(tmp_path, "other")
    with echoing() as (address, _), gateway(tmp_path, address) as running:
        tls = {"certificate": str(pair.certificate), "key": str(pair.key)}
        own = running.control.open_listener(0, tls=tls)
        with channel(own, grpc.ssl_channel_credentials(other.pem.read_bytes())) as opened:
            assert code_of(lambda: calling(opened)(b"x", timeout=5)) is grpc.StatusCode.UNAVAILABLE
        eventually(lambda: running.count("handshake") >= 1, "the handshake was counted")
        assert "a client's handshake failed: " in running.log


def test_an_upstream_whose_certificate_is_foreign_is_named(tmp_path: Path, authority: Authority) -> None:
    pair, other = authority.sign("server", "127.0.0.1"), Authority(tmp_path, "other")
    with (
        echoing(pair) as (address, _),
        gateway(tmp_path, address, upstream={"tls": {"ca": str(other.pem)}}) as running,
    ):
        with channel(running.control.open_listener(0)) as opened:
            assert code_of(lambda: calling(opened)(b"x", timeout=5)) is grpc.StatusCode.UNAVAILABLE
        assert "the peer's certificate was refused: " in running.log


def test_tls_without_alpn_is_served_and_named(tmp_path: Path, authority: Authority) -> None:
    pair = authority.sign("server", "127.0.0.1")
    with echoing() as (address, _), gateway(tmp_path, address) as running:
        own = running.control.open_listener(0, tls={"certificate": str(pair.certificate), "key": str(pair.key)})
        context = ssl.create_default_context(cafile=str(authority.pem))
        with context.wrap_socket(connect(own), server_hostname="127.0.0.1") as client:
            client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"))
            assert client.recv(9)[3] == 4
        assert running.count("no_alpn") == 1
        assert "agreed on no protocol by ALPN" in running.log


def test_an_http_1_client_is_answered_by_name(running: Gateway) -> None:
    with connect(running.control.open_listener(0)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = read_exactly(client, 1 << 20)
    assert answer.startswith(b"HTTP/1.1 505 ")
    assert b"speaks HTTP/2, as gRPC does" in answer
    assert running.count("not_http2") == 1


def test_the_control_port_wants_its_secret(running: Gateway) -> None:
    from harness.lab.control.client import GatewayControl

    stranger = GatewayControl(running.child.ready["control_url"], SECRET + "x")
    with pytest.raises(LabError, match="401"):
        stranger.state()


def test_faults_begin_and_end_between_calls(running: Gateway) -> None:
    with channel(running.control.open_listener(0)) as opened:
        call = calling(opened)
        running.control.set_fault("down", {"kind": "http_answer", "status": 503})
        assert code_of(lambda: call(b"x", timeout=5)) is grpc.StatusCode.UNAVAILABLE
        running.control.clear_fault("down")
        assert call(b"x") == b"x"
        with pytest.raises(LabError, match="no gateway fault 'what'"):
            running.control.set_fault("odd", {"kind": "what"})


def test_a_graceful_goaway_loses_no_call(running: Gateway) -> None:
    with channel(running.control.open_listener(0)) as opened:
        call = calling(opened)
        running.control.set_fault("old", {"kind": "goaway", "after_calls": 7})
        for _ in range(20):
            futures = [call.future(b"%d" % nth, timeout=PATIENCE_S) for nth in range(10)]  # type: ignore[attr-defined]
            assert [future.result() for future in futures] == [b"%d" % nth for nth in range(10)]
    assert running.count("connections") > 1


def test_a_reader_that_stops_costs_no_memory_and_stops_no_other_call(running: Gateway) -> None:
    with channel(running.control.open_listener(0)) as opened:
        before = running.memory_bytes()
        stopped = [talking(opened)(iter([bytes(1 << 20)] * 30)) for _ in range(4)]
        for stream in stopped:
            assert len(next(stream)) == 1 << 20
        with channel(running.control.open_listener(1)) as other:
            assert calling(other)(b"x") == b"x"
        assert running.memory_bytes() - before < 40 << 20
        for stream in stopped:
            stream.cancel()
