import pytest

from harness.errors import UsageError
from harness.scenario.ceilings import Ceilings
from harness.scenario.load import closed_users, constant_rate, ramp_rate


def test_a_load_at_the_ceilings_may_pass() -> None:
    load = constant_rate(per_s=5000, duration_s=3590, max_users=2000, warm_up_s=10)
    Ceilings().guard(load, users=2000)
    assert load.warm_up_s + load.duration_s == Ceilings().duration_s


def test_everything_above_a_ceiling_is_named_with_what_raises_it() -> None:
    with pytest.raises(UsageError) as caught:
        Ceilings().guard(ramp_rate(10, 5000.5, 4000, 10), users=2001)
    assert str(caught.value) == (
        "the target is not on this machine: 5,000.5 calls/s are above 5,000 (raise it with --max-rate 5001); "
        "2,001 users are above 2,000 (raise it with --max-users 2001); "
        "4,010 s of load are above 3,600 (raise it with --max-duration 4010); or offer less"
    )
    assert caught.value.exit_code == 2


def test_a_raised_ceiling_lets_pass_what_it_names() -> None:
    load = constant_rate(per_s=9000, duration_s=60, max_users=10)
    with pytest.raises(UsageError, match="--max-rate 9000"):
        Ceilings(users=9000, duration_s=9000).guard(load, users=10)
    Ceilings(rate_per_s=9000).guard(load, users=10)


def test_a_closed_load_is_bounded_by_its_users() -> None:
    Ceilings(rate_per_s=1).guard(closed_users(5, 60), users=5)
    with pytest.raises(UsageError, match="users"):
        Ceilings(users=4).guard(closed_users(5, 60), users=5)
