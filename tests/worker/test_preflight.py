import pytest

from harness.errors import RunError, TokenError, UsageError
from harness.worker import preflight
from harness.worker.preflight import fly

TARGET = "127.0.0.1:50051"


class Source:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.fetched = 0

    def fetch(self) -> str:
        self.fetched += 1
        if self.error is not None:
            raise self.error
        return "a.b.c"


def reachable(_: float) -> str | None:
    return None


def refused(_: float) -> str | None:
    return "connection refused"


def test_one_token_is_fetched_and_the_target_awaited() -> None:
    source, waited = Source(), []

    def ready(within_s: float) -> None:
        waited.append(within_s)

    fly(source, ready, TARGET)
    assert source.fetched == 1
    assert waited == [preflight.READY_WITHIN_S]


def test_a_target_that_cannot_be_reached_is_named_with_why() -> None:
    with pytest.raises(RunError, match=r"127\.0\.0\.1:50051 cannot be reached \(connection refused\); start it"):
        fly(Source(), refused, TARGET)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TokenError("the issuer answered 401 invalid_client", "BAD_CLIENT", 401), "401 invalid_client; mend the token"),
        (KeyError("oops"), r"the token source raised KeyError: 'oops'; mend its fetch\(\)"),
    ],
)
def test_a_source_without_a_token_is_told_before_the_target_is_tried(error: Exception, said: str) -> None:
    def untried(_: float) -> str | None:
        raise AssertionError

    with pytest.raises(RunError, match=said) as caught:
        fly(Source(error), untried, TARGET)
    assert caught.value.exit_code == 3


def test_a_usage_error_of_the_source_stays_one() -> None:
    with pytest.raises(UsageError, match="no client secret") as caught:
        fly(Source(UsageError("no client secret; set CLIENT_SECRET")), reachable, TARGET)
    assert caught.value.exit_code == 2


def test_a_source_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import gevent

    class Silent:
        def fetch(self) -> str:
            gevent.sleep(60)
            return ""

    monkeypatch.setattr(preflight, "TOKEN_WITHIN_S", 0.01)
    with pytest.raises(RunError, match=r"no token within 0\.01 s"):
        fly(Silent(), reachable, TARGET)
