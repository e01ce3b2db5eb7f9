"""A client of the lab, and how the tests wait."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import urllib3

from harness.lab.proto import ledger_pb2 as pb
from harness.lab.proto import ledger_pb2_grpc
from harness.lab.running import Lab

FORM = {"content-type": "application/x-www-form-urlencoded"}
WITHIN_S = 20.0


def until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds, within a bound."""
    end_s = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end_s, "the condition did not come true"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Return whether a process has ended; a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


class User:
    """A client of the lab: gets tokens and calls the target."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.channel = grpc.insecure_channel(lab.addresses["target"])
        self.stub: Any = ledger_pb2_grpc.LedgerStub(self.channel)  # type: ignore[no-untyped-call]

    def token(self) -> str:
        client = self.lab.clients[0]
        body = f"grant_type=client_credentials&client_id={client.client_id}&client_secret={client.secret}"
        answer = urllib3.request("POST", self.lab.token_url or "", body=body, headers=FORM, retries=False)
        assert answer.status == 200
        return str(answer.json()["access_token"])

    def verdict(self, token: str | None, *more: tuple[str, str]) -> tuple[str, str]:
        """Make one call; return status and the verifier's verdict."""
        metadata = (*([] if token is None else [("authorization", f"Bearer {token}")]), *more)
        return ending(self.stub.GetBalance.future(pb.BalanceRequest(account="42"), metadata=metadata, timeout=WITHIN_S))


def ending(call: Any) -> tuple[str, str]:
    trailer = dict(call.trailing_metadata() or ())
    return call.code().name, str(trailer.get("x-jwtstorm-verdict"))
