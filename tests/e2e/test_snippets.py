"""Every client that ``serve --snippet`` prints, pasted into a shell as it is: the usual credentials of each language.

``make snippets`` runs them all: some minutes the first time, for each language's packages come into ``build/snippets``.
Without it those that need packages of their own are skipped, by name, as is a language whose tools are absent.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness.serving.options import LANGUAGES
from harness.serving.snippets import BEGIN, END
from tests.e2e.probed import started

pytestmark = [pytest.mark.e2e, pytest.mark.long]

TOOLS = {
    "python": (),
    "go": ("go",),
    "node": ("node", "npm"),
    "java": ("java", "javac", "mvn"),
    "curl": ("curl", "grpcurl"),
}
BUILD = Path(__file__).parents[2] / "build" / "snippets"
GO = "/usr/local/go/bin"
PATH = os.pathsep.join((str(BUILD / "bin"), os.environ["PATH"], GO))
CACHES = {
    "GOPATH": str(BUILD / "go"),
    "GOCACHE": str(BUILD / "go-build"),
    "GOFLAGS": "-modcacherw",
    "npm_config_cache": str(BUILD / "npm"),
    "npm_config_prefer_offline": "true",
    "MAVEN_OPTS": f"-Dmaven.repo.local={BUILD / 'maven'}",
}


ASKED = "SNIPPETS"
"""Environment variable of ``make snippets``."""
LIGHT = {"python", "curl"}


def tools(language: str) -> None:
    """Give the shell a protoc, that of grpcio-tools, and for curl a grpcurl where Go can build one."""
    (BUILD / "bin").mkdir(parents=True, exist_ok=True)
    protoc = BUILD / "bin" / "protoc"
    protoc.write_text(f'#!/bin/sh\nexec {sys.executable} -m grpc_tools.protoc "$@"\n')
    protoc.chmod(0o755)
    if (
        language == "curl"
        and os.environ.get(ASKED)
        and not shutil.which("grpcurl", path=PATH)
        and (go := shutil.which("go", path=PATH))
    ):
        environment = {**os.environ, **CACHES, "GOBIN": str(BUILD / "bin")}
        subprocess.run(
            [go, "install", "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3"],
            env=environment, capture_output=True, check=False, timeout=600, cwd=BUILD,
        )  # fmt: skip


@pytest.mark.parametrize("way", ["tls", "plain"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_printed_client_is_let_in(language: str, way: str, tmp_path: Path) -> None:
    if language not in LIGHT and not os.environ.get(ASKED):
        pytest.skip(f"the client in {language} needs packages of its own: make snippets gets them and runs it")
    tools(language)
    if absent := [tool for tool in TOOLS[language] if not shutil.which(tool, path=PATH)]:
        pytest.skip(f"no {absent[0]} here, so that the client in {language} cannot run")
    tls = ["--tls"] if way == "tls" else []
    with started("serve", *tls, "--snippet", language) as process:
        assert process.stdout
        told = ""
        while not told.endswith(f"{END}\n"):
            told += next(process.stdout)
        secret = re.findall(r'storm:([^"]+)"', told)[0]
        client = told[told.index(BEGIN.format(language=language)) :]
        assert secret not in client
        environment = {**os.environ, **CACHES, "PATH": PATH, "CLIENT_SECRET": secret}
        began_s = time.monotonic()
        done = subprocess.run(
            ["/bin/sh", "-e"], input=client, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=900,
            check=False,
        )  # fmt: skip
        sys.stdout.write(f"{language}, {way}: {time.monotonic() - began_s:.1f} s\n")
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        assert re.search(r"(?i)cents.{0,6}1000000|cents.*low: 1000000", done.stdout.replace("\n", " ")), done.stdout
        assert any("1 ok" in line for line in process.stdout)
