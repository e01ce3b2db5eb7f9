"""The probe as a person uses it: against the lab, right and wrong, and against what can go wrong."""

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.probe.parts import headings
from harness.probe.result import Finding, Outcome, ProbeResult
from tests.e2e.probed import JWTSTORM, LEDGER, TRANSFER, Served, probe, served
from tests.e2e.storms import free_port, secrets_in
from tests.e2e.test_page import BROWSER, rendered
from tests.endpoint.ledger_server import serving

pytestmark = pytest.mark.e2e
LISTING = ("--data", LEDGER + '/ListTransfers={"account":"a","limit":1}')
"""A message that a good token gets through with: an empty one is refused whoever sends it."""


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("right")) as lab:
        yield lab


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("wrong"), "unary-only-interceptor", "skips-exp") as lab:
        yield lab


def test_the_right_target_lets_nothing_in_that_it_should_not(right: Served, tmp_path: Path) -> None:
    done = probe(tmp_path, right.address, *right.options, *TRANSFER, "--declare", "streams-checked-once")
    assert done.code == 0, done.told + done.complained
    assert done.told.splitlines()[0] == f"{right.address}: passed (exit code 0)"
    assert done.result.failing == ()
    asked = {one.part for one in done.result.findings if one.outcome is Outcome.PASSED}
    assert asked == set(headings())
    assert secrets_in(tmp_path) == []


def test_naked_streams_and_a_forgotten_expiry_are_found_and_fail(wrong: Served, tmp_path: Path) -> None:
    done = probe(tmp_path, wrong.address, *wrong.options, *LISTING, "--only", "coverage,verdicts")
    assert done.code == 1, done.told + done.complained
    assert done.methods(Outcome.NAKED) == {"ListTransfers", "ImportTransfers", "StreamTransfers"}
    assert "TIME-01" in done.rows("verdicts", Outcome.FALSE_ACCEPT)
    assert "anybody can call 3 methods that nothing guards" in done.told
    assert {one.variant for one in done.result.findings if _is_let_in(one)} == {"expired"}


def test_a_side_effect_proves_that_a_stream_is_naked(wrong: Served, tmp_path: Path) -> None:
    done = probe(tmp_path, wrong.address, *wrong.options, *TRANSFER, "--only", "coverage")
    proven = [one for one in done.result.findings if one.text.startswith("proven: the side effect was read back")]
    assert {one.subject for one in proven} == {f"{LEDGER}/StreamTransfers"}
    assert done.code == 1


def test_coverage_needs_no_token_where_the_methods_are_given(wrong: Served, tmp_path: Path) -> None:
    done = probe(
        tmp_path,
        wrong.address,
        "--stubs",
        "harness.lab.proto.ledger_pb2",
        "--public",
        "grpc.health.v1.Health",
        *LISTING,
    )
    assert done.methods(Outcome.NAKED) == {"ListTransfers", "ImportTransfers", "StreamTransfers"}
    assert "it needs a good token; give --token-file, --token-url or --signing-key" in done.told
    assert done.code == 1


@pytest.mark.browser
@pytest.mark.skipif(not BROWSER, reason="no headless browser: install chromium (Debian: apt-get install chromium)")
def test_the_page_reads_in_a_browser(wrong: Served, tmp_path: Path) -> None:
    done = probe(tmp_path, wrong.address, *wrong.options, *LISTING, "--only", "coverage")
    document = rendered((done.folder / "probe.html").as_uri(), tmp_path / "profile")
    assert "failed" in document
    assert "Anybody can call 3 methods that nothing guards" in document
    assert document.count("<tr>") > len(done.result.findings)


def _is_let_in(finding: Finding) -> bool:
    return finding.part == "coverage" and finding.outcome is Outcome.FALSE_ACCEPT


