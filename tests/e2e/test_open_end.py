"""A target that never comes back: the steady state before it holds, and the run has failed all the same."""

import pytest

from tests.e2e.storms import CHECKS, Trial, assert_code

pytestmark = pytest.mark.e2e

LOCKED_OUT = f"""
    load=constant_rate(30, duration_s=8, max_users=40, warm_up_s=3),
    tokens=Tokens(lifetime_s=3, before_s=1, callers=10),
    {CHECKS},
    timeline=[at(3, RotateKeys(overlap=False)ALLOWED)],
"""
READS_ONCE = "lab:zoo=reads-its-keys-once"


@pytest.mark.parametrize(("allowed", "code"), [("", 1), (", allow_open=True", 0)])
def test_a_verifier_that_locks_callers_out_for_good_passes_only_where_it_may(
    trial: Trial, allowed: str, code: int
) -> None:
    trial.write(LOCKED_OUT.replace("ALLOWED", allowed))
    done = trial.jwtstorm("run", "trial.py", "--headless", "--under-test", READS_ONCE)
    assert_code(done, code)
    assert ("Calls were not good again when the load ended at 8 s, after 3-rotate_keys" in done.stdout) is (code == 1)
    assert "of the run; the rest belongs to faults and recoveries" in done.stdout
