from pathlib import Path

import pytest

from harness.endpoint import Endpoint, Retry, Tls, address, endpoint_of


@pytest.mark.parametrize(
    "good", ["127.0.0.1:50051", "[::1]:1", "ledger.example:443", "unix:/run/ledger.sock", "dns:53", "etcd:2379"]
)
def test_an_address_that_grpc_can_dial_has_no_mistake(good: str) -> None:
    assert Endpoint((good,)).mistakes() == []


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("dns:///localhost:50071", "localhost:50071"),
        ("dns:localhost:50071", "localhost:50071"),
        ("DNS:///localhost:50071", "localhost:50071"),
        ("passthrough:///ledger:1", "ledger:1"),
        ("ipv4:127.0.0.1:1", "127.0.0.1:1"),
        ("ipv6:[::1]:1", "[::1]:1"),
        ("ipv6:///[::1]:1", "[::1]:1"),
        ("unix:///run/x.sock", "unix:/run/x.sock"),
        (" localhost:1\n", "localhost:1"),
    ],
)
def test_grpcs_names_of_an_address_are_read(written: str, address: str) -> None:
    endpoint = Endpoint((written,))
    assert endpoint.addresses == (address,)
    assert endpoint.mistakes() == []
    assert endpoint_of(written).addresses == (address,)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("dns://8.8.8.8/ledger:443", "no resolver for dns: is here; give the host:port that it finds"),
        ("xds:///ledger", "no resolver for xds: is here"),
        ("unix-abstract:ledger", "no resolver for unix-abstract: is here"),
        ("http://ledger", "give ledger:80"),
        ("https://ledger/api/", "give ledger:443, and tls= (--tls)"),
        ("https://me:secret@ledger:8443/", "give ledger:8443"),
        ("https://[::1]", "give [::1]:443"),
        ("grpc://ledger", "give ledger:port"),
        ("a:1,b:2", "--target again for each"),
        ("localhost", "host:port"),
        ("localhost:0", "host:port"),
        ("localhost:70000", "host:port"),
        ("::1:50051", "[::1]:port"),
        ("https://ledger:443", "an address has no scheme; give ledger:443"),
        ("unix:ledger.sock", "whole path"),
    ],
)
def test_a_bad_address_is_named_with_its_way_out(bad: str, said: str) -> None:
    (mistake,) = Endpoint((bad,)).mistakes()
    assert repr(bad) in mistake
    assert said in mistake


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        (Endpoint(()), "empty"),
        (Endpoint(("a:1", "a:1")), "twice"),
        (Endpoint(("a:1",), connections=0), "connections=0"),
        (Endpoint(("a:1",), compression="zip"), "'zip'"),
        (Endpoint(("a:1",), keepalive_s=-1), "keepalive_s=-1"),
        (Endpoint(("a:1",), max_message_bytes=0), "max_message_bytes=0"),
        (Endpoint(("a:1",), tls=Tls(key=Path("k.pem"))), "without certificate="),
        (Endpoint(("a:1",), retry=Retry(attempts=9)), "attempts=9"),
        (Endpoint(("a:1",), retry=Retry(codes=("UNAUTHENTICATED",))), "UNAUTHENTICATED"),
    ],
)
def test_every_setting_that_cannot_be_is_named(endpoint: Endpoint, said: str) -> None:
    assert [said in mistake for mistake in endpoint.mistakes()] == [True]


def test_a_proxy_in_between_keeps_the_names_on_the_wire() -> None:
    plain = Endpoint(("ledger.example:443",)).behind("127.0.0.1:9")
    secure = Endpoint(("ledger.example:443",), tls=Tls()).behind("127.0.0.1:9")
    assert (plain.addresses, plain.authority) == (("127.0.0.1:9",), "ledger.example:443")
    assert secure.tls == Tls(server_name="ledger.example")


def test_a_server_name_of_ones_own_outlives_the_proxy() -> None:
    behind = Endpoint(("127.0.0.1:443",), tls=Tls(server_name="ledger")).behind("127.0.0.1:9")
    assert behind.tls == Tls(server_name="ledger")


def test_an_address_alone_is_an_endpoint_in_plaintext() -> None:
    assert endpoint_of("127.0.0.1:1", 3) == Endpoint(("127.0.0.1:1",), connections=3)


def test_a_unix_socket_is_on_this_machine() -> None:
    assert address.host_of("unix:/run/x") == "localhost"
    assert address.host_of("[::1]:5") == "::1"
