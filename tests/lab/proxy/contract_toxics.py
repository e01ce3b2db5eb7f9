"""The contract of the toxics' routes; see `tests.lab.proxy.contract`."""

from tests.lab.proxy.contract import ADD_LATENCY, CREATE_A, LATENCY, SHOWN_LATENCY, Case, Said, case, differs

ADD = "POST /proxies/a/toxics"
EDIT = "PATCH /proxies/a/toxics/latency_downstream"

DEFAULTS = {
    "latency": {"latency": 0, "jitter": 0},
    "bandwidth": {"rate": 0},
    "slow_close": {"delay": 0},
    "timeout": {"timeout": 0},
    "reset_peer": {"timeout": 0},
    "limit_data": {"bytes": 0},
    "noop": {},
}


def _kind(kind: str, attributes: dict[str, int]) -> Case:
    shown = {"name": f"{kind}_downstream", "type": kind, "attributes": attributes, "toxicity": 1}
    return case(f"defaults of {kind}", ADD, f'{{"type": "{kind}"}}', Said(200, shown), CREATE_A)


def _accepted(name: str, fields: str, shown: dict[str, object], ours: Said, why: str) -> Case:
    return differs(case(name, ADD, f"{{{fields}}}", Said(200, shown), CREATE_A), ours, why)