def test_ctrl_c_keeps_what_was_found(right: Served, tmp_path: Path) -> None:
    command = [*JWTSTORM, "probe", right.address, *right.options, "--out", str(tmp_path / "out"), "--per-s", "5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert "probing: coverage\n" in iter(process.stderr.readline, "")
        killer = threading.Timer(1.0, process.send_signal, (signal.SIGINT,))
        killer.start()
        assert process.wait(60) == 130
    kept = ProbeResult.from_json((tmp_path / "out" / "probe.json").read_text())
    assert kept.partial == "interrupted during coverage"


def test_a_target_that_dies_midway_leaves_a_partial_probe(tmp_path: Path) -> None:
    with served(tmp_path) as lab:
        command = [*JWTSTORM, "probe", lab.address, *lab.options, "--out", str(tmp_path / "out"), "--per-s", "10"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr
            assert "probing: coverage\n" in iter(process.stderr.readline, "")
            lab.process.send_signal(signal.SIGINT)
            assert process.wait(120) == 3
    kept = ProbeResult.from_json((tmp_path / "out" / "probe.json").read_text())
    assert kept.partial.startswith("the target stopped answering during coverage")
    assert kept.findings


def test_why_a_token_fails_is_told_without_a_word_of_it(right: Served, tmp_path: Path) -> None:
    token = "eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjEwMDAwMDAwMDB9.c2lnbmF0dXJl"  # expired in 2001, and of nobody's key
    done = probe(tmp_path, right.address, *right.options, "--explain-token", "-", stdin=token)
    assert done.code == 0, done.complained
    assert "exp" in done.told
    assert not any(piece in done.told + done.complained for piece in token.split("."))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--only", "covrage"), 2, "--only covrage: no part of a probe"),
        (("--data", "Transfer"), 2, "give pkg.Service/Method="),
        (("--data", f"{LEDGER}/Transfer={{"), 2, "its message is no JSON"),
        (("--data", f"{LEDGER}/Nope={{}}"), 2, "no method"),
        (("--skip", "Nope"), 2, "the target serves no such service or method"),
        (("--data", f'{LEDGER}/GetBalance={{"acount": "1"}}'), 2, "no field 'acount'"),
        (("--row", "META-99"), 2, "did you mean META-"),
        (("--declare", "any-typ"), 2, "no such policy"),
        (("--per-s", "1e9"), 2, "a probe is no load test"),
        (("--method", f"{LEDGER}/GetBalanse"), 2, f"did you mean {LEDGER}/GetBalance"),
        (("--tls",), 2, "it speaks plaintext, and was asked for TLS; drop --tls"),
        (("--token-file", "/nonexistent"), 2, "both give good tokens"),
    ],
)
def test_bad_input_is_one_line_with_its_way_out(
    right: Served, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = probe(tmp_path, right.address, *right.options, *arguments)
    assert (done.code, says in done.told + done.complained) == (code, True), done.told + done.complained
    assert len(done.complained.splitlines()) == 1


def test_a_port_where_nobody_listens_is_named(tmp_path: Path) -> None:
    done = probe(tmp_path, f"127.0.0.1:{free_port()}")
    assert done.code == 3
    assert "nobody listens there" in done.complained


def test_another_machine_must_be_allowed_by_name(tmp_path: Path) -> None:
    done = probe(tmp_path, "ledger.example:443")
    assert done.code == 2
    assert "add --allow-target ledger.example" in done.complained


def test_an_issuer_on_another_machine_must_be_allowed_by_name(
    right: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENT_SECRET", "hush")
    done = probe(tmp_path, right.address, "--token-url", "https://login.example/token", "--client-id", "storm")
    assert done.code == 2
    assert "add --allow-target login.example" in done.complained


def test_an_issuer_that_cannot_be_reached_is_named(
    right: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://127.0.0.1:{free_port()}/token"
    monkeypatch.setenv("CLIENT_SECRET", "expired")
    done = probe(tmp_path, right.address, "--token-url", url, "--client-id", "storm")
    assert done.code == 3
    assert "jwtstorm: the issuer cannot be reached" in done.complained
    assert "Traceback" not in done.complained


def test_no_reflection_names_the_other_ways(right: Served, tmp_path: Path) -> None:
    done = probe(tmp_path, right.address)
    assert done.code == 2
    assert "give --proto FILES or --descriptor-set FILE instead" in done.complained


def test_the_sarif_names_the_methods_that_are_naked(wrong: Served, tmp_path: Path) -> None:
    done = probe(tmp_path, wrong.address, *wrong.options, *LISTING, "--only", "coverage")
    log = json.loads((done.folder / "probe.sarif").read_text())
    errors = [one for one in log["runs"][0]["results"] if "naked" in one["message"]["text"]]
    assert {one["level"] for one in errors} == {"error"}
    named = {one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] for one in errors}
    assert named == {f"{LEDGER}/{name}" for name in ("ListTransfers", "ImportTransfers", "StreamTransfers")}


def test_what_a_target_wants_beside_the_token_is_on_every_call(tmp_path: Path) -> None:
    with serving() as (address, ledger):
        ledger.wanted = {"x-tenant-id": "acme"}
        unserved = ("--skip", f"{LEDGER}/Transfer", "--skip", f"{LEDGER}/FindTransfer")
        bare = probe(tmp_path, address, "--only", "coverage", *unserved)
        ledger.metadata.clear()
        done = probe(tmp_path, address, "--metadata", "x-tenant-id=acme", "--only", "coverage", *unserved)
    assert bare.methods(Outcome.NAKED) == set(), "all get the same INVALID_ARGUMENT for want of a tenant"
    assert "it is not proven that a check stands before them" in bare.told
    asked = {one.subject.rpartition("/")[2] for one in done.result.findings if one.outcome is Outcome.PASSED}
    assert asked >= {"GetBalance", "ListTransfers", "ImportTransfers", "StreamTransfers"}, done.told + done.complained
    assert done.methods(Outcome.NAKED) == set()
    assert {str(carried.get("x-tenant-id")) for carried in ledger.metadata} == {"acme"}
