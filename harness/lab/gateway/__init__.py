"""A gateway that sees calls: an HTTP/2 pass-through between any gRPC client and any gRPC server.

Logic without I/O, from the bytes up: `frames` and `header_codec`; `side`, one connection; `lane`, one direction and
its windows; `table`, calls and what treatments make of them; `relay`, both sides together.
"""
