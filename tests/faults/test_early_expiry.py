from harness.faults import EarlyExpiry, Site
from tests.fakes.lab import USUAL_LIFE_S, FakeLab


def test_an_early_expiry_to_the_usual_life_is_in_force_until_it_is_undone() -> None:
    lab, site = FakeLab(), Site("10-early_expiry")
    fault = EarlyExpiry(life_s=USUAL_LIFE_S)
    assert not fault.read(lab, site).active
    fault.apply(lab, site)
    assert fault.read(lab, site).active
    for command in fault.undo(site):
        lab.do(command)
    assert not fault.read(lab, site).active
