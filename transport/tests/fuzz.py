"""Fuzz: an honest server's recorded bytes, mutated, at a transport: ``python -m transport.tests.fuzz --seconds 60``.

Each case is a call on a channel of its own. It must end in time, as any code; the process must live, raise
nothing else and not panic. The same seed plays the same bytes: ``--seed 7 --case 1234`` plays one case again.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from random import Random

from transport.tests.calling import GRPCIO, NATIVE, PATIENCE_S, Outcome, Target, ask
from transport.tests.client import NOT_BUILT, Client, ClientError, native_is_built
from transport.tests.mutations import mutate
from transport.tests.peer import Peer, Play, Wire
from transport.tests.recordings import ASKS, Recording, record
from transport.tests.server import Server

TIMEOUT_S, SLACK_S = 0.5, 15.0
"""The deadline of a case's call, and how late its end may be on a busy machine."""
AT_ONCE = 16
PAUSE_S = 0.01
ENDS = ("close", "close", "close", "reset", "hold")


@dataclass(frozen=True)
class Case:
    """One case: a recording, what is sent instead of it, and how the connection ends."""

    number: int
    recording: Recording
    greeting: bytes
    reply: list[bytes]
    end: str

    def play(self, wire: Wire) -> None:
        """Send the greeting; the reply when the call came; end."""
        wire.send(self.greeting)
        wire.socket.settimeout(PATIENCE_S)
        try:
            wire.await_preface()
            wire.await_call()
        except (TimeoutError, ConnectionError):
            pass  # the greeting was bad enough
        wire.socket.settimeout(None)
        for piece in self.reply:
            wire.send(piece)
            wire.pause(PAUSE_S)
        if self.end == "hold":
            wire.hold()
        elif self.end == "reset":
            wire.reset()


@dataclass
class Summary:
    """What became of the cases."""

    transport: str
    seed: int
    cases: int = 0
    seconds: float = 0.0
    codes: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    memory_kb: tuple[int, int] = (0, 0)

    def text(self) -> str:
        """Return the summary as Markdown."""
        codes = ", ".join(f"{code} {times}" for code, times in self.codes.most_common())
        grown_mb = (self.memory_kb[1] - self.memory_kb[0]) / 1024
        head = f"{self.transport}, seed {self.seed}: {self.cases} cases in {self.seconds:.0f} s"
        found = f"crashes, hangs and panics: {len(self.broken)}; memory grew by {grown_mb:.1f} MB"
        lines = [f"{head}; {found}", f"outcomes: {codes}", *self.broken]
        return "\n".join(lines)


def generate(seed: int, recordings: list[Recording]) -> Iterator[Case]:
    """Yield cases without end; case n of a seed is the same whatever was played before."""
    others = [part for one in recordings for part in (one.greeting, one.reply)]
    for number in count():
        dice = Random(f"{seed}/{number}")
        recording = dice.choice(recordings)
        greeting, reply = recording.greeting, recording.reply
        if dice.random() < 0.15:
            greeting = mutate(dice, greeting, others)
        else:
            reply = mutate(dice, reply, others)
        yield Case(number, recording, greeting, _pieces(dice, reply), dice.choice(ENDS))


def _pieces(dice: Random, reply: bytes) -> list[bytes]:
    """Cut a reply into pieces that are sent with pauses between them."""
    cuts = sorted(dice.randint(0, len(reply)) for _ in range(dice.choice([0, 0, 0, 1, 2])))
    return [reply[start:end] for start, end in zip([0, *cuts], [*cuts, len(reply)], strict=True)]


