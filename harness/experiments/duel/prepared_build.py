"""Standing: a build made ready for one run, and its target started and ended around it."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from harness.endpoint.address import free_port
from harness.errors import LabError, UsageError
from harness.experiments.duel.builds import Build, served_by
from harness.scenario.build_override import COMMAND
from harness.subprocesses import die_with_parent

READY_WITHIN_S = 60.0
"""How long a server of the user's may take until its port answers."""
STOP_WITHIN_S = 10.0
POLL_S = 0.05


@dataclass(frozen=True)
class PreparedBuild:
    """How a run of a build is made: the command that runs jwtstorm, what it is given, and its environment."""

    jwtstorm: Sequence[str] = (sys.executable, "-m", "harness.cli")
    under_test: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Builder:
    """Makes one build ready; `prepare` once, `standing` around each run, `close` at the end."""

    contender: Build
    folder: Path
    """The duel's; what the build and its server say is kept there."""
    side: str
    build_command: str = ""
    target_command: str = ""
    commit: str = ""
    launches: bool = False
    """Whether the scenario launches its target: then each run starts the build's command itself."""
    ready_within_s: float = READY_WITHIN_S
    _worktree: Path | None = None

    def prepare(self) -> None:
        """Look for what the build needs, check it out and build it; raises `UsageError`."""
        if self.contender.kind == "venv":
            _jwtstorm_of(self.contender)
        if self.contender.kind == "git":
            self._check_out()

    @contextmanager
    def standing(self) -> Iterator[PreparedBuild]:
        """Start the build's target where it has one of its own, and end it; raises `LabError` where that fails."""
        kind, asked = self.contender.kind, self.contender.asked
        if kind in ("cmd", "git"):
            command = self.contender.text if kind == "cmd" else self.target_command
            if self.launches:
                yield PreparedBuild(under_test=f"{COMMAND}:{self._placed(command)}")
                return
            with self._serving(command) as address:
                yield PreparedBuild(under_test=address)
        elif kind == "venv":
            # What lies in the present folder must not stand before what is installed there.
            yield PreparedBuild((str(_jwtstorm_of(self.contender)),), environ={"PYTHONSAFEPATH": "1"})
        else:
            yield PreparedBuild(under_test="" if asked == "lab" else asked)

    def close(self) -> None:
        """Take the worktree away."""
        if self._worktree is not None:
            with suppress(UsageError):  # git worktree prune forgets it, too
                _git("worktree", "remove", "--force", str(self._worktree))
            shutil.rmtree(self._worktree.parent, ignore_errors=True)
            self._worktree = None

    def _placed(self, command: str) -> str:
        """Return a command that starts in the build's own folder, wherever the run does."""
        if self._worktree is None:
            return command
        return shlex.join(["sh", "-c", f"cd {shlex.quote(str(self._worktree))} && exec {command}"])

    @contextmanager
    def _serving(self, command: str) -> Iterator[str]:
        port = free_port()
        words = served_by(self.contender.asked, command, port)
        with (self.folder / f"target-{self.side}.log").open("ab") as log:
            try:
                process = subprocess.Popen(
                    words, cwd=self._worktree, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, preexec_fn=die_with_parent,  # noqa: PLW1509 - a duel has one thread
                )  # fmt: skip
            except OSError as error:
                raise LabError(
                    f"{words[0]} does not start: {error.strerror}; see the command of {self.side}"
                ) from error
        try:
            self._await_ready(process, port)
            yield f"127.0.0.1:{port}"
        finally:
            _end(process)

    def _await_ready(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        until_s = time.monotonic() + self.ready_within_s
        log = self.folder / f"target-{self.side}.log"
        while not _answers(port):
            if process.poll() is not None:
                raise LabError(f"the target of {self.side} ended with code {process.returncode}; {last_words(log)}")
            if time.monotonic() > until_s:
                text = f"nothing answers on port {port} within {self.ready_within_s:g} s"
                raise LabError(f"the target of {self.side}: {text}; {last_words(log)}")
            time.sleep(POLL_S)

    def _check_out(self) -> None:
        if not self.target_command:
            raise UsageError(
                f"{self.contender.asked}: say how its server is started; give --target-command '… {{port}}'"
            )
        served_by("--target-command", self.target_command, 1)
        self.commit = self.commit or commit_of(self.contender.text)
        self._worktree = Path(tempfile.mkdtemp(prefix="jwtstorm-duel-")) / self.side
        _git("worktree", "add", "--detach", str(self._worktree), self.commit)
        if not self.build_command:
            return
        log = self.folder / f"build-{self.side}.log"
        with log.open("wb") as said:
            done = subprocess.run(
                ["sh", "-c", self.build_command],  # noqa: S607 - the user's own shell
                cwd=self._worktree,
                stdout=said,
                stderr=said,
                check=False,
            )
        if done.returncode:
            raise UsageError(f"{self.contender.asked}: its build ended with code {done.returncode}; {last_words(log)}")


def commit_of(ref: str) -> str:
    """Return the commit that a ref names now; raises `UsageError`."""
    return _git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}") or _unknown(ref)


def last_words(log: Path) -> str:
    """Return the last line of a log, and where it lies."""
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return f"its last words: {lines[-1][:300]} ({log})" if lines else f"it said nothing ({log})"


def _jwtstorm_of(contender: Build) -> Path:
    path = Path(contender.text).expanduser().absolute() / "bin" / "jwtstorm"
    if not os.access(path, os.X_OK):
        raise UsageError(
            f"{contender.asked}: {path} is missing; install jwtstorm there: {path.parent}/pip install jwtstorm"
        )
    return path


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)  # noqa: S607 - the user's own git
    except OSError as error:
        raise UsageError("git is not installed; give builds as cmd:… or an address") from error
    if done.returncode and done.stderr:
        raise UsageError(f"git {words[0]}: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.strip()


def _unknown(ref: str) -> str:
    raise UsageError(f"git:{ref}: no such commit here; git log --oneline shows what there is")


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a server and all that it started to end, then insist."""
    for insist in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, insist)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_WITHIN_S)
            break
    with suppress(ProcessLookupError):  # what it left behind in its group
        os.killpg(process.pid, signal.SIGKILL)
