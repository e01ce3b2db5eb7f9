"""Fast network: the issuer's clock is 0.4 s ahead, and tokens are used before the verifier's has caught up.

Question: Does a verifier forgive the fraction of a second that a fast network no longer hides?
Steady state: failures under 0.1 %, whether the way takes no time or half a second.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import LabSettings, Scenario, Tokens, at, constant_rate, failure_ratio
from harness.faults import ClockSkew, Latency
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=37,
    load=constant_rate(per_s=100, duration_s=50, max_users=80),
    tokens=Tokens(lifetime_s=8, refresh="proactive", before_s=2, jitter_s=1, callers=4),
    lab=LabSettings(leeway_s=1),
    timeline=[
        at(5, ClockSkew(of="issuer", skew_s=0.4), until_s=45),
        at(25, Latency(link="target", delay_s=0.5, toward="upstream"), until_s=45),  # hides what the first half shows
    ],
    checks=[failure_ratio(below=0.001, when="clock_skew"), failure_ratio(below=0.001, when="latency")],
    short=0.5,
    hunts={"forgives-nothing": ("failure_ratio clock_skew",)},
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
