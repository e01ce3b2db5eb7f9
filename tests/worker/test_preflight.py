import pytest

from harness import clock
from harness.errors import HarnessError, RunError, TokenError, UsageError
from harness.preflight import Mark, PreflightStep, StepResult
from harness.transport.channels import Unready
from harness.worker import preflight
from harness.worker.preflight import Walk, fly
from tests.tokens.craft import jwt_text

TARGET = "127.0.0.1:50051"


class Source:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.fetched = 0
        self.text = jwt_text()

    def fetch(self) -> str:
        self.fetched += 1
        if self.error is not None:
            raise self.error
        return self.text


def reachable(_: float) -> Unready | None:
    return None


def refused(_: float) -> Unready | None:
    return Unready(TARGET, "connection refused")


def walk(*lines: StepResult) -> Walk:
    return lambda _: lines


ANY = walk()


def test_one_token_is_fetched_and_the_target_awaited() -> None:
    source, waited = Source(), []

    def ready(within_s: float) -> None:
        waited.append(within_s)

    fly(source, ready, ANY)
    assert source.fetched == 1
    assert waited == [preflight.READY_WITHIN_S]


def test_a_target_that_cannot_be_reached_is_named_with_why() -> None:
    with pytest.raises(RunError, match=r"127\.0\.0\.1:50051 cannot be reached \(connection refused\); start it"):
        fly(Source(), refused, walk(StepResult(PreflightStep.TCP, Mark.OK, "it takes connections")))


@pytest.mark.parametrize(("usage", "code"), [(True, 2), (False, 3)])
def test_of_the_way_to_it_the_first_step_that_fails_is_named(usage: bool, code: int) -> None:
    lines = (
        StepResult(PreflightStep.TCP, Mark.OK, "fine"),
        StepResult(PreflightStep.HTTP2, Mark.FAIL, "it speaks HTTP/1; name another port", usage),
    )
    with pytest.raises(HarnessError, match=r"target 127\.0\.0\.1:50051: it speaks HTTP/1; name another port") as caught:
        fly(Source(), refused, walk(*lines))
    assert caught.value.exit_code == code


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TokenError("the issuer answered 401 invalid_client", "BAD_CLIENT", 401), "401 invalid_client; mend the token"),
        (KeyError("oops"), r"the token source raised KeyError: 'oops'; mend its fetch\(\)"),
    ],
)
def test_a_source_without_a_token_is_told_before_the_target_is_tried(error: Exception, said: str) -> None:
    def untried(_: float) -> Unready | None:
        raise AssertionError

    with pytest.raises(RunError, match=said) as caught:
        fly(Source(error), untried, ANY)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"exp": 7}, r"the first token is expired since \d+ s by this machine's clock; .*--allow-expired"),
        ({"nbf": 2**40}, r"the first token is not valid for another \d+ s"),
    ],
)
def test_a_dead_token_is_refused_before_users_start_unless_asked_for(claims: dict[str, int], said: str) -> None:
    source = Source()
    source.text = jwt_text(claims)
    with pytest.raises(RunError, match=said):
        fly(source, reachable, ANY)
    fly(source, reachable, ANY, alive=False)


def test_a_token_that_a_leeway_may_forgive_begins_the_run() -> None:
    source = Source()
    source.text = jwt_text({"nbf": int(clock.wall()) + 60})
    assert fly(source, reachable, ANY) == source.text


def test_a_usage_error_of_the_source_stays_one() -> None:
    with pytest.raises(UsageError, match="no client secret") as caught:
        fly(Source(UsageError("no client secret; set CLIENT_SECRET")), reachable, ANY)
    assert caught.value.exit_code == 2


def test_a_source_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import gevent

    class Silent:
        def fetch(self) -> str:
            gevent.sleep(60)
            return ""

    monkeypatch.setattr(preflight, "TOKEN_WITHIN_S", 0.01)
    with pytest.raises(RunError, match=r"no token within 0\.01 s"):
        fly(Silent(), reachable, ANY)