TOXICS = (
    *(_kind(kind, attributes) for kind, attributes in DEFAULTS.items()),
    case("add", ADD, LATENCY, Said(200, SHOWN_LATENCY), CREATE_A),
    case("add to unknown", ADD, LATENCY, Said(404, "proxy not found")),
    case("add empty body", ADD, "", Said(400, "bad request body: EOF"), CREATE_A),
    case("add unknown type", ADD, '{"type": "fire"}', Said(400, "invalid toxic type"), CREATE_A),
    case("add no type", ADD, "{}", Said(400, "invalid toxic type"), CREATE_A),
    case(
        "add bad stream",
        ADD,
        '{"type": "noop", "stream": "sideways"}',
        Said(400, "stream was invalid, can be either upstream or downstream"),
        CREATE_A,
    ),
    case(
        "add empty stream",
        ADD,
        '{"type": "noop", "stream": ""}',
        Said(400, "stream was invalid, can be either upstream or downstream"),
        CREATE_A,
    ),
    case(
        "stream as typed",
        ADD,
        '{"type": "noop", "stream": "UPSTREAM"}',
        Said(200, {"name": "noop_UPSTREAM", "stream": "UPSTREAM"}),
        CREATE_A,
    ),
    case("add twice", ADD, LATENCY, Said(409, "toxic already exists"), CREATE_A, ADD_LATENCY),
    case(
        "same name in the other stream",
        ADD,
        '{"type": "noop", "stream": "upstream", "name": "latency_downstream"}',
        Said(409, "toxic already exists"),
        CREATE_A,
        ADD_LATENCY,
    ),
    case("type twice", ADD, '{"type": "latency", "name": "b"}', Said(200, {"name": "b"}), CREATE_A, ADD_LATENCY),
    case("null attributes", ADD, '{"type": "latency", "attributes": null}', Said(200), CREATE_A),
    case(
        "attribute of a wrong type",
        ADD,
        '{"type": "latency", "attributes": {"latency": "5"}}',
        Said(400, "bad request body: …"),
        CREATE_A,
    ),
    case(
        "attribute with a fraction",
        ADD,
        '{"type": "latency", "attributes": {"latency": 0.5}}',
        Said(400, "bad request body: …"),
        CREATE_A,
    ),
    case(
        "toxicity of a wrong type", ADD, '{"type": "noop", "toxicity": "1"}', Said(400, "bad request body: …"), CREATE_A
    ),
    case(
        "listed upstream first",
        "GET /proxies/a/toxics",
        None,
        Said(200, [{"name": "u1"}, {"name": "u2"}, {"name": "d1"}]),
        CREATE_A,
        (ADD, '{"type": "noop", "name": "d1"}'),
        (ADD, '{"type": "noop", "name": "u1", "stream": "upstream"}'),
        (ADD, '{"type": "noop", "name": "u2", "stream": "upstream"}'),
    ),
    case("no toxics", "GET /proxies/a/toxics", None, Said(200, b"[]"), CREATE_A),
    case("show", "GET /proxies/a/toxics/latency_downstream", None, Said(200, SHOWN_LATENCY), CREATE_A, ADD_LATENCY),
    case("show unknown", "GET /proxies/a/toxics/b", None, Said(404, "toxic not found"), CREATE_A),
    case("show of unknown", "GET /proxies/a/toxics/b", None, Said(404, "proxy not found")),
    case("remove", "DELETE /proxies/a/toxics/latency_downstream", None, Said(204, b""), CREATE_A, ADD_LATENCY),
    case("remove unknown", "DELETE /proxies/a/toxics/b", None, Said(404, "toxic not found"), CREATE_A),
    case("edit unknown", EDIT, "{}", Said(404, "toxic not found"), CREATE_A),
    case("edit empty body", EDIT, "", Said(400, "bad request body: EOF"), CREATE_A, ADD_LATENCY),
    case(
        "edit keeps the rest",
        EDIT,
        '{"attributes": {"jitter": 20}}',
        Said(200, {**SHOWN_LATENCY, "attributes": {"latency": 100, "jitter": 20}}),
        CREATE_A,
        ADD_LATENCY,
    ),
    case(
        "edit by post",
        EDIT.replace("PATCH", "POST"),
        '{"toxicity": 0.5}',
        Said(200, {**SHOWN_LATENCY, "toxicity": 0.5}),
        CREATE_A,
        ADD_LATENCY,
    ),
    case(
        "edit changes no name, type or stream",
        EDIT,
        '{"name": "b", "type": "noop", "stream": "upstream"}',
        Said(200, SHOWN_LATENCY),
        CREATE_A,
        ADD_LATENCY,
    ),
    _accepted(
        "toxicity above one",
        '"type": "noop", "toxicity": 7',
        {"toxicity": 7},
        Said(400, "toxicity: 7 is outside 0 to 1"),
        "a toxicity outside 0 to 1 is a mistake",
    ),
    _accepted(
        "toxicity below zero",
        '"type": "noop", "toxicity": -1',
        {"toxicity": -1},
        Said(400, "toxicity: -1 is outside 0 to 1"),
        "a toxicity outside 0 to 1 is a mistake",
    ),
    _accepted(
        "negative latency",
        '"type": "latency", "attributes": {"latency": -100}',
        {"attributes": {"latency": -100, "jitter": 0}},
        Said(400, "attribute latency: -100 is outside 0 to 2147483647 ms"),
        "a negative attribute is a mistake",
    ),
    _accepted(
        "negative jitter",
        '"type": "latency", "attributes": {"jitter": -5}',
        {"attributes": {"latency": 0, "jitter": -5}},
        Said(400, "attribute jitter: -5 is outside 0 to 2147483647 ms"),
        "a negative attribute is a mistake",
    ),
    _accepted(
        "jitter that crashes the original at the first byte",
        '"type": "latency", "attributes": {"jitter": 4611686018427387904}',
        {"attributes": {"latency": 0, "jitter": 4611686018427387904}},
        Said(400, "attribute jitter: 4611686018427387904 is outside 0 to 2147483647 ms"),
        "a jitter of 2^62 or more crashes the original",
    ),
    _accepted(
        "slicer without a size",
        '"type": "slicer"',
        {"attributes": {"average_size": 0, "size_variation": 0, "delay": 0}},
        Said(400, "attribute average_size: 0 is under 1 B; give the size of a piece"),
        "slicer sizes that crash the original are mistakes",
    ),
    _accepted(
        "slicer that varies by more than its size",
        '"type": "slicer", "attributes": {"average_size": 5, "size_variation": 9}',
        {"attributes": {"average_size": 5, "size_variation": 9, "delay": 0}},
        Said(400, "attribute size_variation: 9 is over average_size 5; give less"),
        "slicer sizes that crash the original are mistakes",
    ),
    _accepted(
        "attribute that the toxic lacks",
        '"type": "latency", "attributes": {"latncy": 100}',
        {"attributes": {"latency": 0, "jitter": 0}},
        Said(400, "attribute 'latncy' is unknown to latency; known are jitter, latency"),
        "a misspelt attribute would be a fault that never happens",
    ),
    differs(
        case(
            "attribute as a float of integral value",
            ADD,
            '{"type": "latency", "attributes": {"latency": 100.0, "jitter": 10.0}}',
            Said(400, "bad request body: …"),
            CREATE_A,
        ),
        Said(200, SHOWN_LATENCY),
        "a number is a number: 100.0 is 100",
    ),
    differs(
        case("toxic with a slash", ADD, '{"type": "noop", "name": "a/b"}', Said(200, {"name": "a/b"}), CREATE_A),
        Said(400, "name: 'a/b' cannot stand in a URL; …"),
        "a name with a slash could never be shown, changed or deleted",
    ),
)
