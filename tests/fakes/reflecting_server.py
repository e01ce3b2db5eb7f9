"""A gRPC server that reflects what a test wants, by either protocol, well or badly."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2 as pb

from harness.endpoint.reflection import METHODS

NOT_FOUND = 5
Answer = Callable[[Any], Any]
"""Makes an answer from a question; it may raise a `grpc.StatusCode` wrapped in `Ends`."""


class Ends(Exception):  # noqa: N818 - it is no error of the test's
    """The call ends with a status."""

    def __init__(self, code: grpc.StatusCode, text: str = "no") -> None:
        super().__init__(text)
        self.code, self.text = code, text


def file(name: str, package: str, *needs: str, services: Mapping[str, Any] | None = None) -> FileDescriptorProto:
    """Return a file with a message ``Ask`` and services: names of methods, or of methods with their message."""
    made = FileDescriptorProto(name=name, package=package, dependency=needs, syntax="proto3")
    made.message_type.add(name="Ask").field.add(name="id", number=1, type=9, label=1)
    for service, methods in (services or {}).items():
        added = made.service.add(name=service)
        for method in methods:
            name, _, message = method.partition(":")
            kind = message or f".{package}.Ask"
            added.method.add(name=name, input_type=kind, output_type=f".{package}.Ask")
    return made


def answering(
    *files: FileDescriptorProto, services: tuple[str, ...] = (), raw: Mapping[str, bytes] | None = None
) -> Answer:
    """Return answers of a server that has these files, and lists these services (default: all of the files)."""
    by_name = {one.name: one.SerializeToString() for one in files} | dict(raw or {})
    owners = {f"{one.package}.{service.name}": one.name for one in files for service in one.service}

    def answer(question: Any) -> Any:
        if question.HasField("list_services"):
            listed = [pb.ServiceResponse(name=name) for name in services or owners]
            return pb.ServerReflectionResponse(list_services_response=pb.ListServiceResponse(service=listed))
        name = question.file_by_filename or owners.get(question.file_containing_symbol, "")
        if name not in by_name:
            refused = pb.ErrorResponse(error_code=NOT_FOUND, error_message=f"no {name or 'symbol'}")
            return pb.ServerReflectionResponse(error_response=refused)
        return pb.ServerReflectionResponse(
            file_descriptor_response=pb.FileDescriptorResponse(file_descriptor_proto=[by_name[name]])
        )

    return answer


def ending(code: grpc.StatusCode, text: str = "no") -> Answer:
    """Return answers of a server that ends every call with a status."""

    def answer(_: Any) -> Any:
        raise Ends(code, text)

    return answer


@contextmanager
def reflecting(newer: Answer | None, older: Answer | None = None) -> Iterator[tuple[str, list[str]]]:
    """Serve v1 and v1alpha, neither where it is None; yield the address, and the metadata ``authorization`` seen."""
    seen: list[str] = []
    server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
    for path, answer in zip(METHODS, (newer, older), strict=True):
        if answer is not None:
            service, _, name = path.lstrip("/").partition("/")
            handlers = {name: _handler(answer, seen)}
            server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", seen
    finally:
        server.stop(grace=None).wait()


def _handler(answer: Answer, seen: list[str]) -> grpc.RpcMethodHandler:  # type: ignore[type-arg]
    def serve(questions: Iterator[Any], context: Any) -> Iterator[Any]:
        seen.append(str(dict(context.invocation_metadata()).get("authorization", "")))
        try:
            for question in questions:
                found = answer(question)
                yield from found if isinstance(found, list) else [found]
        except Ends as end:
            context.abort(end.code, end.text)

    return grpc.stream_stream_rpc_method_handler(
        serve,
        request_deserializer=pb.ServerReflectionRequest.FromString,
        response_serializer=lambda reply: reply if isinstance(reply, bytes) else reply.SerializeToString(),
    )
