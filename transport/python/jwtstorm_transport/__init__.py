"""The native transport of jwtstorm: gRPC channels whose calls run on a thread of their own, beside Python's lock.

Channels have the shape of grpc's, so that generated stubs take them. They are for programs under gevent: a call
lets other greenlets run while it waits, and no thread waits for it. Channels are opened after any fork.
"""

from jwtstorm_transport._channel import Channel, Tls, insecure_channel, secure_channel
from jwtstorm_transport._fleet import Course, Fleet, HandedOver, Tried
from jwtstorm_transport._loop import ended_ns
from jwtstorm_transport._native import ROW_SCHEMA, __version__

__all__ = [
    "ROW_SCHEMA",
    "Channel",
    "Course",
    "Fleet",
    "HandedOver",
    "Tls",
    "Tried",
    "__version__",
    "ended_ns",
    "insecure_channel",
    "secure_channel",
]
