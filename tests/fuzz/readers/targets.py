"""Readers of what a target and its description say: rows, data, descriptors, addresses, answers of the preflight."""

import json
import socket
import threading
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from harness.endpoint import Endpoint, Tls
from harness.endpoint.descriptors import read_set
from harness.endpoint.json_text import json_of
from harness.endpoint.methods import Methods, from_descriptor_set, from_stubs
from harness.endpoint.payload import Payload
from harness.endpoint.rows import read_rows
from harness.errors import UsageError
from harness.preflight.handshake import HandshakeError, secured
from harness.preflight.http2 import Http2Peer, NoHttp2Error, SilentError
from harness.preflight.network import steps
from harness.probe.target.messages import Messages
from tests.endpoint.certificates import Authority
from tests.fuzz import reader
from tests.fuzz.mutations import foreign, json_values

FOLDER = TemporaryDirectory(prefix="jwtstorm-fuzz-")
TRUSTING = Tls(ca=Authority(Path(FOLDER.name)).pem)
"""One root: the system's many would be read for each input."""
LEDGER: Methods = from_stubs("harness.lab.proto.ledger_pb2")
METHODS = st.sampled_from([method.path for method in LEDGER])
ROWS = [b"a,b\n1,2\n", b'a,b\n"x\ny","say ""hi"""\n', b'{"a": 1}\n{"a": "b"}\n', b"", b'"', b"a\n" * 50]
SETTINGS = b"\0\0\0\4\0\0\0\0\0"
HEADERS = b"\0\0\x0e\1\5\0\0\0\1\x88_\x8b\x1du\xd0b\r&=LMed"
ANSWERS = [
    SETTINGS,
    SETTINGS + HEADERS,
    SETTINGS + b"\0\0\4\3\0\0\0\0\1\0\0\0\7",
    SETTINGS + b"\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"\x15\3\1\0\2\2\x46",
    b"SSH-2.0-OpenSSH_9.6\r\n",
]
HELLOS = [b"\x15\3\3\0\2\2\x28", b"\x15\3\3\0\2\2\x78", b"\x16\3\3\0\4\2\0\0\0", *ANSWERS]
DATA = st.dictionaries(
    st.sampled_from(["account", "limit", "cents", "nonce", "interval_s", "intervalS", "x"]),
    json_values | st.sampled_from(["{{seq}}", "{{random 1 6}}", "{{", "{{row.a}}", "{{uuid}}", "{{'{{'}}"]),
    max_size=3,
)


def kept(name: str, data: bytes) -> Path:
    """Return a file with an input in it."""
    path = Path(FOLDER.name) / name
    path.write_bytes(data)
    return path


@reader("rows file", st.tuples(st.sampled_from(["r.csv", "r.ndjson", "r.jsonl"]), foreign(ROWS)))
def _(given: tuple[str, bytes]) -> object:
    return read_rows(kept(*given))


@reader(
    "data of a call", foreign([b'{"id": "{{seq}}"}', b'[{"a": [1, 2e9]}]']).map(lambda data: data.decode("latin-1"))
)
def _(text: str) -> object:
    return json_of("--data", text, "quote it whole")


@reader("payload of a call", st.tuples(METHODS, DATA | st.lists(DATA, max_size=3) | json_values))
def _(given: tuple[str, object]) -> object:
    return Payload(LEDGER.find(given[0]), LEDGER.pool, given[1]).request(7)


@reader("message of a probe", st.tuples(METHODS, DATA.map(json.dumps) | st.text(max_size=40)))
def _(given: tuple[str, str]) -> object:
    return Messages(LEDGER, {given[0]: given[1]})


SETS = foreign([LEDGER.files.SerializeToString(), b""])


@reader("descriptor set", SETS)
def _(data: bytes) -> object:
    return read_set(kept("set.binpb", data))


@reader("methods of a descriptor set", SETS)
def _(data: bytes) -> object:
    return list(from_descriptor_set(kept("set.binpb", data)))


ADDRESSES = [
    "localhost:50051",
    "[::1]:1",
    "unix:///run/x",
    "dns:///a:1",
    "https://a/b",
    "ipv6:[::1]:1",
    "xds:///a",
    "a:1,b:2",
]


@reader(
    "address", st.sampled_from(ADDRESSES) | st.text(max_size=30) | foreign([a.encode() for a in ADDRESSES]).map(str)
)
def _(text: str) -> object:
    endpoint = Endpoint((text,))
    for mistake in endpoint.mistakes():
        raise UsageError(mistake)
    return endpoint.addresses


@reader("answer of an HTTP/2 peer", foreign(ANSWERS), refusals=(NoHttp2Error, SilentError), unworded=True)
def _(data: bytes) -> object:
    near, far = socket.socketpair()
    with near, far:
        far.sendall(data)
        far.shutdown(socket.SHUT_WR)
        peer = Http2Peer(near, 1.0)
        peer.greet()
        return peer.ask("a:1", "http").text()


@reader("beginning of another protocol", foreign(ANSWERS))
def _(data: bytes) -> object:
    text = NoHttp2Error(data).text()
    assert text.isprintable()
    return text


@reader("answer to a TLS handshake", foreign(HELLOS), refusals=(HandshakeError,))
def _(data: bytes) -> object:
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(1.0)
        far.sendall(data)
        far.shutdown(socket.SHUT_WR)
        try:
            return secured(near, TRUSTING, "localhost")
        except TimeoutError:
            return None


def _answer(server: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        connected, _ = server.accept()
        with connected:
            connected.recv(65_536)
            connected.sendall(data)


@reader("answer of a proxy", foreign([b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 407 No\r\n\r\n", *ANSWERS]))
def _(data: bytes) -> object:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_answer, args=(server, data))
        thread.start()
        endpoint = Endpoint(("far.example:1",), proxy=f"http://127.0.0.1:{server.getsockname()[1]}")
        lines = list(steps(endpoint, "far.example:1", within_s=1.0))
        thread.join()
    assert all("\n" not in line.text for line in lines)
    return lines
