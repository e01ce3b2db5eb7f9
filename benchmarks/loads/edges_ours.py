"""Edges: two hundred calls a second, and a fault that begins or ends every third of a second.

Question: do faults begin and end when the plan says so?
Steady state: failures under 0.1 %.
"""

import os

from locust import task  # first: it patches sockets before grpc loads

# isort: split
from harness import LabSettings, Scenario, Tokens, at, constant_rate
from harness.faults import (
    Blackhole,
    ClockDrift,
    ClockSkew,
    Down,
    EarlyExpiry,
    ExpireAll,
    Fault,
    IssuerDown,
    Latency,
    ResetPeer,
    RevokeAll,
)
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

ROUNDS = int(os.environ.get("ROUNDS", "6"))
WIDE: list[Fault] = [
    ClockSkew(of="issuer", skew_s=1),
    Latency(link="target", delay_s=0.05, jitter_s=0.02),
    IssuerDown(),
    ClockDrift(of="verifier", rate_ppm=50_000),
    Latency(link="issuer", delay_s=0.1),
    ResetPeer(link="target"),
    EarlyExpiry(life_s=5),
    Blackhole(link="issuer"),
    Down(link="target"),
    ClockSkew(of="verifier", skew_s=-1),
]
INSTANT: list[Fault] = [ExpireAll(), RevokeAll()]
WIDTH_S, ROUND_S = 0.33, 7.5
FIRST_S = 1.0

scenario = Scenario(
    load=constant_rate(200, duration_s=FIRST_S + ROUNDS * ROUND_S + 1, max_users=100, warm_up_s=3),
    tokens=Tokens(lifetime_s=60, callers=10),
    lab=LabSettings(leeway_s=2),
    timeline=[
        *(
            at(FIRST_S + k * ROUND_S + i * 2 * WIDTH_S, fault, until_s=FIRST_S + k * ROUND_S + (2 * i + 1) * WIDTH_S)
            for k in range(ROUNDS)
            for i, fault in enumerate(WIDE)
        ),
        *(
            at(FIRST_S + k * ROUND_S + (2 * len(WIDE) + i) * WIDTH_S, fault)
            for k in range(ROUNDS)
            for i, fault in enumerate(INSTANT)
        ),
    ],
)


class Customer(GrpcUser):
    """Asks for a balance."""

    @task
    def get_balance(self) -> None:
        """Make one call."""
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
