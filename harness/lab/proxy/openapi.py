"""The description of the API, served as ``/openapi.json``; toxics come from their registry.

Source: OpenAPI 3.1.0. Refusals carry JSON in a body of type ``text/plain``, as the original's do.
"""

from typing import Any

from harness.lab.proxy.toxics import TOXICS, Toxic

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
STREAM: Schema = {
    "type": "string",
    "enum": ["upstream", "downstream"],
    "default": "downstream",
    "description": "upstream: client to server; downstream: server to client",
}
TOXICITY: Schema = {
    "type": "number",
    "minimum": 0,
    "maximum": 1,
    "default": 1,
    "description": "chance that the toxic touches one connection",
}
NAME: Schema = {"type": "string", "minLength": 1, "pattern": r"^(?!\.{1,2}$)[^/]+$"}
LISTEN: Schema = {"type": "string", "description": "host:port; port 0 takes a free one", "default": "127.0.0.1:0"}
UPSTREAM: Schema = {"type": "string", "minLength": 1, "description": "host:port"}


def describe(version: str) -> Schema:
    """Return the OpenAPI description of a server that speaks this version of Toxiproxy's API."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Toxiproxy API of jwtstorm", "version": version},
        "paths": {
            "/version": {"get": _operation("Version of the API", 200, _ref("Version"))},
            "/reset": {"post": _operation("Enable every proxy, remove every toxic", 204, None, refusals=(500,))},
            "/populate": {"post": _populate()},
            "/metrics": {"get": _metrics()},
            "/openapi.json": {"get": _operation("This description", 200, {"type": "object"})},
            **_proxy_paths(),
            **_toxic_paths(),
        },
        "components": {"schemas": _schemas()},
    }


def _populate() -> Schema:
    populate = _operation("Make these proxies true", 201, _ref("Populated"), _list("NewProxy"), (400, 409, 500))
    for status in ("400", "409", "500"):
        populate["responses"][status]["content"] = {"application/json": {"schema": _ref("Error")}}
    return populate


def _metrics() -> Schema:
    metrics = _operation("Metrics, Prometheus text", 200, None)
    metrics["responses"]["200"]["content"] = {"text/plain": {"schema": TEXT}}
    return metrics


def _proxy_paths() -> Schema:
    change = _operation("Change addresses, or turn on or off", 200, _ref("Proxy"), _ref("ProxyChange"), (400, 404, 500))
    return {
        "/proxies": {
            "get": _operation("All proxies by name", 200, {"type": "object", "additionalProperties": _ref("Proxy")}),
            "post": _operation("Create a proxy", 201, _ref("Proxy"), _ref("NewProxy"), (400, 409, 500)),
        },
        "/proxies/{proxy}": {
            "parameters": [_in_path("proxy")],
            "get": _operation("One proxy", 200, _ref("Proxy"), refusals=(404,)),
            "post": {**change, "deprecated": True},
            "patch": change,
            "delete": _operation("Delete a proxy", 204, None, refusals=(404,)),
        },
    }


def _toxic_paths() -> Schema:
    change = _operation("Change a toxic", 200, _ref("Toxic"), _ref("ToxicChange"), (400, 404))
    return {
        "/proxies/{proxy}/toxics": {
            "parameters": [_in_path("proxy")],
            "get": _operation("Toxics of a proxy", 200, _list("Toxic"), refusals=(404,)),
            "post": _operation("Add a toxic", 200, _ref("Toxic"), _ref("NewToxic"), (400, 404, 409)),
        },
        "/proxies/{proxy}/toxics/{toxic}": {
            "parameters": [_in_path("proxy"), _in_path("toxic")],
            "get": _operation("One toxic", 200, _ref("Toxic"), refusals=(404,)),
            "post": {**change, "deprecated": True},
            "patch": change,
            "delete": _operation("Remove a toxic", 204, None, refusals=(404,)),
        },
    }


def _schemas() -> Schema:
    proxy = {"name": NAME, "listen": LISTEN, "upstream": UPSTREAM, "enabled": {"type": "boolean", "default": True}}
    change = {"listen": LISTEN, "upstream": TEXT, "enabled": {"type": "boolean"}}
    new_toxics = {"toxics": _list("NewToxic")}
    attributes = {kind: _attributes(toxic) for kind, toxic in sorted(TOXICS.items())}
    return {
        "Version": _object({"version": TEXT}, "version"),
        "Error": _object({"error": TEXT, "status": {"type": "integer"}}, "error", "status"),
        "NewProxy": _object({**proxy, **new_toxics}, "name", "upstream"),
        "ProxyChange": _object(change),
        "Proxy": _object({**proxy, **change, "toxics": _list("Toxic")}, *proxy, "toxics"),
        "Populated": _object({"proxies": {"oneOf": [_list("Proxy"), {"type": "null"}]}}, "proxies"),
        "Attributes": {"oneOf": list(attributes.values())},
        "NewToxic": {"oneOf": [_toxic(kind, schema, "type") for kind, schema in attributes.items()]},
        "ToxicChange": _object({"toxicity": TOXICITY, "attributes": _ref("Attributes")}),
        "Toxic": {
            "oneOf": [
                _toxic(kind, schema, "name", "type", "stream", "toxicity", "attributes")
                for kind, schema in attributes.items()
            ]
        },
    }


def _toxic(kind: str, attributes: Schema, *required: str) -> Schema:
    fields = {"name": NAME, "type": {"const": kind}, "stream": STREAM, "toxicity": TOXICITY, "attributes": attributes}
    return _object(fields, *required)


def _attributes(toxic: type[Toxic]) -> Schema:
    fields = {
        wire: {
            "type": "integer",
            "minimum": 0,
            "maximum": field.metadata["most"],
            "default": 0,
            "description": f"in {field.metadata['unit']}",
        }
        for wire, field in toxic.wires().items()
    }
    described = (toxic.__doc__ or "").partition("\n")[0]
    return {**_object(fields), "additionalProperties": False, "title": toxic.kind, "description": described}


def _operation(
    summary: str, status: int, answer: Schema | None, body: Schema | None = None, refusals: tuple[int, ...] = ()
) -> Schema:
    operation: Schema = {"summary": summary, "responses": {str(status): {"description": "done"}}}
    if answer is not None:
        operation["responses"][str(status)]["content"] = {"application/json": {"schema": answer}}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    for refusal in refusals:
        media = {"text/plain": {"schema": _ref("Error")}}
        operation["responses"][str(refusal)] = {"description": "refused", "content": media}
    return operation


def _object(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _list(name: str) -> Schema:
    return {"type": "array", "items": _ref(name)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _in_path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": NAME}
