"""The API's contract, against every server there is."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab.proxy import contract, contract_toxics
from tests.lab.proxy.conftest import KINDS, NO_REAL, Answer, Server, real_server, serving
from tests.lab.proxy.contract import Case, Said

CASES = (
    *contract.SIMPLE,
    *contract.CREATE,
    *contract.SHOW,
    *contract.UPDATE,
    *contract.POPULATE,
    *contract.RESET,
    *contract_toxics.TOXICS,
)


@pytest.mark.e2e
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_the_api_answers_as_the_contract_says(server: Server, case: Case) -> None:
    for line, body in case.first:
        assert server.ask(line, body).status < 300
    answer = server.ask(case.ask, case.body)
    expected = case.ours if case.ours and server.kind == "embedded" else case.said
    _check(answer, expected)


def _check(answer: Answer, expected: Said) -> None:
    assert answer.status == expected.status, answer.body
    if isinstance(expected.text, bytes):
        assert answer.body == expected.text
    elif isinstance(expected.text, str):
        beginning, partial, _ = expected.text.partition("…")
        assert answer.error().startswith(beginning) if partial else answer.error() == beginning
        assert answer.json()["status"] == expected.status
    elif expected.text is not None:
        _check_part(answer.json(), expected.text)


def _check_part(found: Any, expected: Any) -> None:
    """Every key and item of ``expected`` is in ``found``; lists are compared item by item."""
    if isinstance(expected, dict) and expected:
        assert isinstance(found, dict)
        for key, value in expected.items():
            _check_part(found[key], value)
    elif isinstance(expected, list):
        assert isinstance(found, list)
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            _check_part(one, other)
    else:
        assert found == expected


@pytest.mark.e2e
def test_a_refusal_is_json_in_plain_text(server: Server) -> None:
    answer = server.ask("GET /proxies/none")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.body == b'{"error":"proxy not found","status":404}\n'


@pytest.mark.e2e
def test_a_wrong_method_is_told_the_right_ones(embedded: Server) -> None:
    assert embedded.ask("PUT /proxies/a").headers["allow"] == "DELETE, GET, PATCH, POST"
    assert embedded.ask("HEAD /proxies").headers["allow"] == "GET, POST"


@pytest.mark.e2e
def test_a_refused_populate_is_plain_json(server: Server) -> None:
    assert server.ask("POST /populate", "").headers["content-type"] == "application/json"


@pytest.mark.e2e
def test_every_answer_carries_a_request_id_of_its_own(server: Server) -> None:
    ids = {server.ask("GET /proxies").headers["x-toxiproxy-request-id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.e2e
def test_a_browser_is_turned_away(server: Server) -> None:
    answer = server.ask("GET /proxies", **{"User-Agent": "Mozilla/5.0 (X11)"})
    assert (answer.status, answer.body.strip()) == (403, b"User agent not allowed")


@pytest.mark.e2e
def test_the_version_is_json_with_a_space(server: Server) -> None:
    answer = server.ask("GET /version")
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert answer.body.startswith(b'{"version": "')
    assert answer.body.endswith(b'"}\n')


@pytest.mark.e2e
def test_a_port_in_use_creates_nothing(server: Server) -> None:
    listen = server.client.create("a", "127.0.0.1:9")
    body = json.dumps({"name": "b", "upstream": "127.0.0.1:9", "listen": listen})
    answer = server.ask("POST /proxies", body)
    _check(answer, Said(500, f"listen tcp {listen}: bind: address already in use"))
    assert list(server.client.proxies()) == ["a"]


@pytest.mark.e2e
def test_the_answer_names_the_port_that_was_taken(server: Server) -> None:
    listen = server.client.create("a", "127.0.0.1:9")
    assert listen.startswith("127.0.0.1:")
    assert not listen.endswith(":0")
    assert server.client.read("a").listen == listen


@pytest.mark.e2e
def test_turning_off_and_on_keeps_port_and_toxics(server: Server) -> None:
    listen = server.client.create("a", "127.0.0.1:9")
    server.client.add_toxic("a", "t", "latency", "upstream", 1.0, {"latency": 5})
    server.client.set_enabled("a", False)
    server.client.set_enabled("a", True)
    state = server.client.read("a")
    assert (state.listen, state.enabled, [toxic.name for toxic in state.toxics]) == (listen, True, ["t"])


@pytest.mark.e2e
def test_reset_enables_every_proxy_and_removes_every_toxic(server: Server) -> None:
    for name in "ab":
        server.client.create(name, "127.0.0.1:9")
        server.client.add_toxic(name, "up", "latency", "upstream", 1.0, {})
        server.client.add_toxic(name, "down", "noop", "downstream", 1.0, {})
    server.client.set_enabled("a", False)
    assert server.ask("POST /reset").status == 204
    assert [(proxy.enabled, proxy.toxics) for proxy in server.client.proxies().values()] == [(True, ())] * 2


@pytest.mark.e2e
def test_a_move_to_a_busy_port_leaves_the_proxy_as_it_was_where_the_original_stops_it(server: Server) -> None:
    busy = server.client.create("busy", "127.0.0.1:9")
    listen = server.client.create("a", "127.0.0.1:9")
    answer = server.ask("PATCH /proxies/a", json.dumps({"listen": busy}))
    assert answer.status == 500
    state = server.client.read("a")
    expected = (listen, True) if server.kind == "embedded" else (busy, False)
    assert (state.listen, state.enabled) == expected


@pytest.mark.e2e
def test_without_a_listen_address_ours_is_loopback_where_the_original_takes_all_interfaces(server: Server) -> None:
    created = server.ask("POST /proxies", '{"name": "a", "upstream": "127.0.0.1:9"}').json()
    assert created["listen"].startswith("127.0.0.1:" if server.kind == "embedded" else "[::]:")


@pytest.mark.e2e
@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_cannot_stand_in_a_url_is_refused_where_the_original_cannot_get_rid_of_it(
    kind: str, tmp_path: Path
) -> None:
    if kind == "real" and real_server() is None:
        pytest.skip(NO_REAL)
    with serving(kind, tmp_path / "log") as server:
        answer = server.ask("POST /proxies", '{"name": "a/b", "upstream": "127.0.0.1:9", "listen": "127.0.0.1:0"}')
        if kind == "embedded":
            _check(answer, Said(400, "name: 'a/b' cannot stand in a URL; leave out '/', '.' and '..'"))
        else:
            assert answer.status == 201
            assert server.ask("GET /proxies/a%2Fb").status == 404


def test_every_difference_says_why() -> None:
    assert all(bool(case.ours) == bool(case.why) for case in CASES)
    assert len({case.name + case.ask for case in CASES}) == len(CASES)
