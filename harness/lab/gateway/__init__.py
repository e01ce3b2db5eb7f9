"""A gateway that sees calls: an HTTP/2 pass-through between any gRPC client and any gRPC server.

``python -m harness.lab.gateway`` is a child of the lab. Logic without I/O, from the bytes up: `frames` and
`header_codec`; `side`, one connection; `lane`, one direction and its windows; `table`, calls and what `faults` make of
them; `relay`, both sides together. Around it: `wire` and `tunnel` (sockets), `dial` and `tls`, `gateway` (listeners),
`recorder` (rows), `board` (faults in force), `service` (commands). docs/gateway.md says what it passes on, and how.
"""
