"""The arena: an issuer, the fast target, a static token for the peers, and a client for us.

What a locustfile of ours needs reaches it in one variable of the environment; tokens and secrets lie
in files that only we can read.
"""

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from benchmarks.rig.server import pin
from harness.faults import TokenBloat
from harness.lab import IssuerSettings, LabPlan
from harness.lab.issuer.keys import IssuerKey
from harness.lab.proto import ledger_pb2
from harness.lab.running import Lab

VARIABLE = "JWTSTORM_PEERS"
BIN = Path("build/peers")
PROTO = Path("harness/lab/proto/ledger.proto")
METHOD = "jwtstorm.lab.v1.Ledger/GetBalance"
IN_FLIGHT = 50
TOKEN_BYTES = 600
RENEW_S = 5.0
"""How often ours fetches a token: half the life of one."""
GENERATOR_CPU, TARGET_CPU = 0, 1


@dataclass(frozen=True)
class Arena:
    """Where the target listens, and who may call it."""

    target: str
    token_url: str
    client_id: str
    secret_file: Path
    token_file: Path

    @classmethod
    def here(cls) -> Self:
        """Return the arena that this process was started in."""
        data = json.loads(os.environ[VARIABLE])
        paths = (Path(data[name]) for name in ("secret_file", "token_file"))
        return cls(data["target"], data["token_url"], data["client_id"], *paths)

    def environ(self) -> Mapping[str, str]:
        """Return what a process started in this arena needs in its environment."""
        return {VARIABLE: json.dumps(asdict(self), default=str)}

    @property
    def bearer(self) -> str:
        """Return the static token as it is sent."""
        return f"Bearer {self.token_file.read_text(encoding='utf-8')}"

    def file(self, name: str, content: str | bytes) -> Path:
        """Write a file beside the token, for this arena's owner alone; return its path."""
        path = self.token_file.parent / name
        path.touch(mode=0o600)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path


class Target:
    """The fast target; ended on the way out."""

    def __init__(self, issuer_url: str, delays_s: Sequence[float]) -> None:
        self._process = subprocess.Popen(
            [BIN / "target"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=partial(pin, TARGET_CPU),  # noqa: PLW1509 - this process has no thread of its own
        )
        reply = ledger_pb2.Balance(account="42", cents=4200, version=1).SerializeToString()
        settings = {"jwks_url": f"{issuer_url}/jwks.json", "issuer": issuer_url, "audience": "ledger"}
        ready = self._ask({**settings, "reply": base64.b64encode(reply).decode(), "delays_s": list(delays_s)})
        self.address = str(ready["ready"]["address"])

    def calls(self) -> int:
        """Return how many calls were admitted so far."""
        return int(self._ask({"order": "count"})["calls"])

    def stall(self, for_s: float) -> None:
        """Hold every call for so long, from now."""
        self._ask({"order": "stall", "for_s": for_s})

    def delays_us(self) -> list[int]:
        """Return how long the delays took by the target's clock since it was last asked."""
        return list(self._ask({"order": "delays"})["delays_us"] or ())

    def served_us(self) -> list[int]:
        """Return how long the calls took at the target's socket since it was last asked; none without delays."""
        return list(self._ask({"order": "served"})["served_us"] or ())

    def await_calls(self, more_than: int, within_s: float = 40.0) -> bool:
        """Wait until more calls were admitted; tell whether they were."""
        until_s = time.monotonic() + within_s
        while time.monotonic() < until_s:
            if self.calls() > more_than:
                return True
            time.sleep(0.02)
        return False

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline() or '{"ready": {}}')
        return answer


@contextmanager
def arena(delays_s: Sequence[float] = ()) -> Iterator[tuple[Arena, Target]]:
    """Start issuer and target; calls take the delays in turn, where there are some."""
    key = IssuerKey.generate("ES256", serial=1)
    plan = LabPlan(IssuerSettings(lifetime_s=2 * RENEW_S), None, issuer_key={"kid": key.kid, "pem": key.pem()})
    with TemporaryDirectory() as folder, Lab.start(plan, Path(folder)) as lab:
        assert lab.issuer
        assert lab.token_url
        assert lab.issuer_url
        lab.issuer.begin_fault("bloat", **TokenBloat(TOKEN_BYTES).order())
        target = Target(lab.issuer_url, delays_s)
        client = lab.clients[0]
        paths = [Path(folder) / name for name in ("secret", "token")]
        try:
            for path, text in zip(paths, (client.secret, _static(key, lab.issuer_url)), strict=True):
                path.touch(mode=0o600)
                path.write_text(text, encoding="utf-8")
            yield Arena(target.address, lab.token_url, client.client_id, *paths), target
        finally:
            target.close()


def _static(key: IssuerKey, issuer: str) -> str:
    """Return a token that outlives every measurement, as large as the issuer's."""
    now_s = int(time.time())
    claims = {"iss": issuer, "sub": "peer", "aud": "ledger", "iat": now_s, "exp": now_s + 86_400, "client_id": "peer"}
    bare = key.sign(claims)
    return key.sign({**claims, "pad": "x" * max((TOKEN_BYTES - len(bare)) * 3 // 4 - 9, 0)})
