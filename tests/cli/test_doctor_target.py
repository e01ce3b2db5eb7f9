"""`jwtstorm doctor --target` against servers as people have them: the first step that fails is the last line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from harness import clock
from harness.cli import main
from tests.endpoint.certificates import Authority
from tests.endpoint.ledger_server import SERVICE, Ledger, serving
from tests.fakes.odd_servers import answers, listening, server_tls
from tests.tokens.craft import jwt_text

pytestmark = pytest.mark.e2e

TOKEN = jwt_text({"exp": 4_000_000_000}, alg="ES256")
CALL = ("--call", f"{SERVICE}/GetBalance", "--data", '{"account": "1"}')


@dataclass(frozen=True)
class Walk:
    """What the command said: its exit code, and its lines as mark, step and text."""

    code: int
    lines: list[tuple[str, str, str]]

    @property
    def marks(self) -> dict[str, str]:
        return {step: mark for mark, step, _ in self.lines}

    @property
    def texts(self) -> dict[str, str]:
        return {step: text for _, step, text in self.lines}


Doctor = Callable[..., Walk]


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Doctor:
    (tmp_path / "token").write_text(TOKEN)

    def walk(address: str, *options: str, token: bool = True) -> Walk:
        given = ("--token-file", str(tmp_path / "token")) if token else ()
        code = main(["doctor", "--target", address, *given, *options])
        out = capsys.readouterr().out
        assert TOKEN not in out
        return Walk(code, [(line[:8].strip(), line[8:24].strip(), line[24:]) for line in out.splitlines()])

    return walk


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def careful() -> Iterator[str]:
    """Serve what takes one very token."""
    with serving(ledger=Ledger(begins=f"Bearer {TOKEN}")) as (address, _):
        yield address


def last(walk: Walk) -> str:
    mark, step, text = walk.lines[-1]
    return f"{mark} {step}: {text}"


def test_nothing_that_listens_ends_the_walk_at_tcp(doctor: Doctor) -> None:
    walk = doctor("127.0.0.1:1")
    assert walk.code == 3
    assert last(walk).startswith("fail TCP: nobody listens there (127.0.0.1:1: Connection refused); start the target")


def test_an_http_server_is_named(doctor: Doctor) -> None:
    with listening(answers(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as address:
        walk = doctor(address)
    assert walk.code == 2
    assert last(walk).startswith("fail HTTP/2: it speaks HTTP/1 and no HTTP/2")


def test_tls_without_alpn_is_named(doctor: Doctor, authority: Authority) -> None:
    with listening(answers(b""), server_tls(authority.sign("web", "a.example"))) as address:
        walk = doctor(address, "--ca", str(authority.pem), "--server-name", "a.example")
    assert walk.code == 2
    assert last(walk).startswith("fail TLS: TLS works, and the server chose no protocol by ALPN")


def test_a_wrong_ca_is_named(doctor: Doctor, authority: Authority, tmp_path: Path) -> None:
    pair = authority.sign("server", "a.example")
    credentials = grpc.ssl_server_credentials([(pair.key.read_bytes(), pair.certificate.read_bytes())])
    with serving(credentials=credentials) as (address, _):
        walk = doctor(address, "--ca", str(Authority(tmp_path, "other").pem), "--server-name", "a.example")
    assert walk.code == 2
    assert last(walk).endswith("give the --ca FILE that signed it")


def test_a_server_without_reflection_is_named(doctor: Doctor) -> None:
    with serving(reflects=False) as (address, _):
        walk = doctor(address)
        assert walk.code == 2
        assert last(walk).startswith("fail methods: the target has no server reflection; give --proto FILES")
        assert doctor(address, "--stubs", "harness.lab.proto.ledger_pb2").marks["methods"] == "ok"


@pytest.mark.parametrize("token", [True, False])
def test_a_server_that_checks_nothing_is_said(doctor: Doctor, *, token: bool) -> None:
    with serving(ledger=Ledger(begins="")) as (address, _):
        walk = doctor(address, *CALL, token=token)
    assert walk.code == 1
    assert walk.marks["no token"] == "warn"
    assert "a call without a token is let in (OK): nothing checks tokens there" in walk.texts["no token"]


def test_a_server_that_verifies_no_signature_is_said(doctor: Doctor) -> None:
    with serving() as (address, _):
        walk = doctor(address)
    assert walk.code == 1
    assert walk.texts["no token"] == f"{SERVICE}/GetBalance: turned away (UNAUTHENTICATED “no token”)"
    assert "a token with a spoilt signature is let in (OK)" in walk.texts["spoilt token"]
    assert walk.marks["good token"] == "ok"


def test_a_good_server_has_a_good_line_for_each_step(doctor: Doctor, careful: str) -> None:
    walk = doctor(careful, *CALL)
    assert walk.code == 0
    assert walk.marks == dict.fromkeys(
        ["names", "proxy", "TCP", "HTTP/2", "gRPC", "token", "methods", "no token", "spoilt token", "good token"], "ok"
    )
    assert walk.texts["methods"].startswith("reflection (v1alpha): ")


def test_a_token_that_the_target_turns_away_is_named(doctor: Doctor) -> None:
    with serving(ledger=Ledger(begins="Bearer other")) as (address, _):
        walk = doctor(address, *CALL)
    assert walk.code == 3
    assert "turned away (UNAUTHENTICATED “no token”), and so would be every call" in last(walk)


def test_the_same_answer_with_and_without_a_token_proves_nothing(doctor: Doctor) -> None:
    ledger = Ledger()
    ledger.wanted = {"x-tenant-id": "acme"}
    with serving(ledger=ledger) as (address, _):
        walk = doctor(address, *CALL)
        assert walk.marks["no token"] == walk.marks["spoilt token"] == "warn"
        assert (
            "the same answer as with a good token (INVALID_ARGUMENT “no tenant”), so nothing is proven"
            in (walk.texts["no token"])
        )
        assert (
            "turned away (UNAUTHENTICATED" in doctor(address, *CALL, "--metadata", "x-tenant-id=acme").texts["no token"]
        )


def test_a_dead_token_is_said_with_its_date(doctor: Doctor, careful: str, tmp_path: Path) -> None:
    (tmp_path / "old").write_text(jwt_text({"exp": int(clock.wall()) - 100}))
    walk = doctor(careful, *CALL, "--token-file", str(tmp_path / "old"), token=False)
    assert walk.marks["token"] == "warn"
    assert "is expired since 10" in walk.texts["token"]


def test_a_call_that_does_not_fit_is_named_with_its_field(doctor: Doctor, careful: str) -> None:
    walk = doctor(careful, "--call", f"{SERVICE}/GetBalance", "--data", '{"acount": "1"}')
    assert walk.code == 2
    assert "did you mean 'account'?" in last(walk)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--tls",), "name the target to be looked at"),
        (("--target", "shop.example:443"), "if you mean it, add --allow-target shop.example"),
        (("--target", "127.0.0.1:1", "--nonsense"), "--nonsense"),
        (("--target", "http://127.0.0.1:1"), "an address has no scheme"),
        (("--target", "127.0.0.1:1", "--metadata", "authorization=x"), "where the token travels"),
    ],
)
def test_what_cannot_be_walked_to_is_one_line(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    assert main(["doctor", *options]) == 2
    assert said in capsys.readouterr().err