class Fuzzer:
    """Plays cases to a client of one transport, and starts another client where one died."""

    def __init__(self, transport: str, seed: int, log: Path) -> None:
        self._log = log
        self._client = Client(transport, log)
        self._good = Server()
        self._recordings = [record(self._client, asked) for asked in ASKS]
        self._summary = Summary(transport, seed)

    def verify(self) -> None:
        """Play each recording unchanged: it must end as it did. Raises where it does not."""
        for recording in self._recordings:
            case = Case(0, recording, recording.greeting, [recording.reply], "hold")
            outcome = _run([case], self._client, PATIENCE_S)[0]
            if outcome is None or outcome.code != recording.asked.code:
                raise AssertionError(f"the recording {recording.asked.name} does not play: {outcome}")

    def run(self, seconds: float | None = None, cases: int | None = None, first: int = 0) -> Summary:
        """Play cases from the first one, for so long or so many."""
        summary, start_s = self._summary, time.monotonic()
        waiting = islice(generate(summary.seed, self._recordings), first, None if cases is None else first + cases)
        while batch := list(islice(waiting, AT_ONCE)):
            self._play(batch)
            if summary.memory_kb == (0, 0) and summary.cases >= min(500, cases or 500):
                summary.memory_kb = self._client.memory_kb(), 0
            if seconds is not None and time.monotonic() - start_s > seconds:
                break
        summary.memory_kb = summary.memory_kb[0], self._client.memory_kb()
        summary.seconds = time.monotonic() - start_s
        self._client.stop()
        self._good.stop()
        return summary

    def _play(self, batch: list[Case]) -> None:
        client, summary = self._client, self._summary
        said, numbers = len(client.complaints()), f"cases {batch[0].number} to {batch[-1].number}"
        outcomes = _run(batch, client)
        for case, outcome in zip(batch, outcomes, strict=True):
            summary.cases += 1
            summary.codes[outcome.code if outcome else "none"] += 1
            if outcome is None and client.alive():
                summary.broken.append(f"case {case.number}: no outcome: {client.complaints()[said:][-300:]}")
            elif outcome is not None and outcome.took_s > TIMEOUT_S + SLACK_S:
                summary.broken.append(f"case {case.number}: ended after {outcome.took_s:.1f} s")
        if "panicked" in client.complaints()[said:]:
            summary.broken.append(f"{numbers}: {client.complaints()[said:][:1000]}")
        if not client.alive():
            self._client = Client(client.transport, self._log)
            summary.broken += self._culprits(batch) or [f"{numbers}, together: the process ended"]
        if self._client.run(ask, Target(self._good.address), b"next").code != "OK":
            summary.broken.append(f"{numbers}: an honest server could not be called after them")

    def _culprits(self, batch: list[Case]) -> list[str]:
        """Play the cases of a batch that ended the process one by one; return those that do so alone."""
        found = []
        for case in batch:
            _run([case], self._client)
            if not self._client.alive():
                found.append(f"case {case.number}: the process ended with {self._client.exit_code()}")
                self._client = Client(self._client.transport, self._log)
        return found


def _run(batch: list[Case], client: Client, timeout_s: float = TIMEOUT_S) -> list[Outcome | None]:
    """Play cases at once; return how each call ended, None where it raised what is no RpcError, hung, or died."""
    peers = [Peer(_script(case)) for case in batch]
    calls = [
        case.recording.asked.make(client, peer.address, timeout_s) for case, peer in zip(batch, peers, strict=True)
    ]
    outcomes: list[Outcome | None] = []
    for call in calls:
        try:
            outcomes.append(call.result(timeout_s + SLACK_S))
        except ClientError:
            outcomes.append(None)
    for peer in peers:
        peer.stop()
    return outcomes


def _script(case: Case) -> Play:
    def play(wire: Wire) -> None:
        try:
            case.play(wire)
        except OSError:
            pass  # the client had enough
        except Exception:  # noqa: BLE001 - what the client sent after bad bytes may not decode: no mistake of ours
            wire.reset()

    return play


def main() -> int:
    """Fuzz for so long and print the summary; exit code 1 where something broke."""
    parser = argparse.ArgumentParser(prog="python -m transport.tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", type=int, help="play only this case of the seed")
    parser.add_argument("--transport", choices=[GRPCIO, NATIVE], default=NATIVE)
    options = parser.parse_args()
    if options.transport == NATIVE and not native_is_built():
        print(NOT_BUILT, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        fuzzer = Fuzzer(options.transport, options.seed, Path(folder) / "client.log")
        fuzzer.verify()
        alone = options.case is not None
        summary = fuzzer.run(options.seconds, 1 if alone else None, options.case or 0)
    print(summary.text())
    return int(bool(summary.broken))


if __name__ == "__main__":
    sys.exit(main())
