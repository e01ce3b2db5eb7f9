"""The probe on OpenFGA: what it finds must be what a call by hand finds, made without any code of the probe's."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.probe.result import Outcome
from tests.e2e.foreign import WITHOUT_OPENFGA, has_openfga, openfga
from tests.e2e.probed import Probe, probe, served

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.skipif(not has_openfga, reason=WITHOUT_OPENFGA)]

CREATE = ("--data", 'openfga.v1.OpenFGAService/CreateStore={"name":"probe"}')
"""A message that a good token gets through with: an empty one is refused before the caller is looked at."""


@dataclass(frozen=True)
class Guarded:
    """A running OpenFGA, and what its tokens are made of."""

    address: str
    options: tuple[str, ...]
    key: str
    kid: str
    claims: Mapping[str, Any]

    def token(self, key: Any = None, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """Return a token; a claim of None is left out."""
        now_s = int(time.time())
        claims = {**self.claims, "iat": now_s, "exp": now_s + 600, **changes}
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, key or self.key, "RS256", {"kid": self.kid, **(header or {})})

    def takes(self, *tokens: str) -> bool:
        """Return whether a call with these tokens gets through."""
        metadata = [("authorization", f"Bearer {token}") for token in tokens]
        with grpc.insecure_channel(self.address) as channel:
            list_stores: Any = channel.unary_unary("/openfga.v1.OpenFGAService/ListStores", None, None)
            try:
                list_stores(b"", metadata=metadata, timeout=10)
            except grpc.RpcError:
                return False
            return True


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("openfga")
    with served(folder, algorithm="RS256") as lab:
        claims = json.loads((folder / "key.pem.claims.json").read_text())
        kid = lab.options[lab.options.index("--kid") + 1]
        with openfga(folder, claims["iss"], claims["aud"]) as address:
            options = lab.options[: lab.options.index("--public")]
            yield Guarded(address, options, (folder / "key.pem").read_text(), kid, claims)


@pytest.fixture(scope="module")
def probed(guarded: Guarded, tmp_path_factory: pytest.TempPathFactory) -> Probe:
    return probe(tmp_path_factory.mktemp("probe"), guarded.address, *guarded.options, *CREATE)


def by_hand(server: Guarded) -> dict[str, bool]:
    """Return which rows' bad tokens get through, each made with PyJWT and sent with grpcio."""
    stranger = rsa.generate_private_key(65537, 2048)
    bad, good, now_s = server.token(exp=1), server.token(), time.time()
    unsigned = jwt.encode({**server.claims, "exp": now_s + 600}, "", "none", {"kid": server.kid})
    return {
        "SIGN-01": server.takes(unsigned),
        "SIGN-12": server.takes(server.token(stranger)),
        "HEAD-06": server.takes(server.token(header={"crit": ["x-evil"], "x-evil": True})),
        "HEAD-10": server.takes(server.token(header={"typ": "logout+jwt"})),
        "TIME-01": server.takes(bad),
        "TIME-03": server.takes(server.token(exp=None)),
        "TIME-11": server.takes(server.token(exp=int(now_s * 1000))),
        "TIME-14": server.takes(server.token(nbf=int(now_s) + 3600)),
        "CLM-01": server.takes(server.token(aud="somebody-else")),
        "CLM-04": server.takes(server.token(iss="https://evil.example")),
        "CLM-06": server.takes(server.token(scope=None)),
        "META-01": server.takes(),
        "META-13": server.takes(good, bad),
        "META-14": server.takes(bad, good),
    }


def test_what_is_let_in_is_what_gets_in_by_hand(guarded: Guarded, probed: Probe) -> None:
    truth = by_hand(guarded)
    found = {one.row for one in probed.result.findings if one.outcome is Outcome.FALSE_ACCEPT}
    assert {row: row in found for row in truth} == truth
    assert guarded.takes(guarded.token())


def test_no_method_of_a_server_that_validates_before_it_authenticates_is_called_naked(probed: Probe) -> None:
    assert probed.methods(Outcome.NAKED) == set()
    assert probed.rows("coverage", Outcome.FALSE_ACCEPT) == set()
    asked = {one.subject.rpartition("/")[2]: one for one in probed.result.findings if one.part == "coverage"}
    assert (asked["CreateStore"].outcome, asked["ListStores"].outcome) == (Outcome.PASSED, Outcome.PASSED)
    assert asked["WriteAuthorizationModel"].text.startswith("not proven")


def test_its_own_numbers_are_its_way_of_refusing_and_no_crash(probed: Probe) -> None:
    findings = probed.result.findings
    assert {one.seen for one in findings if one.part == "refusal"} == {"1010", "1004"}
    assert [one for one in findings if one.outcome is Outcome.CRASH_CODE] == []
    assert "rejections come as 1010 or 1004 instead of UNAUTHENTICATED" in probed.told
    assert {one.row for one in findings if one.outcome is Outcome.WRONG_CODE and one.part != "refusal"} <= {"WIRE-05"}


def test_its_clock_is_measured_by_its_own_numbers(probed: Probe) -> None:
    (clock,) = probed.result.clocks
    assert clock.sound, clock.doubts
    assert clock.offset
    assert clock.offset.low_s <= 0 <= clock.offset.high_s, "it runs on this machine's clock"


def test_the_first_screen_is_ten_lines(probed: Probe) -> None:
    marked = [line for line in probed.told.splitlines() if line[:1] in {"✗", "!"}]
    assert len(marked) <= 10
    assert "more in the page" in probed.told
