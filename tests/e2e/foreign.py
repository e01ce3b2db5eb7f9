"""Servers that others wrote, in other languages, for the probe to be tried on: etcd (Go) and Envoy (C++)."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import rsa
from google.protobuf import json_format
from jwt.algorithms import RSAAlgorithm

from harness.endpoint.methods import Methods, from_descriptor_set
from tests.e2e.storms import await_true, free_port

FOREIGN = Path(__file__).parents[2] / "build" / "foreign"
DESCRIPTORS = FOREIGN / "etcd.binpb"
ETCD = shutil.which("etcd") or ""
ENVOY = FOREIGN / "envoy" / "envoy" / "_bin" / "envoy"
OPENFGA = FOREIGN / "openfga"
WITHOUT_OPENFGA = "no OpenFGA: run `make foreign OPENFGA=1`"
WITHOUT_ETCD = "no etcd, or not its descriptors: run `make foreign`"
WITHOUT_ENVOY = "no Envoy: run `make foreign`"
ISSUER = "https://issuer.example"

has_etcd = bool(ETCD) and DESCRIPTORS.exists()
has_envoy = ENVOY.exists()
has_openfga = OPENFGA.exists()


@dataclass(frozen=True)
class KeyFiles:
    """An RSA key pair: private and public PEM files, and the set that publishes it."""

    private: Path
    public: Path
    jwks: Mapping[str, Any]

    @classmethod
    def make(cls, folder: Path) -> "KeyFiles":
        """Write a new pair into a folder."""
        key = rsa.generate_private_key(65537, 2048)
        private, public = folder / "key.pem", folder / "public.pem"
        private.touch(mode=0o600)
        private.write_bytes(key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()))
        public.write_bytes(key.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo))
        jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return cls(private, public, {"keys": [{**jwk, "kid": "rsa-1", "alg": "RS256", "use": "sig"}]})


@dataclass(frozen=True)
class Etcd:
    """A running etcd; ``keys`` sign its tokens, where its auth is on."""

    address: str
    keys: KeyFiles
    methods: Methods

    def call(self, name: str, message: Mapping[str, Any], token: str = "") -> Any:
        """Make one unary call as a user of etcd's."""
        method = self.methods.find(f"etcdserverpb.{name}")
        metadata = [("token", token)] if token else []
        with grpc.insecure_channel(self.address) as channel:
            unary: Any = method.on(channel)
            return unary(json_format.ParseDict(dict(message), method.request()), metadata=metadata, timeout=10)

    def guard(self) -> str:
        """Switch auth on, with a root; return a token of its making."""
        self.call("Auth/UserAdd", {"name": "root", "password": "r"})
        self.call("Auth/RoleAdd", {"name": "root"})
        self.call("Auth/UserGrantRole", {"user": "root", "role": "root"})
        self.call("Auth/AuthEnable", {})
        token: str = self.call("Auth/Authenticate", {"name": "root", "password": "r"}).token
        return token


@contextmanager
def etcd(folder: Path) -> Iterator[Etcd]:
    """Serve etcd, with auth by JWT prepared and not yet on."""
    keys, address, peers = KeyFiles.make(folder), f"127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
    by = f"jwt,pub-key={keys.public},priv-key={keys.private},sign-method=RS256,ttl=10m"
    command = [
        *(ETCD, "--data-dir", str(folder / "etcd"), "--name", "one", "--auth-token", by),
        *("--listen-client-urls", f"http://{address}", "--advertise-client-urls", f"http://{address}"),
        *("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", f"one={peers}"),
        *("--unsafe-no-fsync", "--logger", "zap"),
    ]
    environment = {**os.environ, "ETCD_UNSUPPORTED_ARCH": os.environ.get("ETCD_UNSUPPORTED_ARCH", "")}
    with served(command, folder / "etcd.log", environment):
        server = Etcd(address, keys, from_descriptor_set(DESCRIPTORS))
        await_true(lambda: _answers(lambda: server.call("Maintenance/Status", {})), 30, "etcd")
        yield server


@contextmanager
def envoy(folder: Path, upstream: str, keys: KeyFiles, guarded: str) -> Iterator[str]:
    """Serve Envoy with its JWT filter before a gRPC server; paths that begin with ``guarded`` need a token."""
    port = free_port()
    config = folder / "envoy.json"
    config.write_text(json.dumps(_envoy_config(port, upstream, keys, guarded)))
    command = [str(ENVOY), "-c", str(config), "--log-level", "warn", "--concurrency", "1", "--use-dynamic-base-id"]
    with served(command, folder / "envoy.log", dict(os.environ)):
        await_true(lambda: _ready(f"127.0.0.1:{port}"), 30, "Envoy")
        yield f"127.0.0.1:{port}"


def _envoy_config(port: int, upstream: str, keys: KeyFiles, guarded: str) -> Mapping[str, Any]:
    types = "type.googleapis.com/envoy.extensions"
    provider = {
        "issuer": ISSUER,
        "audiences": ["ledger"],
        "local_jwks": {"inline_string": json.dumps(keys.jwks)},
        "clock_skew_seconds": 5,
    }
    manager = {
        "@type": f"{types}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "probe",
        "codec_type": "HTTP2",
        "route_config": {
            "virtual_hosts": [
                {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "up"}}]}
            ]
        },
        "http_filters": [
            {
                "name": "jwt",
                "typed_config": {
                    "@type": f"{types}.filters.http.jwt_authn.v3.JwtAuthentication",
                    "providers": {"one": provider},
                    "rules": [{"match": {"prefix": guarded}, "requires": {"provider_name": "one"}}],
                },
            },
            {"name": "router", "typed_config": {"@type": f"{types}.filters.http.router.v3.Router"}},
        ],
    }
    host, _, upstream_port = upstream.rpartition(":")
    endpoint = {"address": _socket(host, int(upstream_port))}
    cluster = {
        "name": "up",
        "connect_timeout": "2s",
        "type": "STATIC",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{types}.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {"cluster_name": "up", "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]},
    }
    listener = {
        "name": "in",
        "address": _socket("127.0.0.1", port),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def _socket(host: str, port: int) -> Mapping[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


@contextmanager
def openfga(folder: Path, issuer: str, audience: str) -> Iterator[str]:
    """Serve OpenFGA with its store in memory and tokens of an issuer; yield its address."""
    address = f"127.0.0.1:{free_port()}"
    command = [
        *(str(OPENFGA), "run", "--grpc-addr", address, "--http-enabled=false", "--log-level", "error"),
        *("--authn-method", "oidc", "--authn-oidc-issuer", issuer, "--authn-oidc-audience", audience),
        *("--playground-enabled=false", "--metrics-enabled=false"),
    ]
    with served(command, folder / "openfga.log"):
        await_true(lambda: _ready(address), 30, "OpenFGA")
        yield address


@contextmanager
def served(command: list[str], log: Path, environment: dict[str, str] | None = None) -> Iterator[None]:
    """Run a server as long as it is needed; what it prints goes into a file."""
    with log.open("wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=subprocess.STDOUT, env=environment)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(ask: Any) -> bool:
    try:
        ask()
    except grpc.RpcError:
        return False
    return True


def _ready(address: str) -> bool:
    with grpc.insecure_channel(address) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=1)
        except grpc.FutureTimeoutError:
            return False
        return True
