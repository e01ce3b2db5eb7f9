import csv
import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.experiments.policies import choose
from harness.report.policies import PolicyOutcome, draw, title, write
from harness.tokens.refresh import Tokens

CALM = PolicyOutcome("jittered margin", "passed", 1000, 0, 1004, 40, 9, 0.007, 0.011, None, 0.05, "r/a")
HERD = replace(CALM, policy="reactive, alone", word="failed", failed=25, fetches=400, fetches_peak_per_s=180, p99_s=0.4)


def test_the_title_names_who_asked_most_and_who_failed_most() -> None:
    assert title([CALM, HERD]) == (
        "reactive, alone made 180 token requests in one second, jittered margin 9; "
        "reactive, alone failed most (2.5 % of the calls)"
    )


def test_equal_policies_are_not_told_apart() -> None:
    said = title([CALM, replace(CALM, policy="background")])
    assert said == "every policy made at most 9 token requests in one second; no call failed under any policy"


def test_added_latency_is_what_the_slowest_hundredth_waits_beyond_the_median() -> None:
    assert CALM.added_s == pytest.approx(0.004)
    assert replace(CALM, p99_s=None).added_s is None


def test_the_picture_has_a_bar_per_policy_in_each_panel() -> None:
    panels = draw([CALM, HERD], "calm").axes
    assert [len(axes.patches) for axes in panels] == [2, 2, 2]
    assert [label.get_text() for label in panels[0].get_yticklabels()] == ["jittered margin", "reactive, alone"]


def test_a_run_that_is_no_evidence_and_an_unknown_latency_are_named_in_the_picture() -> None:
    panels = draw([replace(CALM, word="invalid"), replace(HERD, p99_s=None)], "calm").axes
    names = [label.get_text() for label in panels[0].get_yticklabels()]
    assert names == ["jittered margin\n(invalid run)", "reactive, alone"]
    assert [text.get_text() for text in panels[2].texts] == ["4 ms", "too few calls"]


def test_the_picture_says_what_alone_means_where_it_is_drawn() -> None:
    assert "every caller" in draw([CALM, HERD], "calm").get_supxlabel()
    assert draw([CALM], "calm").get_supxlabel() == ""


def test_titles_of_panels_do_not_reach_into_the_next() -> None:
    drawn = draw([CALM, HERD], "calm")
    drawn.draw_without_rendering()
    titles = [axes.title.get_window_extent() for axes in drawn.axes]
    assert [left.x1 < right.x0 for left, right in pairwise(titles)] == [True, True]


def test_page_picture_and_tables_hold_every_policy(tmp_path: Path) -> None:
    write([CALM, HERD], "expiry-storm", tmp_path)
    page = (tmp_path / "policies.html").read_text()
    assert len(re.findall(r"<tr><td class=.text.>(?:jittered margin|reactive, alone)<", page)) == 2
    assert "http" not in re.sub(r"data:image[^\"]*", "", page)
    assert [row["policy"] for row in csv.DictReader((tmp_path / "policies.csv").read_text().splitlines())] == [
        CALM.policy,
        HERD.policy,
    ]
    assert "| reactive, alone | 1,000 | 2.5 % | 400 | 180 | 7 ms | 400 ms | failed |" in (
        (tmp_path / "policies.md").read_text().splitlines()
    )
    assert json.loads((tmp_path / "policies.json").read_text())["policies"][1]["fetches_peak_per_s"] == 180


def test_an_unknown_policy_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match="no policy is called 'lazy'; there are reactive, fixed-margin"):
        choose(Tokens(), ["lazy"])
