"""User classes as usual locustfiles write them: what a storm cannot have, named before it begins.

``on_start`` and ``on_stop`` without ``super()``, an own ``__init__``, weights, tags and ``tasks = [...]`` work as with
Locust. What sets another load than the scenario's, or makes calls that no row would hold, is refused.
"""

from collections.abc import Callable, Iterable, Iterator
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any

from locust import User
from locust.contrib.fasthttp import FastHttpUser
from locust.user.task import TaskSet
from locust.user.users import HttpUser

_NEVER_RUNS: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (iscoroutinefunction, "is async, and Locust awaits nothing"),
    (isasyncgenfunction, "is async, and Locust awaits nothing"),
    (isgeneratorfunction, "holds a yield, so that calling it runs nothing"),
)
_HTTP = (HttpUser, FastHttpUser)


def mistakes(users: Iterable[type[User]], storm: type[User]) -> Iterator[str]:
    """Yield what is wrong with a file's users, one sentence each with its way out; ``storm`` is the right kind."""
    for user in users:
        yield from _of_storm(user, storm) if issubclass(user, storm) else _beside(user, storm)


def _beside(user: type[User], storm: type[User]) -> Iterator[str]:
    yield (
        f"{user.__name__} is no {storm.__name__}: it would take users from the load, and be in no report; "
        "move it to a locustfile of its own"
    )


def _of_storm(user: type[User], storm: type[User]) -> Iterator[str]:
    name = user.__name__
    if not user.tasks:
        yield f"{name} has no task, so it would never call; mark a method of it with @task"
    for task in dict.fromkeys(user.tasks):
        yield from _of_task(name, task)
    if user.wait_time is not storm.wait_time:
        yield (
            f"{name}: wait_time= has no effect, for the load says when calls are due; drop it, and give "
            "load=constant_rate(per_s, …), or closed_users(…, think_s=1.5) for users that pause"
        )
    if issubclass(user, _HTTP):
        yield f"{name}: HTTP calls of an HttpUser are in no row and no report; make it a {storm.__name__} alone"
    elif user.host:
        yield f"{name}: host={user.host!r} is not read; give the scenario target={_without_scheme(user.host)!r}"


def _of_task(user: str, task: Any) -> Iterator[str]:
    name = getattr(task, "__name__", repr(task))
    if isinstance(task, type) and issubclass(task, TaskSet):
        yield f"{user}: task {name} is a TaskSet, which keeps its calls to itself; make its tasks methods of {user}"
    elif not callable(task):
        yield f"{user}: tasks= holds {task!r}, which is no function; give functions that take the user, or use @task"
    else:
        yield from (f"{user}: task {name} {why}; write a plain def" for holds, why in _NEVER_RUNS if holds(task))


def _without_scheme(host: str) -> str:
    return host.rpartition("://")[2].rstrip("/")
