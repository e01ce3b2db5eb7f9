"""One scenario on both transports: the same causes, and what each run says of what carried it."""

from collections import Counter

import pytest

from harness.calls import Kind
from harness.transport_choice import GRPCIO, NATIVE, native_version
from tests.e2e.storms import Trial, assert_code, settings
from tests.e2e.test_run import all_rows

pytestmark = [pytest.mark.e2e, pytest.mark.transports]

needs_native = pytest.mark.skipif(native_version() is None, reason="the native transport is not built: make transport")
CHAOS = "timeline=[at(0.5, ExpireAll()), at(1.5, Down(link='target'), until_s=2.5), at(3, RevokeAll())]"


def causes(trial: Trial, transport: str) -> Counter[str]:
    """Run the trial on a transport; return how many attempts ended in each cause, and forget the run."""
    done = trial.jwtstorm("run", "trial.py", "--headless", "--transport", transport)
    assert done.returncode in {0, 1, 3}, done.stdout + done.stderr
    run = trial.run_folder()
    assert trial.about()["transport"]["name"] == transport
    rows = all_rows(run)
    calls = rows[rows["kind"] == Kind.CALL.name]
    run.rename(trial.folder / transport)
    return Counter(f"{origin}/{cause}" for origin, cause in zip(calls["origin"], calls["cause"], strict=True))


@needs_native
def test_a_storm_has_the_same_causes_on_both_transports(trial: Trial) -> None:
    trial.write(settings(CHAOS, "deadline_s=0.5"))
    on_grpcio, on_native = causes(trial, GRPCIO), causes(trial, NATIVE)
    assert set(on_native) == set(on_grpcio)
    assert {"VERIFIER/EXPIRED", "VERIFIER/REVOKED", "TRANSPORT/UNREACHABLE"} <= set(on_native)
    for cause in ("VERIFIER/EXPIRED", "VERIFIER/REVOKED"):
        assert abs(on_native[cause] - on_grpcio[cause]) <= 20, "twenty users may each be refused once more or less"


@needs_native
def test_auto_takes_native_where_it_is_installed_and_sizes_no_threads(trial: Trial) -> None:
    trial.write(settings("connections=2"))
    done = trial.jwtstorm("run", "trial.py", "--headless", "--transport", "auto")
    assert_code(done, 0)
    told = trial.about()["transport"]
    assert (told["name"], told["connections"]) == (NATIVE, 2)
    assert "threadpool" not in told


def test_grpcio_can_be_asked_for_and_the_run_says_so(trial: Trial) -> None:
    trial.write(settings(duration_s=2))
    done = trial.jwtstorm("run", "trial.py", "--headless", "--transport", "grpcio")
    assert_code(done, 0)
    told = trial.about()["transport"]
    assert (told["name"], told["why"]) == (GRPCIO, "asked for")
    assert f"grpcio {told['version']}" in (trial.run_folder() / "report.html").read_text()


@pytest.mark.skipif(native_version() is not None, reason="the native transport is here")
def test_native_where_it_is_absent_is_refused_before_any_call(trial: Trial) -> None:
    trial.write(settings(duration_s=2))
    done = trial.jwtstorm("run", "trial.py", "--headless", "--transport", "native")
    assert done.returncode == 2
    assert "make transport" in done.stdout + done.stderr
    assert trial.runs() == []
