"""Settings of a server that the harness starts."""

import socket
from dataclasses import replace
from typing import Any

import pytest

from harness import Tls
from harness.lab.processes.launch import Launch, place

GOOD = Launch(["./server", "--port", "{port}"])


def test_a_good_launch_has_no_mistakes() -> None:
    assert GOOD.mistakes() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"command": "./server {port}"}, "is no list of words"),
        ({"command": []}, "is no list of words"),
        ({"command": ["./server"]}, "is not told its port"),
        ({"address": "0.0.0.0:{port}"}, "is not on loopback"),
        ({"address": "127.0.0.1:{prot}"}, "{prot} means nothing there"),
        ({"address": "127.0.0.1"}, "is no address"),
        ({"ready_within_s": 0}, "ready_within_s=0"),
        ({"cache_s": -1}, "cache_s=-1"),
        ({"tls": Tls(key=__file__)}, "mutual TLS needs both"),  # type: ignore[arg-type]
    ],
)
def test_a_mistake_is_named_with_its_way_out(changes: dict[str, Any], said: str) -> None:
    found = replace(GOOD, **changes).mistakes()
    assert any(said in sentence for sentence in found), found


def test_words_are_filled_in_and_other_braces_stay() -> None:
    launch = Launch(["./s", "{port}", '{"a": {}}', "{strange}"], environ={"KEYS": "{jwks_url}?p={port}"})
    filled = launch.filled({"port": "7", "jwks_url": "http://k"})
    assert filled.command == ("./s", "7", '{"a": {}}', "{strange}")
    assert filled.environ == {"KEYS": "http://k?p=7"}


def test_a_port_in_the_environment_is_told_as_well() -> None:
    assert Launch(["./server"], environ={"PORT": "{port}"}).mistakes() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_free_port_is_found_on_its_host(host: str) -> None:
    found_host, _, port = place(replace(GOOD, address=f"{host}:{{port}}")).rpartition(":")
    assert found_host == host
    with socket.socket() as server:
        server.bind(("127.0.0.1", int(port)))
        assert server.getsockname()[1] == int(port)


def test_a_port_that_is_given_is_kept() -> None:
    assert place(replace(GOOD, address="127.0.0.1:50051")) == "127.0.0.1:50051"


def test_two_builds_of_a_server_share_their_settings() -> None:
    assert GOOD.to_json() == replace(GOOD, command=["./other", "{port}"]).to_json()
    assert GOOD.to_json() != replace(GOOD, faketime=True).to_json()
