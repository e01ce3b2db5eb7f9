"""The worked examples of CONTRIBUTING are whole: each is defined as it stands there, and tried."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(
    r"### An? (\w+), worked out\n.*?```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL
)
EXAMPLES = dict(BLOCKS)

TRIALS = {
    "fault": """
from harness.faults import FAULTS
fault = FAULTS["audience_mixup"]("other")
assert fault.on_mint(Minting({"aud": "ledger"}, "", lambda claims: str(claims["aud"]))) == "other"
assert fault.mistakes() == [] and AudienceMixup("").mistakes()
""",
    "check": """
from harness.checks import check_from_json
from harness.results.summary import Cell
from tests.checks.worked import summary
check = calls_per_fetch(at_least=10)
assert check_from_json(check.to_json()) == check
assert check.mistakes({}) == [] and calls_per_fetch(at_least=float("nan")).mistakes({})
assert check.evaluate(summary(Cell("all", "*", calls=200))).result == "no data"
""",
    "picture": """
from pathlib import Path
from harness.report.pictures import PICTURES
from harness.results.run import read_run
from harness.results.summary import read_summary
example = Path("reports/example")
drawn = PICTURES["fetched"].draw(Story(read_run(example), read_summary(example)))
assert drawn is not None and int(drawn.table["fetches"].sum()) > 0 and drawn.title.endswith("in all")
""",
}


@pytest.mark.parametrize("kind", sorted(TRIALS))
def test_a_worked_example_does_what_it_says(kind: str) -> None:
    code = EXAMPLES[kind] + TRIALS[kind]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
