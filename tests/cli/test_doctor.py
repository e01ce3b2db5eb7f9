import socket
from pathlib import Path

from harness.cli.doctor import NEEDED, Diagnosis, examine
from harness.lab.clocks.faketime import VARIABLE


def nowhere(_: str) -> str | None:
    return None


def everywhere(name: str) -> str | None:
    return f"/opt/bin/{name}"


def found(findings: list[Diagnosis]) -> dict[str, Diagnosis]:
    return {finding.what: finding for finding in findings}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_machine_that_can_run_has_nothing_missing() -> None:
    findings = found(examine({}, nowhere, free_port()))
    assert [what for what, finding in findings.items() if finding.mark == "missing"] == []
    assert set(NEEDED) <= set(findings)


def test_an_absent_tool_says_what_it_would_add() -> None:
    findings = found(examine({}, nowhere, free_port()))
    assert findings["go"] == Diagnosis(
        "absent", "go", "not found; it builds the real Toxiproxy (in a checkout: make toxiproxy)"
    )
    assert findings["browser"].mark == "absent"
    assert "page tests" in findings["browser"].text


def test_a_tool_that_is_there_says_where() -> None:
    findings = found(examine({}, everywhere, free_port()))
    assert findings["go"] == Diagnosis("ok", "go", "/opt/bin/go")
    assert findings["browser"] == Diagnosis("ok", "browser", "chromium")


def test_the_proxy_that_would_serve_is_named_with_the_reason() -> None:
    port = free_port()
    embedded, binary, url = (
        found(examine(environ, which, port))["proxy"].text
        for environ, which in (
            ({}, nowhere),
            ({}, everywhere),
            ({"TOXIPROXY_URL": "http://127.0.0.1:8474"}, everywhere),
        )
    )
    assert embedded.startswith("embedded proxy: ")
    assert binary.startswith("binary proxy /opt/bin/toxiproxy-server: ")
    assert url.startswith("url proxy http://127.0.0.1:8474: ")


def test_a_proxy_of_the_environment_is_told_by_name_and_that_it_is_not_heeded() -> None:
    told = found(examine({"HTTPS_PROXY": "http://me:swordfish@proxy:3128"}, nowhere, free_port()))["HTTP proxy"]
    assert told.text.startswith("none; HTTPS_PROXY is set here and not heeded")
    assert "swordfish" not in told.text


def test_a_package_that_is_not_installed_is_missing_with_the_way_out() -> None:
    from harness.cli.doctor import _package

    assert _package("no-such-package-of-ours") == Diagnosis(
        "missing", "no-such-package-of-ours", "not installed; run: pip install no-such-package-of-ours"
    )


def test_a_port_that_is_taken_is_said_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        finding = found(examine({}, nowhere, port))[f"port {port}"]
    assert finding.mark == "absent"
    assert "--web-port" in finding.text


def test_a_library_for_faked_clocks_is_told_with_what_it_adds(tmp_path: Path) -> None:
    own = tmp_path / "libfaketime.so.1"
    absent = found(examine({VARIABLE: str(own)}, nowhere, free_port()))["faketime"]
    own.touch()
    there = found(examine({VARIABLE: str(own)}, nowhere, free_port()))["faketime"]
    assert absent.mark == "absent"
    assert "pip install 'jwtstorm[faketime]'" in absent.text
    assert "a server that a scenario launches" in absent.text
    assert (there.mark, there.text) == ("ok", f"named by {VARIABLE}: {own}")


def test_an_absent_native_transport_says_how_to_get_it_and_what_it_needs() -> None:
    from harness.cli.doctor import _native

    assert _native("0.3.0", nowhere) == Diagnosis("ok", "native transport", "0.3.0")
    absent = _native(None, nowhere)
    assert absent.mark == "absent"
    assert "make transport" in absent.text
    assert "cargo is not found here" in absent.text
    assert "not found" not in _native(None, everywhere).text
