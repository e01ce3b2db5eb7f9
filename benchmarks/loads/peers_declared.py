"""Peers: fifty users whose calls are declared, closed or at a rate, with tokens renewed every five seconds.

Question: what does a declared call cost the generator?
Steady state: failures under 0.1 %.
"""

from locust import task  # noqa: F401 - first: it patches sockets before grpc loads

# isort: split
from dataclasses import replace

from benchmarks.loads.peers_ours import scenario as plain
from benchmarks.peers.arena import METHOD
from harness.endpoint.call import Call, Stubs
from harness.users import CallUser

scenario = replace(plain, calls=[Call(METHOD, {"account": "42"})], methods=Stubs("harness.lab.proto.ledger_pb2"))


class Customer(CallUser):
    """Makes the declared call."""
