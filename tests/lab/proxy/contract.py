"""What Toxiproxy 2.12 answers, case by case, and where the embedded server differs on purpose.

Written from the verified behaviour of 2.12.0. Each case runs against the embedded server, the same
in strict mode, and the real one where there is one; ``ours`` is what the embedded server answers
instead of the original's mistake, and ``why`` the reason, which docs/proxy.md names too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

A = '{"name": "a", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"}'
OFF = '{"name": "a", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9", "enabled": false}'
LATENCY = '{"type": "latency", "attributes": {"latency": 100, "jitter": 10}}'
CREATE_A = ("POST /proxies", A)
ADD_LATENCY = ("POST /proxies/a/toxics", LATENCY)
SHOWN_LATENCY = {
    "name": "latency_downstream",
    "type": "latency",
    "stream": "downstream",
    "toxicity": 1,
    "attributes": {"latency": 100, "jitter": 10},
}


@dataclass(frozen=True)
class Said:
    """An answer: its status, and its text: JSON that must be part of it, an error's text, or raw bytes.

    An error's text that ends with ``…`` is only the beginning.
    """

    status: int
    text: Any = None


@dataclass(frozen=True)
class Case:
    """One request after some others, and what is answered."""

    name: str
    ask: str
    body: str | None
    said: Said
    first: Sequence[tuple[str, str | None]] = ()
    ours: Said | None = None
    why: str = ""


def case(name: str, ask: str, body: str | None, said: Said, *first: tuple[str, str | None]) -> Case:
    return Case(name, ask, body, said, first)


def differs(case: Case, ours: Said, why: str) -> Case:
    return Case(case.name, case.ask, case.body, case.said, case.first, ours, why)


SIMPLE = (
    case("no proxies", "GET /proxies", None, Said(200, b"{}")),
    case("proxies by name", "GET /proxies", None, Said(200, {"a": {"name": "a", "enabled": True}}), CREATE_A),
    case("unknown path", "GET /nothing", None, Said(404, b"404 page not found\n")),
    case("trailing slash", "GET /proxies/", None, Said(404, b"404 page not found\n")),
    case("double slash", "GET //proxies", None, Said(301)),
    case("wrong method", "PUT /proxies", None, Said(405, b"")),
    case("head", "HEAD /proxies", None, Said(405, b"")),
    case("get reset", "GET /reset", None, Said(405, b"")),
)

CREATE = (
    case("create", "POST /proxies", A, Said(201, {"name": "a", "enabled": True, "toxics": []})),
    case("create disabled", "POST /proxies", OFF, Said(201, {"enabled": False, "listen": "127.0.0.1:0"})),
    case("empty body", "POST /proxies", "", Said(400, "bad request body: EOF")),
    case("bad json", "POST /proxies", "{", Said(400, "bad request body: …")),
    case("wrong type", "POST /proxies", '{"name": 5, "upstream": "x:1"}', Said(400, "bad request body: …")),
    case("not an object", "POST /proxies", "[]", Said(400, "bad request body: …")),
    case("no name", "POST /proxies", '{"upstream": "x:1"}', Said(400, "missing required field: name")),
    case("nothing", "POST /proxies", "{}", Said(400, "missing required field: name")),
    case("no upstream", "POST /proxies", '{"name": "a"}', Said(400, "missing required field: upstream")),
    case(
        "empty upstream",
        "POST /proxies",
        '{"name": "a", "upstream": ""}',
        Said(400, "missing required field: upstream"),
    ),
    case("name twice", "POST /proxies", A, Said(409, "proxy already exists"), CREATE_A),
    case(
        "nulls say nothing",
        "POST /proxies",
        '{"name": "a", "upstream": "x:1", "listen": "127.0.0.1:0", "enabled": null}',
        Said(201, {"enabled": True}),
    ),
    case("keys in any case", "POST /proxies", A.replace("name", "Name"), Said(201, {"name": "a"})),
    case("unknown keys", "POST /proxies", A.replace("}", ', "Logger": {}}'), Said(201, {"name": "a"})),
    case(
        "no port",
        "POST /proxies",
        A.replace("127.0.0.1:0", "nonsense"),
        Said(500, "listen tcp: address nonsense: missing port in address"),
    ),
    case(
        "port out of range",
        "POST /proxies",
        A.replace(":0", ":99999"),
        Said(500, "listen tcp: address 99999: invalid port"),
    ),
    case(
        "too many colons",
        "POST /proxies",
        A.replace("127.0.0.1:0", "a:b:1"),
        Said(500, "listen tcp: address a:b:1: too many colons in address"),
    ),
    case(
        "address of somebody else",
        "POST /proxies",
        A.replace("127.0.0.1:0", "192.0.2.1:3310"),
        Said(500, "listen tcp 192.0.2.1:3310: bind: cannot assign requested address"),
    ),
    case("host name resolved", "POST /proxies", A.replace("127.0.0.1", "localhost", 1), Said(201, {"enabled": True})),
    case(
        "nonsense while disabled",
        "POST /proxies",
        OFF.replace("127.0.0.1:0", "nonsense"),
        Said(201, {"listen": "nonsense", "enabled": False}),
    ),
    differs(
        case(
            "toxics with the proxy",
            "POST /proxies",
            A.replace("}", f', "toxics": [{LATENCY}]}}'),
            Said(201, {"toxics": []}),
        ),
        Said(201, {"toxics": [SHOWN_LATENCY]}),
        "toxics are accepted inside create, populate and config, atomically",
    ),
)

SHOW = (
    case("show", "GET /proxies/a", None, Said(200, {"name": "a", "upstream": "127.0.0.1:9"}), CREATE_A),
    case("show unknown", "GET /proxies/b", None, Said(404, "proxy not found")),
    case("delete", "DELETE /proxies/a", None, Said(204, b""), CREATE_A),
    case("delete unknown", "DELETE /proxies/a", None, Said(404, "proxy not found")),
    case("toxics of unknown", "GET /proxies/a/toxics", None, Said(404, "proxy not found")),
)

UPDATE = (
    case("disable", "PATCH /proxies/a", '{"enabled": false}', Said(200, {"enabled": False}), CREATE_A),
    case("disable by post", "POST /proxies/a", '{"enabled": false}', Said(200, {"enabled": False}), CREATE_A),
    case("enable", "PATCH /proxies/a", '{"enabled": true}', Said(200, {"enabled": True}), ("POST /proxies", OFF)),
    case("update nothing", "PATCH /proxies/a", "{}", Said(200, {"enabled": True}), CREATE_A),
    case("move upstream", "PATCH /proxies/a", '{"upstream": "x:1"}', Said(200, {"upstream": "x:1"}), CREATE_A),
    case("renaming does not", "PATCH /proxies/a", '{"name": "b"}', Said(200, {"name": "a"}), CREATE_A),
    case("update unknown", "PATCH /proxies/a", "{}", Said(404, "proxy not found")),
    case("update empty body", "PATCH /proxies/a", "", Said(400, "bad request body: EOF"), CREATE_A),
    case("update wrong type", "PATCH /proxies/a", '{"enabled": 1}', Said(400, "bad request body: …"), CREATE_A),
    case(
        "update bad listen",
        "PATCH /proxies/a",
        '{"listen": "bad"}',
        Said(500, "address bad: missing port in address"),
        CREATE_A,
    ),
    case(
        "toxics survive a move",
        "PATCH /proxies/a",
        '{"upstream": "x:1"}',
        Said(200, {"toxics": [SHOWN_LATENCY]}),
        CREATE_A,
        ADD_LATENCY,
    ),
)

POPULATE = (
    case("populate nothing", "POST /populate", "[]", Said(201, {"proxies": None})),
    case("populate", "POST /populate", f"[{A}]", Said(201, {"proxies": [{"name": "a", "enabled": True}]})),
    case("populate disabled", "POST /populate", f"[{OFF}]", Said(201, {"proxies": [{"enabled": False}]})),
    case("populate empty body", "POST /populate", "", Said(400, {"error": "bad request body: EOF", "proxies": None})),
    case("populate an object", "POST /populate", "{}", Said(400, "bad request body: …")),
    case(
        "populate without a name",
        "POST /populate",
        f'[{A}, {{"upstream": "x:1"}}]',
        Said(400, {"error": "missing required field: name at proxy 2", "proxies": None}),
    ),
    case(
        "populate without an upstream",
        "POST /populate",
        '[{"name": "a"}]',
        Said(400, {"error": "missing required field: upstream at proxy 1", "proxies": None}),
    ),
    case(
        "populate stops at the first that fails",
        "POST /populate",
        "[{}, {}]".format(A, A.replace('"a"', '"b"').replace("127.0.0.1:0", "nonsense")),
        Said(500, {"error": "listen tcp: address nonsense: missing port in address", "proxies": [{"name": "a"}]}),
    ),
    case(
        "populate keeps what is there",
        "POST /populate",
        '[{"name": "a", "listen": "127.0.0.1:33917", "upstream": "127.0.0.1:9", "enabled": false}]',
        Said(201, {"proxies": [{"enabled": True, "toxics": [SHOWN_LATENCY]}]}),
        ("POST /proxies", A.replace(":0", ":33917")),
        ADD_LATENCY,
    ),
    case(
        "populate replaces what differs",
        "POST /populate",
        f"[{A}]",
        Said(201, {"proxies": [{"toxics": []}]}),
        CREATE_A,
        ADD_LATENCY,
    ),
    differs(
        case(
            "populate with toxics",
            "POST /populate",
            f"[{A.replace('}', f', {chr(34)}toxics{chr(34)}: [{LATENCY}]}}')}]",
            Said(201, {"proxies": [{"toxics": []}]}),
        ),
        Said(201, {"proxies": [{"toxics": [SHOWN_LATENCY]}]}),
        "toxics are accepted inside create, populate and config, atomically",
    ),
)

RESET = (
    case("reset nothing", "POST /reset", None, Said(204, b"")),
    case("reset ignores its body", "POST /reset", "{", Said(204, b"")),
)
