import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import __main__ as command
from benchmarks.peers import tables
from benchmarks.peers.arena import IN_FLIGHT, Arena
from benchmarks.peers.bout import Score
from benchmarks.peers.tools import TOOLS, Load, Reading
from benchmarks.peers.truth import DELAYS, SHARES, STALL_PER_S, Told, delays_s, half_load_per_s, stall_truth_s

QUIET = Reading(100, 0, 0.001, 0.002)


@pytest.fixture
def ground(tmp_path: Path) -> Arena:
    (tmp_path / "token").write_text("a.b.c")
    return Arena("127.0.0.1:1", "http://127.0.0.1:2/token", "storm", tmp_path / "secret", tmp_path / "token")


def test_the_table_of_delays_has_its_quantiles_however_it_is_shuffled() -> None:
    first, other = delays_s(1), delays_s(2)
    assert first != other
    assert sorted(first) == sorted(other)
    assert np.quantile(first, SHARES) == pytest.approx([0.003667, 0.028], rel=0.01)


def test_the_truth_of_a_stall_is_what_a_simulated_course_waits() -> None:
    due_s = np.arange(0, 10, 0.001)
    waits_s = np.where((due_s >= 4) & (due_s < 5), 5 - due_s, 0.0)
    assert stall_truth_s(10, 1) == pytest.approx(np.quantile(waits_s, SHARES), abs=0.002)
    assert stall_truth_s(10, 0.05)[1] == 0


def test_calls_in_flight_at_a_stall_are_too_few_to_be_the_tail() -> None:
    for length in (command.QUICK, command.FULL):
        assert IN_FLIGHT / (STALL_PER_S * length.truth_s) < 0.01


def test_the_delays_go_round_often_enough_in_a_measurement() -> None:
    assert command.QUICK.truth_s * command.KNOWN_PER_S / DELAYS > 5


def test_every_tool_that_is_asked_for_a_rate_hands_it_on(ground: Arena) -> None:
    for kind in TOOLS.values():
        tool = kind(ground)
        told = [
            [str(part) for part in tool.command(load)] + [*tool.environ(load).values()]
            for load in (Load(3), Load(3, 123))
        ]
        assert told[0] != told[1], kind.name


@pytest.mark.parametrize("name", ["ghz", "k6", "locust's example", "ours, grpcio"])
def test_no_token_stands_in_an_argument_or_variable_where_a_tool_reads_files(ground: Arena, name: str) -> None:
    tool = TOOLS[name](ground)
    given = [*map(str, tool.command(Load(1))), *tool.environ(Load(1)).values()]
    assert not any("a.b.c" in part for part in given)


def test_ghz_is_read_with_its_failures(ground: Arena) -> None:
    said = {
        "count": 10,
        "statusCodeDistribution": {"OK": 7, "Unavailable": 3},
        "latencyDistribution": [{"percentage": 50, "latency": 2_000_000}, {"percentage": 99, "latency": 9_000_000}],
    }
    assert TOOLS["ghz"](ground).reading(json.dumps(said)) == Reading(10, 3, 0.002, 0.009)


def test_fortio_is_read_after_whatever_it_says_first(ground: Arena) -> None:
    percentiles = [{"Percentile": 50, "Value": 0.002}, {"Percentile": 99, "Value": 0.009}]
    said = {"RetCodes": {"SERVING": 7, "ERROR": 3}, "DurationHistogram": {"Count": 10, "Percentiles": percentiles}}
    assert TOOLS["fortio"](ground).reading(f"Fortio 1\n{json.dumps(said)}") == Reading(10, 3, 0.002, 0.009)


def test_a_tool_that_told_nothing_is_no_result(ground: Arena) -> None:
    with pytest.raises(ValueError, match="told no result"):
        TOOLS["locust's example"](ground).reading("Traceback")


def rounds(ours: float, peer: float) -> list[dict[str, Score]]:
    return [
        {"ours, native": Score(int(ours), 1.0, 1.0, QUIET), "locust's example": Score(int(peer), 1.0, 1.0, QUIET)}
    ] * 10


def test_a_bound_holds_only_where_the_ratio_of_every_pair_says_so() -> None:
    assert tables.ratios(rounds(6000, 1000))[1]
    text, good = tables.ratios(rounds(4000, 1000))
    assert not good
    assert "**no**" in text


def test_a_table_of_truths_says_how_far_each_is_off() -> None:
    text = tables.truths([Told("slow", (0.004, 0.030), (0.003, 0.028), 1000, 2)])
    assert "+1.00 ms" in text
    assert "+2.00 ms" in text
    assert "**the truth**" in text.splitlines()[2]


CLOSE = Told("ours, native", (0.00409, 0.0305), (0.003, 0.028), 1000, 0, socket_s=(0.004, 0.030))


def test_a_tool_is_judged_by_what_the_socket_saw_in_its_own_bout() -> None:
    text = tables.truths([replace(CLOSE, tool="the socket", socket_s=None), CLOSE])
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    assert lines[0][1:4] == ["p50, ms", "off", "above its socket"]
    assert lines[3][2:4] + lines[3][5:7] == ["+1.09 ms", "", "+2.50 ms", ""]
    assert lines[4][2:4] + lines[4][5:7] == ["+1.09 ms", "+0.09 ms", "+2.50 ms", "+0.50 ms"]
    assert len({len(line) for line in lines}) == 1


def test_a_table_without_the_socket_has_no_column_for_it() -> None:
    assert "socket" not in tables.truths([replace(CLOSE, socket_s=None)])


@pytest.mark.parametrize(
    ("said_s", "near"),
    [
        ((0.00409, 0.0305), True),
        ((0.00391, 0.0295), True),
        ((0.00411, 0.0305), False),
        ((0.00389, 0.0305), False),
        ((0.004, 0.0307), False),
    ],
)
def test_near_is_within_two_percent_or_a_tenth_of_a_millisecond(said_s: tuple[float, float], near: bool) -> None:
    told = replace(CLOSE, said_s=said_s)
    assert told.near is near
    assert not replace(told, socket_s=None).near


def test_the_line_below_names_whoever_of_ours_is_not_near() -> None:
    far = replace(CLOSE, tool="ours, declared", said_s=(0.005, 0.030))
    text, good = tables.nearness([replace(CLOSE, tool="ghz", said_s=(1, 1)), CLOSE, far])
    assert (text.split(": ", 1)[1], good) == ("ours, native yes; ours, declared **no**.", False)
    assert text.startswith("Within 2 % or 0.1 ms of what")
    assert tables.nearness([CLOSE])[1]
    assert tables.nearness([replace(CLOSE, tool="ghz")]) == ("", True)


def test_half_load_is_half_of_what_the_callers_make_one_call_after_the_other() -> None:
    assert half_load_per_s([0.002, 0.008]) == IN_FLIGHT / 0.005 / 2
    assert 4000 < half_load_per_s(delays_s(1)) < 5000


def test_the_tables_are_written_between_the_marks_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    marked = (f"<!-- {part}: begin -->\nold\n<!-- {part}: end -->\n" for part in (command.SPEED, command.TRUTH))
    text = "\n".join(["before", *marked, "after"])
    page.write_text(text)
    command.write_between(page, command.TRUTH, "new")
    assert page.read_text() == text.replace("truth: begin -->\nold", "truth: begin -->\nnew")
    page.write_text("no marks")
    with pytest.raises(SystemExit, match="put them where the tables go"):
        command.write_between(page, command.SPEED, "new")
