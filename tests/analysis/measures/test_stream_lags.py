from collections.abc import Mapping

from harness.analysis.measures.stream_lags import StreamLags
from harness.results.auth_summary import Lag

PLACE = {"worker": 0, "call_id": 7, "attempt": 0, "method": "bank.v1.Ledger/Stream"}
CUT = {**PLACE, "nth": 0, "t_s": 2.0, "life_s": 3.0, "latency_s": 3.5, "messages": 6, "code": 16}
BACK = {**PLACE, "nth": 1, "t_s": 5.75, "life_s": 9.0, "latency_s": 1.0, "messages": 2, "code": 0}


def heard(*lines: Mapping[str, object]) -> list[Lag]:
    lags = StreamLags()
    for line in lines:
        lags.hear({"after_expiry": 0, **line})
    return list(lags.result())


def lags(*lines: Mapping[str, object]) -> dict[str, Lag]:
    return {one.of: one for one in heard(*lines)}


def test_a_stream_that_was_cut_tells_how_long_after_its_token_and_how_much_it_carried() -> None:
    cut = lags({**CUT, "cause": "expired", "after_expiry": 1}, {**BACK, "cause": "ok"})["stream cut"]
    assert (cut.seconds, cut.seen) == (0.5, 1)
    assert cut.note == "Stream: 1 stream outlived it, with 1 message after its end; ended UNAUTHENTICATED 1"


def test_a_user_is_back_when_its_task_opens_the_next_stream() -> None:
    found = lags({**CUT, "cause": "expired"}, {**BACK, "cause": "ok"}, {**BACK, "call_id": 8, "t_s": 90.0})
    assert (found["reconnect"].seconds, found["reconnect"].seen) == (0.25, 1)


def test_what_ended_for_another_reason_or_never_began_is_no_cut() -> None:
    lost = {**CUT, "cause": "connection_lost", "latency_s": 1.0}
    never = {**CUT, "call_id": 9, "cause": "expired", "messages": 0, "latency_s": 0.1}
    assert lags(lost, never, BACK, {**BACK, "call_id": 9}) == {}


def test_warm_up_and_unary_calls_tell_nothing() -> None:
    early, unary = {**CUT, "t_s": -1.0}, {**CUT, "after_expiry": None}
    assert lags({**early, "cause": "expired"}, {**unary, "cause": "expired"}) == {}


def test_each_method_tells_its_own_lag() -> None:
    other = {**CUT, "method": "bank.v1.Ledger/List", "call_id": 8, "latency_s": 9.0, "code": 0, "cause": "ok"}
    listed, streamed = heard(*({**line, "after_expiry": 4} for line in ({**CUT, "cause": "expired"}, other)))
    assert (listed.seconds, listed.note) == (
        6.0,
        "List: 1 stream outlived it, with 4 messages after its end; ended OK 1",
    )
    assert streamed.seconds == 0.5


def test_a_stream_that_was_opened_with_a_dead_token_outlived_nothing() -> None:
    assert lags({**CUT, "life_s": -3.0, "latency_s": 0.01, "messages": 0, "cause": "expired"}) == {}
