from pathlib import Path

from harness.results.row import Cause
from tests.fakes.measured_run import UNAUTHENTICATED, MeasuredRun


def test_a_stream_that_is_cut_with_its_token_was_let_in(tmp_path: Path) -> None:
    rows = MeasuredRun(tmp_path / "run")
    rows.call(2, UNAUTHENTICATED, Cause.EXPIRED, life_s=3.0, took_s=3.1, messages=7)
    measures = rows.summary().measures
    assert measures.rejected("all").rejected == 0
    assert measures.amplification.in_flight
    assert measures.amplification.in_flight.died == 0


def test_living_tokens_that_are_turned_away_are_false_rejects_by_cause(tmp_path: Path) -> None:
    rows = MeasuredRun(tmp_path / "run")
    rows.call(3, UNAUTHENTICATED, Cause.UNKNOWN_KEY)
    rows.call(4, UNAUTHENTICATED, Cause.EXPIRED, life_s=0.002, took_s=0.005)
    rows.call(5, UNAUTHENTICATED, Cause.EXPIRED, life_s=-1.0)
    rows.call(6, UNAUTHENTICATED, Cause.REVOKED)
    whole = rows.summary().measures.rejected("all")
    assert (whole.alive, whole.rejected, whole.revoked) == (303, 2, 1)
    assert whole.causes == {"UNKNOWN_KEY": 1, "EXPIRED": 1}
    assert (whole.must_accept, whole.grey) == (1, 1)


def test_where_clocks_were_moved_nobody_is_to_say_what_must_be_accepted(tmp_path: Path) -> None:
    rows = MeasuredRun(tmp_path / "run", clocks=[{"step": "x", "measured_s": 5.0}])
    rows.call(3, UNAUTHENTICATED, Cause.UNKNOWN_KEY)
    whole = rows.summary().measures.rejected("all")
    assert (whole.rejected, whole.must_accept, whole.grey) == (1, 0, 1)


def test_a_living_token_that_a_fault_ended_is_rightly_turned_away(tmp_path: Path) -> None:
    ends = {
        "id": "15-expire_all",
        "fault": "expire_all",
        "at_s": 15.0,
        "until_s": None,
        "text": "",
        "ends_tokens": True,
    }
    rows = MeasuredRun(tmp_path / "run", ends)
    rows.call(14.0, UNAUTHENTICATED, Cause.EXPIRED, life_s=20.0)  # before the fault
    rows.call(15.2, UNAUTHENTICATED, Cause.EXPIRED, life_s=20.0)  # minted at 5 s: it died with the others
    rows.call(20.0, UNAUTHENTICATED, Cause.EXPIRED, life_s=28.0)  # minted at 18 s
    steady = rows.summary().measures.rejected("steady")
    assert (steady.rejected, steady.ended, steady.causes) == (2, 1, {"EXPIRED": 2})
    assert steady.share.hits == 2
