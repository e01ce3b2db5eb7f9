"""Slow network: the way to the service rots, goes dark, resets, and comes back.

Question: how long do callers suffer after the network is whole again?
Steady state: failures under 0.5 %, p99 response time under 250 ms. The failures are the calls in flight when the
network breaks: they were due before the edge, one or two at each.
"""

from locust import task  # first: it patches sockets before grpc loads

from harness import Scenario, Tokens, at, constant_rate, failure_ratio, recovery, response_time
from harness.faults import Blackhole, Down, Latency, ResetPeer
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario(
    seed=17,
    load=constant_rate(per_s=150, duration_s=70, max_users=200),
    tokens=Tokens(lifetime_s=60, refresh="proactive", before_s=10, jitter_s=3, callers=10),
    connections=4,
    timeline=[
        at(8, Latency(link="target", delay_s=0.12, jitter_s=0.04), until_s=20),
        at(28, Blackhole(link="target"), until_s=31, toxicity=0.5),  # about half of the connections
        at(42, ResetPeer(link="target"), until_s=44),
        at(55, Down(link="target"), until_s=57),
    ],
    checks=[
        failure_ratio(below=0.005, when="steady"),
        failure_ratio(below=0.01, when="latency"),
        response_time(0.99, below_s=0.250),
        recovery(within_s=6),
    ],
)


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
