"""Put the exam (standard input) to Envoy's JWT filter, by gRPC calls; print one line of JSON per refusal.

Envoy is Istio's verifier too. Behind it is nobody: what it lets pass ends as UNAVAILABLE, and is no refusal.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc

from tests.e2e.foreign import ENVOY, served
from tests.e2e.storms import await_true, free_port

TYPES = "type.googleapis.com/envoy.extensions"
REFUSED = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}


def main() -> None:
    paper = json.load(sys.stdin)
    version = _version()
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        config = Path(folder) / "envoy.json"
        config.write_text(json.dumps(_config(paper, port)))
        command = [str(ENVOY), "-c", str(config), "--log-level", "warn", "--concurrency", "1", "--use-dynamic-base-id"]
        with served(command, Path(folder) / "envoy.log"), grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            await_true(lambda: _answers(channel), 30, "Envoy")
            for situation, text in _said(channel, paper):
                line = {"library": "Envoy jwt_authn", "version": version, "situation": situation, "text": text}
                print(json.dumps(line), flush=True)  # noqa: T201


def _version() -> str:
    told = subprocess.run([ENVOY, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"/(\d+\.\d+\.\d+)", told)
    return found.group(1) if found else ""


def _answers(channel: grpc.Channel) -> bool:
    return _refusal(channel, "/ready", ()) is None


def _said(channel: grpc.Channel, paper: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for question in paper["situations"]:
        header = question["authorization"]
        metadata = () if header is None else (("authorization", header),)
        text = _refusal(channel, f"/{_provider(question)}/Call", metadata)
        if text is not None:
            yield question["name"], text


def _refusal(channel: grpc.Channel, path: str, metadata: tuple[tuple[str, str], ...]) -> str | None:
    """Return the text of a refused call, or None where it was let pass."""
    try:
        _call(channel, path)(b"", metadata=metadata, timeout=5, wait_for_ready=True)
    except grpc.RpcError as error:
        return str(error.details()) if error.code() in REFUSED else None
    return None


def _call(channel: Any, path: str) -> Any:
    return channel.unary_unary(path)


def _provider(question: Mapping[str, Any]) -> str:
    return question["name"] if question["about"] == "keys" else "local"


def _config(paper: Mapping[str, Any], port: int) -> dict[str, Any]:
    remote = {question["name"]: question["keys_url"] for question in paper["situations"] if question["about"] == "keys"}
    trusted = {"issuer": paper["issuer"], "audiences": [paper["audience"]]}
    providers = {
        "local": {**trusted, "local_jwks": {"inline_string": json.dumps(paper["jwks"])}},
        **{name: {**trusted, "remote_jwks": _remote(name, url)} for name, url in remote.items()},
    }
    rules = [{"match": {"prefix": f"/{name}/"}, "requires": {"provider_name": name}} for name in providers]
    manager = {
        "@type": f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "exam",
        "codec_type": "HTTP2",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}],
                }
            ]
        },
        "http_filters": [
            _filter("jwt_authn.v3.JwtAuthentication", providers=providers, rules=rules),
            _filter("router.v3.Router"),
        ],
    }
    listener = {
        "name": "in",
        "address": _socket("127.0.0.1", port),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    return {"static_resources": {"listeners": [listener], "clusters": [_cluster(*one) for one in remote.items()]}}


def _remote(name: str, url: str) -> dict[str, Any]:
    return {"http_uri": {"uri": url, "cluster": name, "timeout": "2s"}, "retry_policy": {"num_retries": 0}}


def _filter(name: str, **settings: Any) -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": f"{TYPES}.filters.http.{name}", **settings}}


def _cluster(name: str, url: str) -> dict[str, Any]:
    address = urlsplit(url)
    endpoint = {"endpoint": {"address": _socket(str(address.hostname), address.port or 80)}}
    load = {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]}
    return {"name": name, "connect_timeout": "1s", "type": "STATIC", "load_assignment": load}


def _socket(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


if __name__ == "__main__":
    main()
