import json

from harness.faults import EarlyExpiry, Site
from harness.faults.in_issuer import Minting
from tests.fakes.lab import FakeLab

CLAIMS = {"iat": 1_800_000_000, "exp": 1_800_000_300}


def test_an_early_expiry_to_the_usual_life_is_in_force_until_it_is_undone() -> None:
    lab, site = FakeLab(), Site("10-early_expiry")
    fault = EarlyExpiry(life_s=300.0)
    assert not fault.read(lab, site).active
    fault.apply(lab, site)
    assert fault.read(lab, site).active
    for command in fault.undo(site):
        lab.do(command)
    assert not fault.read(lab, site).active


def test_only_the_end_of_a_token_changes() -> None:
    minted = json.loads(EarlyExpiry(life_s=5.0).on_mint(Minting(CLAIMS, "", lambda claims: json.dumps(dict(claims)))))
    assert minted == {"iat": 1_800_000_000, "exp": 1_800_000_005}
