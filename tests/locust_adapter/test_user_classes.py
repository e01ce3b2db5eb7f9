"""Usual locustfiles: each works as with Locust, or is refused before the run, in one line with the way out."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

HEAD = '''"""Usual: a locustfile as people write them.

Question: does it work?
Steady state: failures under 1 %.
"""

import random
from locust import FastHttpUser, HttpUser, SequentialTaskSet, TaskSet, User, between, constant, constant_pacing, task
from harness import Scenario, constant_rate
from harness.users import GrpcUser

scenario = Scenario(load=constant_rate(per_s=10, duration_s=10, max_users=5))

def get(user): ...
def put(user): ...

'''
METHOD = "    @task\n    def get(self): ...\n"


def customer(*lines: str, bases: str = "GrpcUser", method: str = METHOD, before: str = "", after: str = "") -> str:
    body = "".join(f"    {line}\n" for line in lines) + method
    return f"{HEAD}{before}class Customer({bases}):\n{body}{after}"


WORK = {
    "a task": customer(),
    "weights": customer(method="    @task(3)\n    def get(self): ...\n    @task\n    def put(self): ...\n"),
    "tasks as a list": customer("tasks = [get, get, put]", method=""),
    "tasks with weights": customer("tasks = {get: 3, put: 1}", method=""),
    "own on_start without super()": customer("def on_start(self): self.basket = []"),
    "own on_stop without super()": customer("def on_stop(self): self.basket = None"),
    "own __init__ with super()": customer("def __init__(self, *given): super().__init__(*given); self.basket = []"),
    "own __init__ without super()": customer("def __init__(self, environment): self.basket = []"),
    "weight of the class": customer("weight = 3", "fixed_count = 1"),
    "a mix-in of one's own": customer(bases="Basket, GrpcUser", before="class Basket:\n    basket = ()\n\n"),
    "a base class of one's own": customer(
        "pass", bases="Shopper", method="", before=f"class Shopper(GrpcUser):\n    abstract = True\n{METHOD}\n"
    ),
    "an abstract user of another kind": customer(after="\nclass Browser(HttpUser):\n    abstract = True\n"),
}
REFUSED = {
    "between": (customer("wait_time = between(1, 2)"), "Customer: wait_time= has no effect, .*think_s=1.5"),
    "constant": (customer("wait_time = constant(1)"), "Customer: wait_time= has no effect"),
    "constant_pacing": (customer("wait_time = constant_pacing(1)"), "Customer: wait_time= has no effect"),
    "a method wait_time": (customer("def wait_time(self): return 1"), "Customer: wait_time= has no effect"),
    "no task": (customer("pass", method=""), "Customer has no task, .*; mark a method of it with @task"),
    "a task set": (
        customer("tasks = [Browse]", method="", before=f"class Browse(TaskSet):\n{METHOD}\n"),
        "Customer: task Browse is a TaskSet, .*; make its tasks methods of Customer",
    ),
    "a nested sequence": (
        customer("@task", "class Buy(SequentialTaskSet):", "    @task", "    def get(self): ...", method=""),
        "Customer: task Buy is a TaskSet",
    ),
    "HttpUser first": (customer(bases="HttpUser, GrpcUser"), "Customer: HTTP calls of an HttpUser are in no row"),
    "HttpUser last": (customer(bases="GrpcUser, HttpUser"), "Customer: HTTP calls of an HttpUser are in no row"),
    "FastHttpUser": (customer(bases="GrpcUser, FastHttpUser"), "Customer: HTTP calls of an HttpUser"),
    "a user of another kind beside": (
        customer(after=f"\nclass Browser(HttpUser):\n{METHOD}"),
        "Browser is no GrpcUser: .*; move it to a locustfile of its own",
    ),
    "a host": (
        customer("host = 'http://localhost:50051'"),
        "Customer: host='http://localhost:50051' is not read; give the scenario target='localhost:50051'",
    ),
    "an async task": (customer(method=METHOD.replace("def", "async def")), "Customer: task get is async"),
    "a task that yields": (customer(method=METHOD.replace("...", "yield")), "Customer: task get holds a yield"),
    "a task by its name": (
        customer("tasks = ['get']", method=""),
        "Customer: tasks= holds 'get', which is no function",
    ),
    "no user of a storm": (HEAD + f"class Customer(User):\n{METHOD}", "no GrpcUser class in"),
}
READ = """
import json, sys
from pathlib import Path
from harness.scenario.catalogue import _load
print(json.dumps({path: _load(Path(path)) for path in sys.argv[1:]}))
"""


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what is wrong with each file, by its case; all are read in one process, for locust patches it."""
    folder = tmp_path_factory.mktemp("usual")
    sources = {**WORK, **{case: source for case, (source, _) in REFUSED.items()}}
    paths = {str(folder / f"usual_{number}.py"): case for number, case in enumerate(sources)}
    for path, case in paths.items():
        Path(path).write_text(sources[case], encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", READ, *paths], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return {case: told[path].get("error", "") for path, case in paths.items()}


@pytest.mark.parametrize("case", WORK)
def test_what_works_with_locust_works_here(read: dict[str, str], case: str) -> None:
    assert read[case] == ""


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_storm_cannot_have_is_refused_in_one_line(read: dict[str, str], case: str) -> None:
    assert "\n" not in read[case]
    assert re.search(REFUSED[case][1], read[case]), read[case]
