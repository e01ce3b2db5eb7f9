from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from harness.endpoint import Endpoint, Retry, Tls
from harness.endpoint.methods import Methods, from_descriptor_set, from_protos, from_reflection, from_stubs
from harness.endpoint.opening import channel_options, open_channel
from harness.errors import UsageError
from harness.lab.proto import ledger_pb2
from tests.endpoint.certificates import Authority
from tests.endpoint.ledger_server import SERVICE, serving

TOKEN = (("authorization", "Bearer ey"),)
PROTO = Path(__file__).parents[2] / "harness" / "lab" / "proto" / "ledger.proto"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure(authority: Authority) -> Iterator[str]:
    server = authority.sign("server", "localhost", "ledger.example")
    pair = (server.key.read_bytes(), server.certificate.read_bytes())
    with serving(credentials=grpc.ssl_server_credentials([pair])) as (address, _):
        yield address


@pytest.fixture(scope="module")
def mutual(authority: Authority) -> Iterator[str]:
    server = authority.sign("mutual", "localhost")
    pair = (server.key.read_bytes(), server.certificate.read_bytes())
    credentials = grpc.ssl_server_credentials([pair], authority.pem.read_bytes(), require_client_auth=True)
    with serving(credentials=credentials) as (address, _):
        yield address


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    with serving() as (address, _):
        yield address


def balance(endpoint: Endpoint) -> str:
    with open_channel(endpoint, endpoint.addresses[0]) as channel:
        method = from_stubs("harness.lab.proto.ledger_pb2").find(f"{SERVICE}/GetBalance")
        reply = method.on(channel)(method.request(account="42"), metadata=TOKEN, timeout=10)
        return str(reply.account)  # type: ignore[attr-defined]


@pytest.mark.e2e
def test_a_ca_of_ones_own_and_another_server_name_reach_a_server(authority: Authority, secure: str) -> None:
    assert balance(Endpoint((secure,), tls=Tls(authority.pem, server_name="ledger.example"))) == "42"


@pytest.mark.e2e
def test_a_clients_certificate_reaches_a_server_that_wants_one(authority: Authority, mutual: str) -> None:
    client = authority.sign("client")
    tls = Tls(authority.pem, client.certificate, client.key, "localhost")
    assert balance(Endpoint((mutual,), tls=tls)) == "42"


@pytest.mark.e2e
def test_a_unix_socket_reaches_a_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    address = f"unix:{tmp_path_factory.mktemp('s')}/x"
    with serving(address) as (served, _):
        assert balance(Endpoint((served,))) == "42"


@pytest.mark.parametrize("name", ["ca", "certificate", "key"])
def test_a_file_that_cannot_be_read_or_is_no_pem_is_named(tmp_path: Path, authority: Authority, name: str) -> None:
    pair = authority.sign("good")
    good = Tls(authority.pem, pair.certificate, pair.key)
    wrong = tmp_path / "der.bin"
    wrong.write_bytes(b"\x30\x82")
    for path, said in ((tmp_path / "none.pem", "No such file"), (wrong, "holds no PEM")):
        with pytest.raises(UsageError, match=said) as caught:
            open_channel(Endpoint(("a:1",), tls=replace(good, **{name: path})), "a:1")  # type: ignore[arg-type]
        assert f"tls {name} {path}" in str(caught.value)


def test_settings_reach_grpcs_channel_arguments() -> None:
    endpoint = Endpoint(
        ("a:1",),
        keepalive_s=5,
        keepalive_timeout_s=2,
        max_message_bytes=7,
        wait_for_ready=True,
        retry=Retry(attempts=4, codes=("UNAVAILABLE",)),
        authority="name",
    )
    options = dict(channel_options(endpoint))
    assert options["grpc.keepalive_time_ms"] == 5000
    assert options["grpc.keepalive_timeout_ms"] == options["grpc.http2.ping_timeout_ms"] == 2000
    assert options["grpc.max_receive_message_length"] == options["grpc.max_send_message_length"] == 7
    assert options["grpc.default_authority"] == "name"
    assert options["grpc.enable_retries"] == 1
    assert '"waitForReady": true' in options["grpc.service_config"]
    assert '"maxAttempts": 4' in options["grpc.service_config"]


@pytest.mark.e2e
def test_a_message_beyond_the_bound_is_not_sent(plain: str) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        balance(Endpoint((plain,), max_message_bytes=1))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.e2e
def test_a_call_that_waits_outlives_a_servers_late_start(tmp_path_factory: pytest.TempPathFactory) -> None:
    address = f"unix:{tmp_path_factory.mktemp('late')}/x"
    endpoint = Endpoint((address,), wait_for_ready=True)
    method = from_stubs(ledger_pb2).find(f"{SERVICE}/GetBalance")
    with open_channel(endpoint, address) as channel:
        call = channel.unary_unary(
            method.path, request_serializer=method.request.SerializeToString, response_deserializer=None
        )
        under_way = call.future(method.request(account="1"), metadata=TOKEN, timeout=20)
        with serving(address):
            assert under_way.result() is not None


def kinds(methods: Methods) -> dict[str, str]:
    return {method.name: method.kind for method in methods if method.service == SERVICE}


@pytest.mark.e2e
def test_every_way_to_the_methods_tells_the_same(plain: str, tmp_path: Path) -> None:
    with open_channel(Endpoint((plain,)), plain) as channel:
        reflected = from_reflection(channel)
    stubs = from_stubs("harness.lab.proto.ledger_pb2_grpc")
    file = tmp_path / "set.bin"
    file.write_bytes(stubs.files.SerializeToString())
    ways = [reflected, stubs, from_descriptor_set(file), from_protos([PROTO], [PROTO.parent])]
    assert [kinds(way) for way in ways] == [kinds(stubs)] * 4
    assert kinds(stubs)["StreamTransfers"] == "bidi"
    assert kinds(stubs)["ListTransfers"] == "server-stream"
    assert kinds(stubs)["ImportTransfers"] == "client-stream"


@pytest.mark.e2e
def test_a_server_without_reflection_is_told_with_the_ways_round_it() -> None:
    with (
        serving(reflects=False) as (address, _),
        open_channel(Endpoint((address,)), address) as channel,
        pytest.raises(UsageError, match=r"no server reflection; give --proto FILES or --descriptor-set FILE"),
    ):
        from_reflection(channel)


@pytest.mark.parametrize("name", [f"{SERVICE}/GetBalance", f"/{SERVICE}/GetBalance", f"{SERVICE}.GetBalance"])
def test_a_method_is_found_by_any_spelling_of_its_path(name: str) -> None:
    assert from_stubs(ledger_pb2).find(name).path == f"/{SERVICE}/GetBalance"


def test_an_unknown_method_names_those_that_come_near() -> None:
    with pytest.raises(UsageError, match=f"did you mean {SERVICE}/GetBalance"):
        from_stubs(ledger_pb2).find(f"{SERVICE}/GetBalanse")


@pytest.mark.parametrize(
    ("text", "said"),
    [('syntax = "proto3"; import "gone.proto";', "gone.proto"), ("nonsense", "bad.proto")],
)
def test_a_proto_that_does_not_compile_says_why(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "bad.proto"
    file.write_text(text)
    with pytest.raises(UsageError, match=said):
        from_protos([file])


def test_a_descriptor_set_that_is_none_says_how_to_make_one(tmp_path: Path) -> None:
    file = tmp_path / "x.bin"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="--include_imports"):
        from_descriptor_set(file)
