"""`jwtstorm run any` against servers that are not the lab's, started as a user starts it."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import grpc
import pyarrow.parquet
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e.storms import Trial, assert_code, assert_ended, settings
from tests.endpoint.certificates import Authority, private_pem
from tests.endpoint.ledger_server import SERVICE, Ledger, serving
from tests.fakes.http_proxy import http_proxy
from tests.fakes.odd_servers import answers, listening
from tests.tokens.craft import jwt_text
from tests.tokens.sources.fake_issuer import body, issuer

ROOT = Path(__file__).parents[2]


def run_any(reports: Path, *options: str) -> tuple[int, str]:
    """Run it, briefly; return its exit code and what it said."""
    command = [sys.executable, "-m", "harness.cli", "run", "any", "--headless", *options]
    environ = {**os.environ, "REPORTS": str(reports), "PICTURES": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def the_run(reports: Path) -> Path:
    (found,) = reports.glob("*/*/*/run.json")
    return found.parent


def methods_called(run: Path) -> Counter[str]:
    table = pyarrow.parquet.read_table(run / "calls.parquet").to_pandas()
    calls = table[(table["kind"].astype(str) == "CALL") & (table["cause"].astype(str) == "OK")]
    return Counter(calls["method"].astype(str))


def preflight_calls(run: Path) -> int:
    """Return how many calls were made before the load, to see what the target makes of tokens."""
    steps = json.loads((run / "run.json").read_text())["preflight"]
    return sum(step["step"].endswith(" token") and step["mark"] != "skip" for step in steps)


def assert_called_as_told(run: Path, ledger: Ledger) -> None:
    """Demand that the target counted the calls that the rows tell of, and those of the preflight."""
    told = methods_called(run)[f"{SERVICE}/GetBalance"]
    assert told > 0
    assert ledger.calls["GetBalance"] == told + preflight_calls(run)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """Return options that mint tokens."""
    path = tmp_path_factory.mktemp("key") / "key.pem"
    path.write_bytes(private_pem(ec.generate_private_key(ec.SECP256R1())))
    return ("--signing-key", str(path))


BRIEF = ("--rate", "40", "--duration", "3", "--warm-up", "3", "-u", "8", "--deadline", "5")


@pytest.mark.e2e
@pytest.mark.transports
def test_all_four_kinds_over_tls_and_two_replicas_are_told_apart(tmp_path: Path, key: Sequence[str]) -> None:
    authority = Authority(tmp_path)
    pair = authority.sign("server", "ledger.example")
    client = authority.sign("client")
    credentials = grpc.ssl_server_credentials(
        [(pair.key.read_bytes(), pair.certificate.read_bytes())], authority.pem.read_bytes(), require_client_auth=True
    )
    rows = tmp_path / "rows.csv"
    rows.write_text("account\nalpha\nbeta\n")
    calls = {
        "GetBalance": '{"account": "{{row.account}}-{{seq}}"}',
        "ListTransfers": '{"limit": 3}',
        "ImportTransfers": '[{"cents": "{{random 1 9}}"}, {"cents": 2}]',
        "StreamTransfers": '[{"nonce": "{{uuid}}"}, {"nonce": "b"}]',
    }
    asked = [word for name, data in calls.items() for word in ("--call", f"{SERVICE}/{name}", "--data", data)]
    with serving(credentials=credentials) as (one, first), serving(credentials=credentials) as (two, second):
        code, said = run_any(
            tmp_path / "reports", *BRIEF, *key, *asked, "--rows", str(rows), "--target", one, "--target", two,
            "--ca", str(authority.pem), "--server-name", "ledger.example", "--keepalive", "5",
            "--cert", str(client.certificate), "--key", str(client.key), "--compression", "gzip",
        )  # fmt: skip
    assert_ended(code, said, {0})
    run = the_run(tmp_path / "reports")
    found = methods_called(run)
    assert set(found) == {f"{SERVICE}/{name} @ {address}" for name in calls for address in (one, two)}
    for address, ledger in ((one, first), (two, second)):
        for name in calls:
            before = preflight_calls(run) if (name, address) == ("GetBalance", one) else 0
            assert found[f"{SERVICE}/{name} @ {address}"] + before == ledger.calls[name]
    totals = {cell["method"] for cell in json.loads((run / "summary.json").read_text())["cells"]}
    assert {f"* @ {one}", f"* @ {two}"} <= totals
    assert {account.partition("-")[0] for account in first.accounts + second.accounts} == {"alpha", "beta"}
    endpoint = json.loads((run / "run.json").read_text())["transport"]["endpoint"]
    assert endpoint["addresses"] == [one, two]
    assert endpoint["compression"] == "gzip"
    assert endpoint["tls"]["ca"] == str(authority.pem)


@pytest.mark.e2e
@pytest.mark.transports
def test_neither_load_nor_tokens_nor_reflection_leave_by_a_proxy_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENT_SECRET", "s")
    for name in ("http_proxy", "https_proxy", "grpc_proxy", "all_proxy", "GRPC_ADDRESS_HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving() as (address, ledger), issuer() as tokens, http_proxy() as proxy:
        tokens.answer = (200, {}, body(access_token=jwt_text({"exp": 4_000_000_000})))
        for name in ("http_proxy", "https_proxy", "grpc_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.upper(), proxy.url)
        asked = ("--target", address, "--call", f"{SERVICE}/GetBalance")
        code, said = run_any(tmp_path, *BRIEF, *asked, "--token-url", tokens.url, "--client-id", "storm")
        assert_ended(code, said, {0})
        assert proxy.asked == []
        assert ledger.calls["GetBalance"]
        assert tokens.asked
    told = json.loads((the_run(tmp_path) / "run.json").read_text())["proxy"]
    assert set(told["environment"]) >= {"http_proxy", "ALL_PROXY"}
    assert told["named"] == ""


TENANT: dict[str, str | bytes] = {"x-tenant-id": "acme", "x-key": "swordfish", "x-trace-bin": b"\x00\xff"}
BESIDE = ("--metadata", "x-tenant-id=acme", "--metadata", "x-key={{env TENANT_KEY}}", "--metadata", "x-trace-bin=AP8=")


@pytest.mark.e2e
@pytest.mark.transports
@pytest.mark.parametrize("each", [(), ("--metadata", "x-request=r-{{seq 1}}")], ids=["alike", "of each call"])
def test_metadata_beside_the_token_is_on_every_call_and_in_no_file(
    tmp_path: Path, key: Sequence[str], monkeypatch: pytest.MonkeyPatch, each: Sequence[str]
) -> None:
    monkeypatch.setenv("TENANT_KEY", "swordfish")
    with serving() as (address, ledger):
        ledger.wanted = TENANT
        asked = ("--target", address, "--call", f"{SERVICE}/GetBalance", *BESIDE, *each)
        code, said = run_any(tmp_path, *BRIEF, *key, *asked)
    assert_ended(code, said, {0})
    assert_called_as_told(the_run(tmp_path), ledger)
    requests = {str(carried.get("x-request")) for carried in ledger.metadata}
    assert len(requests) == (len(ledger.metadata) - preflight_calls(the_run(tmp_path)) if each else 1)
    for path in filter(Path.is_file, tmp_path.rglob("*")):
        assert b"swordfish" not in path.read_bytes(), path
    assert "swordfish" not in said


@pytest.mark.e2e
def test_forked_workers_get_every_option(tmp_path: Path, key: Sequence[str]) -> None:
    with serving() as (address, ledger):
        code, said = run_any(
            tmp_path, *BRIEF, *key, "--target", address, "--call", f"{SERVICE}/GetBalance", "--processes", "2"
        )
    assert_ended(code, said, {0})
    assert "Traceback" not in said
    assert_called_as_told(the_run(tmp_path), ledger)
    assert len(json.loads((the_run(tmp_path) / "run.json").read_text())["workers"]) == 2


@pytest.mark.e2e
def test_a_token_travels_as_the_target_wants_it(tmp_path: Path, key: Sequence[str]) -> None:
    with serving(ledger=Ledger("x-api-token", "ey")) as (address, ledger):
        code, said = run_any(
            tmp_path, *BRIEF, *key, "--target", address, "--call", f"{SERVICE}/GetBalance",
            "--metadata-key", "x-api-token", "--scheme", "",
        )  # fmt: skip
    assert_ended(code, said, {0})
    assert_called_as_told(the_run(tmp_path), ledger)


@pytest.mark.e2e
@pytest.mark.transports
def test_a_target_that_checks_nothing_is_said_before_the_load_and_in_the_report(
    tmp_path: Path, key: Sequence[str]
) -> None:
    with serving(ledger=Ledger(begins="")) as (address, _):
        code, said = run_any(tmp_path, *BRIEF, *key, "--target", address, "--call", f"{SERVICE}/GetBalance")
    assert_ended(code, said, {0})
    warning = "a call without a token is let in (OK): nothing checks tokens there"
    assert said.index(warning) < said.index("All users spawned")
    run = the_run(tmp_path)
    marks = {line["step"]: line["mark"] for line in json.loads((run / "run.json").read_text())["preflight"]}
    assert marks == {
        **dict.fromkeys(["names", "proxy", "TCP", "HTTP/2", "gRPC", "good token"], "ok"),
        "no token": "warn",
        "spoilt token": "skip",
    }
    assert warning in (run / "report.html").read_text()


@pytest.mark.e2e
def test_an_http_server_is_named_before_the_load(tmp_path: Path, key: Sequence[str]) -> None:
    with listening(answers(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as address:
        code, said = run_any(tmp_path, *BRIEF, *key, "--target", address, "--call", "a.B/C")
        told = subprocess.run(
            [sys.executable, "-m", "harness.cli", "probe", address], capture_output=True, text=True, check=False
        )
    assert (code, told.returncode) == (2, 2)
    for text in (said, told.stderr):
        assert f"target {address}: it speaks HTTP/1 and no HTTP/2" in text.splitlines()[-1]


@pytest.mark.e2e
def test_without_a_target_the_lab_serves(tmp_path: Path) -> None:
    code, said = run_any(tmp_path, *BRIEF)
    assert_ended(code, said, {0})
    assert methods_called(the_run(tmp_path)).keys() == {f"{SERVICE}/GetBalance"}


@pytest.mark.e2e
def test_a_target_on_a_unix_socket_is_called(tmp_path_factory: pytest.TempPathFactory, key: Sequence[str]) -> None:
    folder = tmp_path_factory.mktemp("u")
    with serving(f"unix:{folder}/x") as (address, ledger):
        code, said = run_any(folder / "r", *BRIEF, *key, "--target", address, "--call", f"{SERVICE}/GetBalance")
    assert_ended(code, said, {0})
    assert_called_as_told(the_run(folder / "r"), ledger)


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--call", f"{SERVICE}/GetBalanse"), f"did you mean {SERVICE}/GetBalance"),
        (("--call", f"{SERVICE}/GetBalance", "--data", '{"acount": "1"}'), "did you mean 'account'?"),
        (("--call", f"{SERVICE}/GetBalance", "--tls"), "it speaks plaintext"),
    ],
)
def test_what_the_target_does_not_fit_ends_with_2_before_any_load(
    tmp_path: Path, key: Sequence[str], options: Sequence[str], said: str
) -> None:
    with serving() as (address, ledger):
        code, text = run_any(tmp_path, *BRIEF, *key, "--target", address, *options)
    assert code == 2, text
    assert said in text
    assert "Traceback" not in text
    assert "ssl_transport_security" not in text, "grpc's core speaks only where it is asked to"
    assert not ledger.calls


@pytest.mark.e2e
def test_a_target_without_reflection_is_called_by_its_stubs_and_refused_without(
    tmp_path: Path, key: Sequence[str]
) -> None:
    call = ("--call", f"{SERVICE}/GetBalance")
    with serving(reflects=False) as (address, ledger):
        code, text = run_any(tmp_path / "a", *BRIEF, *key, "--target", address, *call)
        assert (code, "no server reflection; give --proto FILES" in text, ledger.calls.total()) == (2, True, 0)
        stubs = ("--stubs", "harness.lab.proto.ledger_pb2")
        code, text = run_any(tmp_path / "b", *BRIEF, *key, "--target", address, *call, *stubs)
    assert_ended(code, text, {0})
    assert ledger.calls["GetBalance"] > 0


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--target", "127.0.0.1:1"), "say where its tokens come from"),
        (("--target", "127.0.0.1:1", "--token-file", "t"), "say what to call"),
        (("--target", "https://a:1", "--token-file", "t", "--call", "a.B/C"), "an address has no scheme"),
        (("--call", "a.B/C", "--data", "{"), "--data is no JSON"),
        (("--call", "a.B/C", "--data", "{}", "--data", "{}"), "one --data for each --call"),
        (("--rate", "many"), "--rate"),
    ],
)
def test_options_that_cannot_be_end_with_2_in_one_line(tmp_path: Path, options: Sequence[str], said: str) -> None:
    code, text = run_any(tmp_path, *options)
    assert code == 2, text
    assert said in text
    assert "Traceback" not in text
    assert not list(tmp_path.iterdir())


@pytest.mark.e2e
def test_an_issuer_on_another_machine_must_be_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENT_SECRET", "hush")
    issuer = ("--token-url", "https://login.example/token", "--client-id", "storm")
    code, text = run_any(tmp_path, "--target", "127.0.0.1:1", "--call", "a.B/C", *issuer)
    assert code == 2, text
    assert "add --allow-target login.example" in text
    assert not list(tmp_path.iterdir())


PROXIED = """
target=Endpoint(("localhost:{port}",), tls=Tls(ca=Path({ca!r}))), issuer=SigningKey(Path({key!r})),
calls=[Call("jwtstorm.lab.v1.Ledger/GetBalance", {{"account": "1"}})],
timeline=[at(1, Latency(link="target", delay_s=0.05), until_s=2)]
"""


@pytest.mark.e2e
def test_a_proxied_link_with_tls_keeps_the_servers_name(tmp_path: Path, key: Sequence[str]) -> None:
    authority = Authority(tmp_path)
    pair = authority.sign("server", "localhost")  # a name that the proxy's address is not
    credentials = grpc.ssl_server_credentials([(pair.key.read_bytes(), pair.certificate.read_bytes())])
    trial = Trial(tmp_path)
    with serving(credentials=credentials) as (address, ledger):
        port = address.rpartition(":")[2]
        file = trial.write(settings(PROXIED.format(port=port, ca=str(authority.pem), key=key[1]).replace("\n", " ")))
        text = file.read_text().replace("from harness import *", "from pathlib import Path\n\nfrom harness import *")
        text = text.replace("GrpcUser", "CallUser").partition("    @task")[0] + "    pass\n"
        file.write_text(text)
        done = trial.jwtstorm("run", "trial.py", "--headless")
    assert_code(done, 0)
    assert trial.about()["links"]["target"]["upstream"] == f"localhost:{port}"
    assert_called_as_told(trial.run_folder(), ledger)
