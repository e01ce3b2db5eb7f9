"""The programs that put the exam to libraries: one a language, each built and run in a folder of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).parent
BUILT = ROOT / "build" / "verifiers"
PATHS = (str(Path.home() / ".cargo" / "bin"), "/usr/local/go/bin")
"""Where compilers lie that are not on everybody's path."""

Command = Sequence[str]


class AbsentError(Exception):
    """A program cannot be built here; the text says what is missing."""


@dataclass(frozen=True)
class Program:
    """How a program is made and run; ``folder`` is its source, and its commands run in a copy of it.

    ``language`` is that of the libraries. ``build`` may reach the package indexes of its language; what cannot be
    built is absent.
    """

    name: str
    language: str
    tools: tuple[str, ...]
    build: tuple[Command, ...]
    run: Command
    way_out: str = ""

    @property
    def place(self) -> Path:
        """Return where it is built."""
        return BUILT / self.name

    def make(self) -> None:
        """Build it; raises `AbsentError`."""
        for tool in self.tools:
            if shutil.which(tool, path=_path()) is None:
                raise AbsentError(f"no {tool}{self.way_out and ': ' + self.way_out}")
        self.place.mkdir(parents=True, exist_ok=True)
        if (HERE / self.name).is_dir():
            shutil.copytree(HERE / self.name, self.place, dirs_exist_ok=True)
        for command in self.build:
            done = subprocess.run(
                command, cwd=self.place, env=_environment(), capture_output=True, text=True, check=False
            )
            if done.returncode:
                told = (done.stderr or done.stdout).strip().splitlines()
                raise AbsentError(f"{command[0]} fails: {told[-1] if told else done.returncode}; {self.way_out}")

    def ask(self, paper: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return what the libraries say of an exam, line by line. Raises `ValueError` where a good token is refused."""
        done = subprocess.run(
            self.run,
            cwd=self.place,
            env=_environment(),
            input=json.dumps(paper),
            capture_output=True,
            text=True,
            check=True,
        )
        said = [json.loads(line) for line in done.stdout.splitlines()]
        refused = [line["library"] for line in said if line["situation"] == "good"]
        if refused:
            raise ValueError(f"{', '.join(refused)} refuse the good token: what they say of others proves nothing")
        return [line for line in said if line["text"].strip()]


def _path() -> str:
    return os.pathsep.join((os.environ.get("PATH", ""), *PATHS))


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": _path(), "PYTHONPATH": str(ROOT)}


_PIP = (".venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt")
_NPM = ("npm", "ci", "--no-fund", "--no-audit", "--loglevel=error")
_MVN = ("mvn", "--quiet", "--batch-mode", "compile", "dependency:build-classpath", "-Dmdep.outputFile=target/classpath")
_JAVA = "exec java -cp target/classes:$(cat target/classpath) Texts"
_GXX = ("g++", "-std=c++17", "-w", "-o", "texts", "texts.cpp", "-lssl", "-lcrypto")
_DEBIAN = "on Debian: apt-get install"

PROGRAMS = (
    Program("python", "python", (), ((sys.executable, "-m", "venv", ".venv"), _PIP), (".venv/bin/python", "texts.py")),
    Program("node", "node", ("node", "npm"), (_NPM,), ("node", "texts.mjs"), f"{_DEBIAN} nodejs npm"),
    Program("go", "go", ("go",), (("go", "build", "-o", "texts", "."),), ("./texts",), f"{_DEBIAN} golang-go"),
    Program("java", "java", ("java", "mvn"), (_MVN,), ("sh", "-c", _JAVA), f"{_DEBIAN} maven"),
    Program(
        *("rust", "rust", ("cargo",), (("cargo", "build", "--quiet", "--release", "--locked"),)),
        ("target/release/verifier-texts",),
        "install Rust, and the headers of OpenSSL",
    ),
    Program(
        *("ruby", "ruby", ("ruby",), (("ruby", "-rjwt", "-rjson/jwt", "-e", ""),), ("ruby", "texts.rb")),
        f"{_DEBIAN} ruby-jwt ruby-json-jwt",
    ),
    Program(
        *("perl", "perl", ("perl",), (("perl", "-MCrypt::JWT", "-MMojo::JWT", "-MJSON", "-e", "1"),)),
        ("perl", "texts.pl"),
        f"{_DEBIAN} libcrypt-jwt-perl libmojo-jwt-perl libjson-perl",
    ),
    Program("cpp", "c++", ("g++",), (_GXX,), ("./texts",), f"{_DEBIAN} g++ libcpp-jwt-dev libssl-dev"),
    Program(
        *("envoy", "c++", (), (("test", "-x", f"{ROOT}/build/foreign/envoy/envoy/_bin/envoy"),)),
        (sys.executable, "-m", "tests.foreign.verifiers.envoy"),
        "make foreign",
    ),
)
"""All programs; their folders hold what pins their libraries."""
