# What the compiled module holds; `src/python.rs` has its docstrings.

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

__version__: str

_Told: TypeAlias = Callable[[Any], object]
_Metadata: TypeAlias = Iterable[tuple[str, str | bytes]]

class Refused(Exception): ...  # noqa: N818 - it is no error of the caller's

class Hub:
    def fileno(self) -> int: ...
    def take(self) -> list[tuple[_Told, Any]]: ...
    def leave(self, key: int) -> None: ...
    def kick(self) -> None: ...

class Channel:
    def __init__(
        self,
        address: str,
        options: list[tuple[str, Any]],
        compression: int,
        tls: tuple[bytes | None, bytes | None, bytes | None] | None,
    ) -> None: ...
    def method(self, path: str) -> Method: ...
    def watch(self, hub: Hub, target: _Told) -> int: ...
    def connect(self) -> None: ...
    def close(self) -> None: ...

class Method:
    def start(
        self,
        hub: Hub,
        target: _Told,
        whole: bool,
        message: bytes,
        timeout: float | None,
        metadata: _Metadata | None,
        wait_for_ready: bool,
        compression: int | None,
    ) -> int: ...
    def open(
        self,
        hub: Hub,
        target: _Told,
        message: bytes | None,
        timeout: float | None,
        metadata: _Metadata | None,
        wait_for_ready: bool,
        compression: int | None,
    ) -> Stream: ...

class Stream:
    key: int
    def send(self, message: bytes) -> None: ...
    def half_close(self) -> None: ...
    def want(self, messages: int) -> None: ...
    def cancel(self) -> None: ...

def stop() -> None: ...
