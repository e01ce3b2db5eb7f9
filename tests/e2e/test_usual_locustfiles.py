"""Locustfiles as people write them, run: the habits that work do, and those that cannot end before the run."""

from collections import Counter

import pandas as pd
import pytest

from tests.e2e.storms import HEAD, Trial, assert_code, settings

pytestmark = pytest.mark.e2e

USUAL = """
import uuid


def get_balance(user) -> None:
    user.stub.GetBalance(ledger_pb2.BalanceRequest(account=user.account))


def transfer(user) -> None:
    user.stub.Transfer(ledger_pb2.TransferRequest(from_account="1", to_account="2", cents=5, nonce=str(uuid.uuid4())))


class Customer(GrpcUser):
    tasks = {get_balance: 3, transfer: 1}

    def __init__(self, environment) -> None:
        self.account = "41"

    def on_start(self) -> None:
        self.account = "42"
        get_balance(self)

    def on_stop(self) -> None:
        with open("stopped", "a") as file:
            file.write(self.account + "\\n")
"""


def write(trial: Trial, users: str) -> None:
    head = HEAD.format(settings=settings())
    (trial.folder / "trial.py").write_text(head[: head.index("class Customer")] + users, encoding="utf-8")


def test_hooks_without_super_and_tasks_by_weight_work_as_with_locust(trial: Trial) -> None:
    write(trial, USUAL)
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert_code(done, 0)
    rows = pd.read_parquet(trial.run_folder() / "calls.parquet")
    counts = Counter(str(name).rpartition("/")[2] for name in rows["method"])
    assert counts["GetBalance"] > counts["Transfer"] > 0
    assert sum(rows["call_id"] < 0) >= 20  # the calls of on_start, which nobody planned
    assert (trial.folder / "stopped").read_text().split() == ["42"] * 20


@pytest.mark.parametrize(
    ("hook", "line"), [("on_start", "        get_balance(self)"), ("__init__", '        self.account = "41"')]
)
def test_a_hook_that_raises_is_named_once_and_no_run_passes_with_it(trial: Trial, hook: str, line: str) -> None:
    write(trial, USUAL.replace(line, "        self.basket.open()"))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert done.returncode == 3
    said = done.stdout + done.stderr
    assert f"task {hook} raised AttributeError: 'Customer' object has no attribute 'basket' (trial.py, line" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        (("tasks = {", "wait_time = lambda self: 1.0\n    tasks = {"), (), "wait_time= has no effect"),
        (("", ""), ("--host", "http://localhost:50051"), "--host http://localhost:50051 (LOCUST_HOST) is not read"),
    ],
)
def test_locust_itself_is_told_in_one_line(
    trial: Trial, change: tuple[str, str], arguments: tuple[str, ...], said: str
) -> None:
    write(trial, USUAL.replace(*change))
    done = trial.locust("--headless", *arguments)
    assert_code(done, 2)
    assert done.stderr.splitlines()[-1].startswith("jwtstorm: ")
    assert said in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not trial.runs()
