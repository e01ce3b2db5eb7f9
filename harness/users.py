"""GrpcUser: a Locust user whose stub carries tokens, takes scheduled arrivals and records itself.

Import `locust` before anything else in a scenario file: it patches sockets before grpc loads.
Importing this module hooks Locust's events (`harness.locust_adapter.plugin`).
"""

from locust import User, events, task  # first: it patches sockets before grpc loads
from locust.env import Environment
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser
from locust.user.task import LOCUST_STATE_RUNNING, DefaultTaskSet
from locust.user.users import UserMeta

# isort: split
import sys
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any, ClassVar, cast

import gevent
import grpc
from gevent import GreenletExit

from harness.calls.channel import Arrival, AuthChannel, Client
from harness.endpoint.repertoire import Callers
from harness.locust_adapter import plugin, user_classes
from harness.scenario.catalogue import NO_USER
from harness.scenario.scenario import Scenario
from harness.worker.pacer import ArrivalFeed
from harness.worker.worker import Worker


class _Calls(DefaultTaskSet):
    """Run a task for one arrival; a failed call ends the task quietly, for it is recorded."""

    user: "GrpcUser"

    def on_start(self) -> None:
        """Wait until the user's first call is due."""
        self.user.wait_time()

    def execute_task(self, task: Callable[..., Any]) -> None:
        """Run one task and account for its arrival."""
        try:
            super().execute_task(task)  # type: ignore[no-untyped-call]
        except grpc.RpcError:
            return
        except (InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser):
            raise  # Locust's own ways out of a task
        except Exception as error:  # noqa: BLE001 - a task is the user's own code
            self.user.task_raised(getattr(task, "__name__", str(task)), error)
        finally:
            self.user.task_ended()

    def _sleep(self, seconds: float) -> None:
        if seconds:
            gevent.sleep(seconds)


class _UserMeta(UserMeta):
    """Build users whatever their own ``__init__`` does: where it raises, Locust would wait for them for ever."""

    def __call__(cls, environment: Environment) -> Any:  # noqa: N805 - of a metaclass
        """Return a user; one whose ``__init__`` raised holds what it raised."""
        try:
            user: Any = super().__call__(environment)
        except Exception as error:  # noqa: BLE001 - it is the user's own code
            user = object.__new__(cast("type", cls))
            user.failure = error
        user.environment = environment  # its own __init__ may not have called Locust's
        return user


class GrpcUser(User, metaclass=_UserMeta):
    """A user of a gRPC service.

    ``stub_class`` is the generated stub (the lab's Ledger where it is None); ``self.stub`` is one of
    it, over ``self.channel``. A task makes one call; a call that fails ends the task.
    """

    abstract = True
    stub_class: ClassVar[type[Any] | None] = None
    stub: Any
    channel: AuthChannel
    failure: Exception | None = None
    """What its ``__init__`` raised."""
    _client: Client
    _seat: ArrivalFeed

    def run(self) -> None:  # type: ignore[misc] # final in Locust, which has no seam before a user's own on_start
        """Open the stub, run the user's own ``on_start`` and then its tasks; leave the load, whatever ends it."""
        worker = plugin.worker()
        if worker is None:
            return  # no run began, and the conductor has said why
        self._state, self._taskset_instance = LOCUST_STATE_RUNNING, _Calls(self)
        self.channel, self._client, self._seat = worker.new_user()
        try:
            self._open(worker)
            if self._started():
                self._taskset_instance.run()  # type: ignore[no-untyped-call]
        except (GreenletExit, StopUser, StopTest):
            self.on_stop()  # type: ignore[no-untyped-call]
        finally:
            self._seat.leave()

    def _open(self, worker: Worker) -> None:  # noqa: ARG002 - other users need it
        self.stub = (self.stub_class or _ledger_stub())(self.channel)

    def _started(self) -> bool:
        """Run ``on_start``; return whether all went well so far. A user that failed makes no call, as with Locust."""
        if self.failure is not None:
            self.task_raised("__init__", self.failure)
            return False
        try:
            self.on_start()
        except (StopUser, StopTest):
            raise
        except Exception as error:  # noqa: BLE001 - it is the user's own code
            self.task_raised("on_start", error)
            return False
        return True

    def wait_time(self) -> float:
        """Block until the next call is due; then there is nothing left to wait for."""
        self._client.arrival = self._seat.take()
        return 0.0

    def task_raised(self, task: str, error: Exception) -> None:
        """Count what a task raised that was no failed call; the page's list of exceptions gets it, too."""
        worker, arrival = plugin.worker(), self._client.arrival
        if worker is not None:
            worker.mishap(task, error, called=arrival is not None and arrival.calls > 0)
        events.user_error.fire(user_instance=self, exception=error, tb=error.__traceback__)

    def task_ended(self) -> None:
        """Account for the arrival at hand."""
        arrival: Arrival | None = self._client.arrival
        self._client.arrival = None
        if arrival is not None:
            self._seat.done(arrival)


