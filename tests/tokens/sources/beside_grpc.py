"""Fetch tokens by command under gevent while gRPC is busy; prints the outcome. Arguments: a gRPC address, a count."""

import gevent.monkey

gevent.monkey.patch_all()

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from collections import Counter  # noqa: E402
from contextlib import suppress  # noqa: E402

import gevent  # noqa: E402

from harness.endpoint import Endpoint  # noqa: E402
from harness.errors import TokenError  # noqa: E402
from harness.tokens.sources.token_command import TokenCommand  # noqa: E402
from harness.transport.channels import TransportSettings, open_channels  # noqa: E402

FETCHERS = 6


def main(address: str, count: int) -> None:
    (channel,) = open_channels(TransportSettings(Endpoint((address,)), 32))
    check = channel.unary_unary("/grpc.health.v1.Health/Check", request_serializer=None, response_deserializer=None)
    outcome: Counter[str] = Counter()
    done = gevent.event.Event()

    def call() -> None:
        while not done.is_set():
            check(b"", timeout=30)
            outcome["calls"] += 1

    def fetch() -> None:
        source = TokenCommand(["/bin/echo", "a.b.c"]).open()
        for _ in range(count // FETCHERS):
            try:
                good = source.fetch() == "a.b.c"
                outcome["tokens"] += good
            except TokenError as error:
                outcome[str(error)] += 1

    callers = [gevent.spawn(call) for _ in range(8)]
    gevent.joinall([gevent.spawn(fetch) for _ in range(FETCHERS)], raise_error=True)
    done.set()
    gevent.joinall(callers, raise_error=True)
    for name, source in {
        "late": TokenCommand(["sleep", "60"], timeout_s=0.05),
        "family": TokenCommand(["sh", "-c", "sleep 60 & wait"], timeout_s=0.05),
        "failed": TokenCommand(["false"]),
        "absent": TokenCommand(["/nowhere/at/all"]),
        "killed": TokenCommand(["sh", "-c", "kill -9 $$"]),
    }.items():
        try:
            source.fetch()
        except TokenError as error:
            outcome[f"{name}: {error}"] += 1
    children = -1
    with suppress(ChildProcessError):
        children = gevent.monkey.get_original("os", "waitpid")(-1, os.WNOHANG)[0]  # gevent's own remembers the dead
    sys.stdout.write(json.dumps({**outcome, "child left": children}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
