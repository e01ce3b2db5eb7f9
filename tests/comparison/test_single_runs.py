import json
from pathlib import Path

import pytest

from harness.analysis.merge import merge
from harness.analysis.summarise import summarise
from harness.clock import utc_now
from harness.comparison.single_runs import TOO_NOISY, Row, compare
from harness.comparison.statistics.matters import Matters
from harness.comparison.statistics.measure import measure_run
from harness.comparison.statistics.noise_floor import noise_floor, write_noise_floor
from harness.errors import RecordError, UsageError
from harness.report.versus import run_compare
from harness.results.run import read_run
from harness.results.summary import read_summary, write_summary
from tests.fakes.run import FakeRun


def _run(reports: Path, build: str, stamp: str = "1", **fields: object) -> Path:
    path = reports / "expiry-storm" / build.replace("/", "-") / stamp
    FakeRun(path, build=build, per_s=50, **fields).write()  # type: ignore[arg-type]
    run = read_run(path)
    write_summary(path, summarise(run, merge(run)))
    return path


def test_one_run_of_each_build_is_too_noisy_to_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run(tmp_path, "v1")
    _run(tmp_path, "v2", slowness=2.0)
    out = tmp_path / "out"
    assert run_compare(["v1", "v2"], tmp_path, out) == 4
    assert TOO_NOISY in capsys.readouterr().out
    data = json.loads((out / "comparison.json").read_text())
    assert data["verdict"] == TOO_NOISY
    (row,) = [row for row in data["rows"] if (row["phase"], row["metric"]) == ("steady", "p50 response")]
    assert row["deltas"][0] == pytest.approx(0.9, abs=0.15)
    page = (out / "compare.html").read_text()
    assert page.count("data:image/png;base64,") == 2
    assert "<script" not in page


def test_single_runs_get_hints_where_the_noise_of_this_host_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calibrated = [
        _run(tmp_path / "calibrations", "v0", str(number), seed=number, run={"seed": 7}) for number in range(6)
    ]
    matters = Matters()
    floor = noise_floor(
        [measure_run(path, matters) for path in calibrated],
        "expiry-storm",
        read_summary(calibrated[0]).comparable,
        utc_now(),
    )
    _run(tmp_path, "v1")
    _run(tmp_path, "v2", slowness=2.0)
    _run(tmp_path, "v3", seed=9, run={"seed": 7})
    assert compare(["v1", "v2"], tmp_path).hints == ()
    write_noise_floor(tmp_path / "expiry-storm", floor)
    slow = compare(["v1", "v2"], tmp_path).hints
    assert "p50 steady of v2 looks worse: outside the noise of 6 same-build runs" in slow
    assert run_compare(["v1", "v3"], tmp_path, tmp_path / "out") == 4
    said = "nothing of v3 is outside the noise of 6 same-build runs"
    assert f"hint, and no verdict: {said}" in capsys.readouterr().out
    assert said in (tmp_path / "out" / "compare.html").read_text()


def test_runs_that_were_not_made_alike_name_the_field(tmp_path: Path) -> None:
    _run(tmp_path, "v1", run={"comparable": {"users": 100, "host": {"cpu": "A"}}})
    _run(tmp_path, "v2", run={"comparable": {"users": 100, "host": {"cpu": "B"}}})
    found = compare(["v1", "v2"], tmp_path)
    assert found.verdict == "not comparable: host.cpu (v1: A, v2: B)"
    assert found.exit_code == 3


def test_runs_of_different_transports_name_the_transport_first(tmp_path: Path) -> None:
    _run(tmp_path, "v1", run={"comparable": {"transport": {"name": "grpcio", "completions": "thread"}}})
    _run(tmp_path, "v2", run={"comparable": {"transport": {"name": "native"}}})
    assert compare(["v1", "v2"], tmp_path).verdict == "not comparable: transport.name (v1: grpcio, v2: native)"


def test_runs_whose_calls_waited_elsewhere_are_not_comparable(tmp_path: Path) -> None:
    _run(tmp_path, "v1", run={"comparable": {"transport": {"name": "grpcio", "completions": "thread"}}})
    _run(tmp_path, "v2", run={"comparable": {"transport": {"name": "grpcio", "completions": "pool", "threadpool": 66}}})
    found = compare(["v1", "v2"], tmp_path)
    assert found.verdict == "not comparable: transport.completions (v1: thread, v2: pool)"
    assert found.exit_code == 3


def test_an_invalid_run_is_not_comparable(tmp_path: Path) -> None:
    _run(tmp_path, "v1")
    _run(tmp_path, "v2", failing=0.2)
    assert compare(["v1", "v2"], tmp_path).verdict == "not comparable: verdict (v2: invalid)"


def test_conditions_that_were_never_written_down_do_not_match(tmp_path: Path) -> None:
    _run(tmp_path, "v1")
    _run(tmp_path, "v2", run={"comparable": {}})
    assert compare(["v1", "v2"], tmp_path).differing[0].startswith("conditions (v2: not written down")


def test_three_runs_are_compared_with_the_first(tmp_path: Path) -> None:
    for build in ("v1", "v2", "v3"):
        _run(tmp_path, build)
    found = compare(["v1", "v2", "v3"], tmp_path)
    assert all(len(row.values) == 3 and len(row.deltas) == 2 for row in found.rows)
    assert found.verdict == TOO_NOISY


def test_two_runs_of_one_build_are_told_apart_by_their_id(tmp_path: Path) -> None:
    first, second = _run(tmp_path, "v1", "1"), _run(tmp_path, "v1", "2")
    assert compare([str(first), str(second)], tmp_path).names == ("v1 1", "v1 2")


def test_one_name_or_one_run_twice_is_a_usage_error(tmp_path: Path) -> None:
    path = _run(tmp_path, "v1")
    with pytest.raises(UsageError, match="two or more"):
        compare(["v1"], tmp_path)
    with pytest.raises(UsageError, match="the same run"):
        compare(["v1", str(path)], tmp_path)


def test_a_run_without_a_summary_says_how_to_make_it(tmp_path: Path) -> None:
    _run(tmp_path, "v1")
    (_run(tmp_path, "v2") / "summary.json").unlink()
    with pytest.raises(RecordError, match="jwtstorm report"):
        compare(["v1", "v2"], tmp_path)


def test_a_build_label_cannot_lead_out_of_the_reports_folder(tmp_path: Path) -> None:
    _run(tmp_path, "v1")
    _run(tmp_path, "../../<b>v2")
    assert run_compare(["v1", "../../<b>v2"], tmp_path) == 4
    (page,) = (tmp_path / "comparisons").glob("*/compare.html")
    assert "<b>v2" not in page.read_text()


def test_no_difference_has_no_sign() -> None:
    assert Row("steady", "failed", "ratio", (0.0, 0.0)).shown() == ["0 %", "0 %", "0 points"]
    assert Row("steady", "p50 response", "s", (1.0, 0.999)).shown()[-1] == "0 %"
    assert Row("steady", "p50 response", "s", (1.0, 0.9)).shown()[-1] == "-10 %"