class CallUser(GrpcUser):
    """A user that makes the scenario's ``calls=``, by weight, one for each arrival."""

    abstract = True
    _callers: Callers

    def _open(self, worker: Worker) -> None:
        super()._open(worker)
        if worker.repertoire is None:
            raise GreenletExit  # the run ended while this user waited
        self._callers = worker.repertoire.on(self.channel, worker.scenario.deadline_s)

    @task
    def call(self) -> None:
        """Make the call that the arrival's number picks."""
        arrival = self._client.arrival
        if arrival is not None:
            self._callers.make(arrival.call_id)


def _ledger_stub() -> type[Any]:
    from harness.lab.proto import ledger_pb2_grpc

    stub: type[Any] = ledger_pb2_grpc.LedgerStub
    return stub


def mistakes(module: ModuleType, file: str) -> list[str]:
    """Return what is wrong with the users of a scenario's file, one sentence each with its way out."""
    users = [
        user
        for user in vars(module).values()
        if isinstance(user, type) and issubclass(user, User) and not user.abstract
    ]
    if not any(issubclass(user, GrpcUser) for user in users):
        return [NO_USER.format(file=file)]
    return mistakes_of(users)


def mistakes_of(users: Sequence[type[User]]) -> list[str]:
    """Return what is wrong with the users of a run, one sentence each with its way out."""
    of_calls = [sentence for user in users if issubclass(user, GrpcUser) for sentence in _mistakes(user)]
    return [*user_classes.mistakes(users, GrpcUser), *of_calls]


def _mistakes(user: type[GrpcUser]) -> Iterator[str]:
    name = user.__name__
    scenario = scenario_of(user)
    if issubclass(user, CallUser) and scenario is not None and not scenario.calls:
        yield f'{name} makes the scenario\'s calls, and it has none; give calls=[Call("pkg.Service/Method", {{}})]'
    if user.stub_class is None:
        return
    try:
        user.stub_class(_Disconnected())
    except Exception as error:  # noqa: BLE001 - whatever was given as a stub may raise anything
        yield (
            f"{name}: stub_class={user.stub_class!r} cannot be built ({type(error).__name__}: {error}); "
            "give the generated class, as in ledger_pb2_grpc.LedgerStub"
        )


class _Disconnected:
    """A channel to nowhere: enough for a generated stub to be built."""

    def unary_unary(self, *_: object, **__: object) -> None:
        """Return no RPC."""

    unary_stream = stream_unary = stream_stream = unary_unary


def scenario_of(user_class: type[User]) -> Scenario | None:
    """Return the ``scenario`` of the file that defines a user class."""
    found = getattr(sys.modules.get(user_class.__module__), "scenario", None)
    return found if isinstance(found, Scenario) else None


def _descendants(user_class: type[User]) -> Iterator[type[User]]:
    for below in user_class.__subclasses__():
        yield below
        yield from _descendants(below)


def _loaded_scenario() -> Scenario | None:
    found = (scenario_of(user_class) for user_class in _descendants(GrpcUser))
    return next((scenario for scenario in found if scenario is not None), None)


plugin.install(_loaded_scenario, mistakes_of)
