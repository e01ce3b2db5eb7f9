"""Every fault of the issuer, on a real one: in force when applied, gone when undone, and seen by its clients."""

from collections.abc import Iterator

import pytest
import urllib3

from harness import faults
from harness.conductor.controls import Controls
from harness.faults import LabFault, Site
from harness.lab.plan import LabPlan, TargetSettings
from harness.lab.running import Lab
from tests.e2e.lab_user import User
from tests.faults.examples import OF_LAB, Example, label

pytestmark = pytest.mark.e2e

SITE = Site("15-step")
of_the_issuer = [e for e in OF_LAB if e.fault.needs() == {"issuer"}]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    # Without a cooldown the target asks for a new key at once.
    with Lab.start(LabPlan(target=TargetSettings(keys_cooldown_s=0)), tmp_path_factory.mktemp("lab")) as lab:
        yield lab


class Applied:
    """A fault in force within a `with`."""

    def __init__(self, lab: Lab, fault: LabFault) -> None:
        self.parts, self.fault = Controls(lab.issuer, lab.target, lab.proxy), fault

    def __enter__(self) -> Controls:
        self.fault.apply(self.parts, SITE)
        return self.parts

    def __exit__(self, *_: object) -> None:
        for command in self.fault.undo(SITE):
            self.parts.do(command)


def token_answer(lab: Lab) -> urllib3.BaseHTTPResponse:
    (client,) = lab.clients
    headers = urllib3.make_headers(basic_auth=f"{client.client_id}:{client.secret}")
    fields = {"grant_type": "client_credentials"}
    assert lab.token_url
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("POST", lab.token_url, fields=fields, encode_multipart=False, headers=headers)


def publish_a_key(lab: Lab) -> None:
    """Sign with a key that is published: faults of keys ran before on the same lab, in any order."""
    assert lab.issuer
    lab.issuer.rotate(overlap=True)


def jwks(lab: Lab) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager(retries=False) as pool:
        return pool.request("GET", f"{lab.issuer_url}/jwks.json")


@pytest.mark.parametrize("example", of_the_issuer, ids=label)
def test_a_fault_is_in_force_until_it_is_undone(lab: Lab, example: Example[LabFault]) -> None:
    fault = example.fault
    with Applied(lab, fault) as parts:
        assert fault.read(parts, SITE).active
    assert fault.instant or not fault.read(parts, SITE).active


def test_beyond_the_rate_limit_clients_are_told_when_to_come_back(lab: Lab) -> None:
    with Applied(lab, faults.IssuerRateLimit(0.01, retry_after_s=3)):
        first, second = token_answer(lab), token_answer(lab)
    assert (first.status, second.status, second.headers["retry-after"]) == (200, 429, "3")
    assert token_answer(lab).status == 200


def test_a_caching_issuer_gives_the_same_token_again(lab: Lab) -> None:
    def token() -> str:
        return str(token_answer(lab).json()["access_token"])

    with Applied(lab, faults.SameTokenAgain()):
        again = {token() for _ in range(3)}
    assert len(again) == 1
    assert token() not in again


def test_a_bloated_token_has_the_size_asked_for_and_is_good(lab: Lab) -> None:
    publish_a_key(lab)
    with Applied(lab, faults.TokenBloat(4096)):
        token = str(token_answer(lab).json()["access_token"])
    assert abs(len(token) - 4096) <= 4
    user = User(lab)
    assert user.verdict(token) == ("OK", "ok")
    user.channel.close()


def test_an_erring_issuer_says_so(lab: Lab) -> None:
    with Applied(lab, faults.IssuerErrors(503)):
        assert token_answer(lab).status == 503
    assert token_answer(lab).status == 200


def test_the_key_set_is_down_empty_or_html_as_told(lab: Lab) -> None:
    publish_a_key(lab)
    with Applied(lab, faults.JwksDown()):
        assert jwks(lab).status == 503
    with Applied(lab, faults.JwksDown("html")):
        page = jwks(lab)
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    with Applied(lab, faults.JwksEmpty()):
        assert jwks(lab).json() == {"keys": []}
    assert jwks(lab).json()["keys"]
