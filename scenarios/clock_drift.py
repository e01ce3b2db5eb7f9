"""Clock drift: the issuer's and the verifier's clocks walk apart, first slowly, then at once.

Question: how many seconds of skew turn good tokens away, and on which side?
Steady state: failures under 0.1 %, p99 response time under 250 ms.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import LabSettings, Scenario, Tokens, at, constant_rate, failure_ratio, recovery, response_time
from harness.faults import ClockDrift, ClockSkew
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=11,
    load=constant_rate(per_s=200, duration_s=60, max_users=100),
    tokens=Tokens(lifetime_s=20, refresh="proactive", before_s=4, jitter_s=2, callers=10),
    lab=LabSettings(leeway_s=2),
    timeline=[
        at(10, ClockDrift(of="verifier", rate_ppm=100_000), until_s=25),  # gains 1.5 s: within the leeway
        at(35, ClockSkew(of="issuer", skew_s=5), until_s=45),  # new tokens are not yet valid
    ],
    checks=[
        failure_ratio(below=0.001, when="steady"),
        failure_ratio(below=0.001, when="clock_drift"),
        response_time(0.99, below_s=0.250),
        recovery(within_s=5),
    ],
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
