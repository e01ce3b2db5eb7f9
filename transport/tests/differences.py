"""Differences: hostile peers of which native says otherwise than grpcio, and why that is right.

`transport.tests.hostile` asserts that each names a case, and the tests that native ends it so. What is not
here must be the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """The code that native ends some cases with, and why."""

    code: str
    why: str
    names: tuple[str, ...]


DIFFERENCES = [
    Difference(
        "UNAVAILABLE",
        "native closes a connection that breaks HTTP/2; grpcio passes over it",
        (
            "answers with a TLS alert",
            "ping on a stream",
            "data on stream 0",
            "headers on stream 0",
            "reset on stream 0",
            "headers on a stream never opened",
            "headers on a stream of even number",
            "data on a stream never opened",
            "reset of a stream never opened",
            "flood of resets of a stream never opened",
            "push promise",
            "priority of 4 bytes",
            "window overflows",
            "value with a newline",
            "value with a zero byte",
            "data before headers",
        ),
    ),
    Difference(
        "UNAVAILABLE",
        "native takes floods of tiny frames for an attack and closes; grpcio reads on",
        ("flood of empty data", "headers in frames of one byte"),
    ),
    Difference(
        "UNAVAILABLE",
        "native closes the connection, and its calls say that; grpcio blames the call",
        (
            "padding longer than the frame",
            "padding without a length",
            "block that names an index that is not there",
            "block with index 0",
            "block with a broken Huffman code",
            "block cut in the middle of a header",
            "block with an integer that does not end",
            "table larger than was allowed",
            "name in capitals",
            "name with a space",
            "name with a colon",
            "empty name",
            "pseudo header that nobody knows",
            "status that is no number",
            "status of four digits",
            "a hundred kilobytes of headers",
            "a hundred kilobytes of trailers",
            "bomb of indexed headers",
            "continuation without end",
            "empty continuations without end",
            "acknowledgement with a payload",
            "acknowledgements never asked for",
            "ping of 7 bytes",
            "goaway of 4 bytes",
            "frame over the largest size",
            "frame of 16 MiB announced",
            "reset of 3 bytes",
            "continuation without headers",
            "continuation on stream 0",
            "window grows by 0",
            "window of the call grows by 0",
            "window update of 3 bytes",
            "ping between headers and continuation",
        ),
    ),
    Difference(
        "INTERNAL",
        "native resets the stream of an answer that HTTP/2 calls malformed",
        (
            "stream depends on itself",
            "empty block",
            "status after other headers",
            "two statuses",
            "no status",
            "status in the trailers",
            "connection: close",
            "content-length that lies",
            "content-length that is no number",
            "a thousand headers",
            "trailers that do not end the stream",
        ),
    ),
    Difference("OK", "padding is allowed, and grpcio cannot read it", ("padding that is fair",)),
    Difference("OK", "native passes over informational headers, as HTTP asks", ("a hundred informational headers",)),
    Difference("OK", "native takes the first, grpcio the last", ("two statuses of grpc",)),
    Difference(
        "UNIMPLEMENTED",
        "a unary call must have one message; grpcio returns None",
        ("status alone, good, no message", "no message"),
    ),
    Difference(
        "INTERNAL",
        "a unary call must have one message; grpcio waits for the deadline",
        ("two messages", "a thousand messages"),
    ),
    Difference(
        "INTERNAL",
        "native does not take part of a message for none; grpcio returns None",
        ("message cut short", "prefix cut short"),
    ),
    Difference("INTERNAL", "flags other than 0 and 1 mean nothing", ("flag of 2", "flag of 255")),
    Difference("OK", "native reads the first gzip member", ("gzip with more behind it",)),
    Difference("INTERNAL", "no bytes are no gzip", ("gzip of nothing",)),
    Difference(
        "UNKNOWN",
        "native takes a status that it cannot read for UNKNOWN",
        ("grpc-status negative", "grpc-status of words", "grpc-status empty", "grpc-status very long"),
    ),
    Difference(
        "DEADLINE_EXCEEDED",
        "grpcio 1.85 aborts its whole process at a GOAWAY with a code from 13 on",
        ("goaway HTTP_1_1_REQUIRED", "goaway of no name"),
    ),
    Difference(
        "NOT_FOUND", "native keeps the status and leaves out details over its limit of headers", ("details of 50 kB",)
    ),
]
