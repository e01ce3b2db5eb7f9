import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import pytest

from harness.analysis.explain import run_explain
from harness.errors import RecordError, UsageError
from harness.results.call_journal import Journal
from harness.results.row import NO_LIFE, Cause, Flag, Origin, RowKind
from tests.fakes.run import ZERO_NS, FakeRun


def _told(path: Path) -> str:
    out = StringIO()
    assert run_explain(str(path), path.parent, out) == 0
    return out.getvalue()


def _trace(path: Path, *lines: Mapping[str, object]) -> Path:
    FakeRun(path, duration_s=2, warm_up_s=1, steps=()).write()
    (path / "auth.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_cause_is_told_with_count_example_and_what_to_change(tmp_path: Path) -> None:
    told = _told(FakeRun(tmp_path / "run").write())
    assert "token expired (EXPIRED): 480 of 480 failed attempts" in told
    assert "from 15.02 s" in told
    assert "exp=18000" in told
    assert "valid for 30 s by its own claims" in told
    assert "retry once after UNAUTHENTICATED" in told


def test_tokens_alive_by_the_clients_clock_point_at_the_clocks(tmp_path: Path) -> None:
    alive = {"cause": "expired", "t_s": 1.0, "life_s": 5.0, "clock_offset_s": 0.2}
    assert "by the client's clock they were alive" in _told(_trace(tmp_path / "run", alive))
    dead = {"cause": "expired", "t_s": 1.0, "life_s": -0.5}
    assert "sent them too late" in _told(_trace(tmp_path / "run", dead))


def test_the_amount_is_told_in_the_verifiers_own_words(tmp_path: Path) -> None:
    late = [{"cause": "expired", "t_s": 1.0, "details": f"token is expired by {late_s}s"} for late_s in (2, 12, 90)]
    told = _told(_trace(tmp_path / "late", *late))
    assert "amount   12 s too late by the verifier's own words (median), from 2 s to 90 s" in told
    early = {"cause": "not_yet_valid", "t_s": 1.0, "details": "JWT early by 1200 milliseconds"}
    assert "amount   1.2 s too early" in _told(_trace(tmp_path / "early", early))


def test_the_libraries_that_few_words_fit_are_named(tmp_path: Path) -> None:
    spoken = {"cause": "expired", "t_s": 1.0, "details": "Jwt is expired"}
    assert "words    those of Envoy jwt_authn, jwt_verify_lib, njwt" in _told(_trace(tmp_path / "envoy", spoken))
    common = {"cause": "bad_signature", "t_s": 1.0, "details": "Signature verification failed"}
    assert "words    those of" not in _told(_trace(tmp_path / "many", common))


def test_an_answer_that_is_no_grpc_is_called_what_it_is(tmp_path: Path) -> None:
    page = {"cause": "http_answer", "t_s": 1.0, "details": "Received http2 header with status: 302"}
    told = _told(_trace(tmp_path / "run", page, page))
    assert "answered in HTTP (HTTP_ANSWER): 2 of 2 failed attempts" in told
    assert "answer   something in between answered HTTP 302 (2)" in told


def test_what_a_server_says_for_programs_is_told(tmp_path: Path) -> None:
    info = {"cause": "expired", "t_s": 1.0, "details": "no", "reason": "TOKEN_EXPIRED of auth.example"}
    assert "reason   TOKEN_EXPIRED of auth.example (1)" in _told(_trace(tmp_path / "run", info))


def test_nothing_is_said_to_say_why_under_a_text(tmp_path: Path) -> None:
    told = _told(_trace(tmp_path / "run", {"cause": "unauthenticated", "t_s": 1.0, "details": "go away"}))
    assert "nothing says why" not in told


def test_calls_that_were_never_sent_are_told_although_no_trace_knows_them(tmp_path: Path) -> None:
    path = FakeRun(tmp_path / "run", duration_s=2, warm_up_s=1, workers=1, steps=()).write()
    journal = Journal(path, 0)
    for place in range(3):
        journal.add(
            ZERO_NS + place, place, 2_000_000, 0, 0, NO_LIFE, 0, 0, RowKind.NOT_SENT, 0, 0, Flag.PLANNED | Flag.FINAL,
            journal.method("not sent"), -1, Origin.GENERATOR, Cause.LATE,
        )  # fmt: skip
    journal.close()
    assert "3 calls failed without an attempt, never sent: no user was free in time" in _told(path)


def test_a_run_without_failures_says_so(tmp_path: Path) -> None:
    assert "No attempt failed; the trace holds 2 sampled successes." in _told(
        _trace(tmp_path / "run", {"cause": "ok"}, {"cause": "ok"})
    )


def test_odd_lines_and_hostile_text_are_told_in_one_line(tmp_path: Path) -> None:
    hostile = {"cause": "bad_signature", "details": "a\n\x1b[31mred" + "x" * 500, "t_s": "soon", "claims": [1]}
    told = _told(_trace(tmp_path / "run", hostile, {}))
    assert "\x1b" not in told
    assert max(len(line) for line in told.splitlines()) < 300
    assert "other (OTHER): 1 of 2" in told


def test_a_run_without_a_trace_and_a_wrong_name_are_one_clear_line(tmp_path: Path) -> None:
    path = FakeRun(tmp_path / "run", duration_s=2, warm_up_s=1, steps=()).write()
    for trace in path.glob("auth-*.ndjson"):
        trace.unlink()
    with pytest.raises(RecordError, match="no auth trace"):
        run_explain(str(path), tmp_path)
    with pytest.raises(UsageError, match="no run was made there yet"):
        run_explain("nothing", tmp_path / "none")


def test_poisoned_calls_are_no_failures_and_no_successes(tmp_path: Path) -> None:
    probe = {"t_s": 1.0, "poisoned_by": "SIGN-01"}
    told = _told(_trace(tmp_path / "run", {**probe, "code": 0, "cause": "ok"}, {**probe, "cause": "bad_signature"}))
    assert "No attempt failed; the trace holds 0 sampled successes." in told


def test_who_could_not_be_reached_is_said(tmp_path: Path) -> None:
    issuer = {"cause": "unreachable", "t_s": 1.0, "origin": "token_source", "details": "no answer"}
    target = {"cause": "unreachable", "t_s": 1.5, "origin": "transport", "details": "failed to connect"}
    told = _told(_trace(tmp_path / "run", issuer, issuer, target))
    assert "who      the issuer of tokens (2), the target (1)" in told
    assert "from 1.00 s to 1.50 s" in told
