"""Naked handler: calls without a token on all four kinds of methods, while the key set comes and goes.

Question: Is there a method that no check stands before?
Steady state: no call without a token is let in, failures of good calls under 0.1 %.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import LabSettings, Scenario, Tokens, at, constant_rate, failure_ratio, false_accepts
from harness.faults import JwksDown, TokenDefect
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=59,
    load=constant_rate(per_s=100, duration_s=50, max_users=60),
    tokens=Tokens(lifetime_s=120, refresh="proactive", before_s=10, callers=5),
    lab=LabSettings(keys_lifetime_s=5, keys_timeout_s=0.5),
    timeline=[
        at(4, TokenDefect("META-01"), until_s=48, toxicity=0.3),
        at(20, JwksDown(), until_s=40),
    ],
    checks=[false_accepts(below=0.01), failure_ratio(below=0.001, when="all")],
    hunts={
        "forgets-a-method": ("false_accepts",),
        "unary-only-interceptor": ("false_accepts",),
    },
)

TRANSFERS = [ledger_pb2.TransferRequest(from_account="42", to_account="7", cents=1, nonce="naked")]


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))

    @task
    def list_transfers(self) -> None:
        list(self.stub.ListTransfers(ledger_pb2.ListRequest(account="42", limit=3)))

    @task
    def import_transfers(self) -> None:
        self.stub.ImportTransfers(TRANSFERS)

    @task
    def stream_transfers(self) -> None:
        list(self.stub.StreamTransfers(TRANSFERS))
