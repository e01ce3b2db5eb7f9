"""Targets for the probe: a lab that is served as a user serves it, and the probe as a user starts it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.probe.result import Outcome, ProbeResult

LEDGER = "jwtstorm.lab.v1.Ledger"
JWTSTORM = (sys.executable, "-m", "harness.cli")
TRANSFER = (
    *("--data", LEDGER + '/Transfer={"from_account":"a","to_account":"b","cents":1,"nonce":"$NONCE"}'),
    *("--data", LEDGER + '/StreamTransfers={"from_account":"a","to_account":"b","cents":1,"nonce":"$NONCE"}'),
    *("--proof", LEDGER + '/FindTransfer={"nonce":"$NONCE"}'),
)


@dataclass(frozen=True)
class Served:
    """A lab that runs: where it is, and the options that its own announcement gives to a probe."""

    address: str
    options: tuple[str, ...]
    process: "subprocess.Popen[str]"


@contextmanager
def started(*words: str, **environ: str) -> Iterator["subprocess.Popen[str]"]:
    """Start ``jwtstorm`` with these words, its output to be read; it is ended as Ctrl-C ends it."""
    process = subprocess.Popen(
        [*JWTSTORM, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, **environ},
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        finally:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()


@contextmanager
def served(folder: Path, *zoo: str, algorithm: str = "ES256") -> Iterator[Served]:
    """Serve the lab with animals in its target; its issuer signs with an algorithm."""
    animals = [word for name in zoo for word in ("--zoo", name)]
    with started("serve", "--write-key", str(folder / "key.pem"), "--algorithm", algorithm, *animals) as process:
        assert process.stdout
        words = next(line for line in process.stdout if line.startswith("probe ")).split()[3:]
        yield Served(words[0], tuple(words[1:]), process)


@dataclass(frozen=True)
class Probe:
    """A finished probe."""

    code: int
    told: str
    complained: str
    folder: Path

    @property
    def result(self) -> ProbeResult:
        """Return what it wrote."""
        return ProbeResult.from_json((self.folder / "probe.json").read_text())

    def rows(self, part: str, outcome: Outcome) -> set[str]:
        """Return the rows of a part that came out so."""
        return {one.row for one in self.result.findings if (one.part, one.outcome) == (part, outcome)}

    def methods(self, outcome: Outcome) -> set[str]:
        """Return the methods whose coverage came out so."""
        found = self.result.findings
        return {one.subject.rpartition("/")[2] for one in found if (one.part, one.outcome) == ("coverage", outcome)}


def probe(folder: Path, *arguments: str, stdin: str = "") -> Probe:
    """Run a probe to its end."""
    command = [*JWTSTORM, "probe", *arguments]
    environment = {**os.environ, "REPORTS": str(folder / "reports"), "COLUMNS": "160"}
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=240, env=environment, check=False
    )
    written = re.search(r"files: (\S+)/probe\.html", done.stdout)
    return Probe(done.returncode, done.stdout, done.stderr, Path(written[1]) if written else folder)
