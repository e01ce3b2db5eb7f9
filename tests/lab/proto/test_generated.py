from pathlib import Path

from harness.lab.proto.__main__ import PACKAGE, generate


def test_the_committed_stubs_are_what_the_definition_gives(tmp_path: Path) -> None:
    for path in generate(tmp_path):
        committed = (PACKAGE / path.name).read_text()
        assert path.read_text() == committed, f"{path.name} is out of date; run python -m harness.lab.proto"
