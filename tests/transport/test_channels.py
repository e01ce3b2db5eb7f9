import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import gevent
import pytest

from harness.endpoint import Endpoint, Retry
from harness.endpoint.native import open_native, refusal
from harness.errors import UsageError
from harness.results.row import SCHEMA
from harness.transport.channels import POOL_RESERVE, TransportSettings, open_channels
from harness.transport.choice import MODULE, NATIVE

HERE = Endpoint(("127.0.0.1:1", "127.0.0.1:2"), connections=2)


class FakeNative(ModuleType):
    """The compiled package's face: it opens channels, and refuses retries as the real one may."""

    def __init__(self) -> None:
        super().__init__(MODULE)
        self.__spec__ = ModuleSpec(MODULE, None)
        self.ROW_SCHEMA = SCHEMA
        self.opened: list[str] = []

    def insecure_channel(self, target: str, options: Any = None, compression: Any = None) -> Any:
        assert "grpc.http2.ping_timeout_ms" not in dict(options)
        if ("grpc.enable_retries", 1) in options:
            raise ValueError("option grpc.enable_retries=1 is not supported")
        self.opened.append(target)
        return SimpleNamespace(close=lambda: None, compression=compression)


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> FakeNative:
    fake = FakeNative()
    monkeypatch.setitem(sys.modules, MODULE, fake)
    return fake


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stand in for gevent's threads, and keep grpcio as it is in this process."""
    pool = SimpleNamespace(maxsize=10)
    monkeypatch.setattr(gevent, "get_hub", lambda: SimpleNamespace(threadpool=pool))
    monkeypatch.setattr("harness.transport.channels._meet_gevent", lambda: None)
    return pool


@pytest.fixture(params=[None, "it has changed"])
def unusable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Say whether this grpcio's completions come by one thread a channel, or why not."""
    monkeypatch.setattr("harness.transport.grpcio_channel.unusable", lambda: request.param)
    return str(request.param) if request.param else None


def test_native_opens_every_connection_and_leaves_the_threads_alone(native: FakeNative, pool: SimpleNamespace) -> None:
    channels = open_channels(TransportSettings(HERE, in_flight=500, name=NATIVE))
    assert len(channels) == 4
    assert native.opened == [*HERE.addresses, *HERE.addresses]
    assert pool.maxsize == POOL_RESERVE


def test_native_is_told_the_keepalive_in_its_own_words(native: FakeNative) -> None:
    open_native(Endpoint(("127.0.0.1:1",), keepalive_s=5), "127.0.0.1:1")
    assert native.opened == ["127.0.0.1:1"]


def test_grpcio_gets_a_thread_for_every_call_in_flight_only_where_each_needs_one(
    pool: SimpleNamespace, unusable: str | None
) -> None:
    TransportSettings(HERE, in_flight=500).prepare(500)
    assert pool.maxsize == (500 if unusable else 0) + POOL_RESERVE


def test_the_run_says_of_grpcio_where_calls_wait_and_of_native_nothing(
    native: FakeNative, pool: SimpleNamespace, unusable: str | None
) -> None:
    said = TransportSettings(HERE, 50, NATIVE).to_json()
    assert (said["name"], said["connections"]) == ("native", 4)
    assert not {"completions", "threadpool"} & said.keys()
    said = TransportSettings(HERE, 50).to_json()
    assert said["name"] == "grpcio"
    assert said["completions"] == ("pool" if unusable else "thread")
    assert said.get("threadpool") == (50 + POOL_RESERVE if unusable else None)


def test_a_setting_that_native_does_not_have_is_told_before_any_call(native: FakeNative) -> None:
    retrying = Endpoint(("127.0.0.1:1",), retry=Retry())
    assert refusal(HERE) is None
    assert "grpc.enable_retries=1 is not supported" in str(refusal(retrying))
    with pytest.raises(UsageError, match="drop that setting, or take --transport grpcio"):
        open_native(retrying, "127.0.0.1:1")


def test_a_worker_without_the_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, MODULE, None)
    with pytest.raises(UsageError, match="transport native cannot be loaded here"):
        open_native(HERE, HERE.addresses[0])


def test_a_package_of_another_row_schema_is_refused_with_the_way_out(native: FakeNative) -> None:
    native.ROW_SCHEMA = SCHEMA - 1
    assert "`make transport` builds it again" in (refusal(HERE) or "")
    with pytest.raises(UsageError, match="another version of the rows"):
        open_native(HERE, HERE.addresses[0])
