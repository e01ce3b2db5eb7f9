"""Inside: the process where calls are made, under gevent as the harness runs: ``python -m transport.tests.inside FD``.

Its parent (`transport.tests.client`) sends the name of a function and its arguments over a socket;
each runs in a greenlet of its own, and its value goes back.
"""

from gevent import monkey

monkey.patch_all()

import faulthandler
import importlib
import os
import pickle
import signal
import socket
import sys
import traceback
from typing import Any

import gevent
import grpc.experimental.gevent as grpc_gevent
from gevent.lock import Semaphore

from transport.tests.calling import GRPCIO, TRANSPORT

THREADS = 100
"""grpcio under gevent waits in a thread for each call: more than any test has in flight."""


def main() -> None:
    """Serve the parent until it closes the socket."""
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1)
    if os.environ[TRANSPORT] == GRPCIO:
        gevent.get_hub().threadpool.maxsize = THREADS
        grpc_gevent.init_gevent()
    orders = socket.socket(fileno=int(sys.argv[1]))
    writing = Semaphore()
    while (header := _exactly(orders, 4)) is not None:
        body = _exactly(orders, int.from_bytes(header, "big"))
        if body is None:
            break
        gevent.spawn(_carry_out, orders, writing, body)
    sys.stdout.flush()
    os._exit(0)  # calls in flight are the tests' own business: `test_exit` runs a process of its own


def _carry_out(orders: socket.socket, writing: Semaphore, body: bytes) -> None:
    number, module, name, arguments, named = pickle.loads(body)
    value: Any
    try:
        value = True, getattr(importlib.import_module(module), name)(*arguments, **named)
    except BaseException:  # noqa: BLE001 - whatever it was, the test is to be told
        value = False, traceback.format_exc()
    answer = pickle.dumps((number, *value))
    with writing:
        orders.sendall(len(answer).to_bytes(4, "big") + answer)


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            return None
        data += chunk
    return bytes(data)


if __name__ == "__main__":
    main()
