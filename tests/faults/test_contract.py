"""What every fault promises, over the whole registry."""

import inspect
import json
from dataclasses import fields, replace
from typing import Any

import pytest

from harness.errors import UsageError
from harness.faults import FAULTS, CallView, Command, Fault, Site, fault_from_json
from harness.faults.timeline import CallFaults, at, number
from harness.lab.clocks.faked_clock import FakedClock
from harness.lab.control.client import IssuerControl, TargetControl
from harness.lab.processes.residents import Residents
from harness.lab.toxiproxy.client import ProxyClient
from tests.fakes.lab import LINKS, FakeLab
from tests.faults.examples import EXAMPLES, Example, label

SITE = Site("15-step", 0.5, LINKS)
VIEW = CallView("/ledger/Get", 7, 0, 1.5)
CONTROLS: dict[str, type[Any]] = {
    "issuer": IssuerControl,
    "target": TargetControl,
    "proxy": ProxyClient,
    "process": Residents,
    "clock": FakedClock,
}
METADATA = (("authorization", "Bearer x"), ("trace-bin", b"\x00"))
SECRETS = ("authorization", "bearer", "secret", "password", "private")

every_fault = pytest.mark.parametrize("example", EXAMPLES, ids=label)
environment = pytest.mark.parametrize("example", [e for e in EXAMPLES if e.fault.seat == "environment"], ids=label)
lasting = pytest.mark.parametrize(
    "example", [e for e in EXAMPLES if e.fault.seat == "environment" and not e.fault.instant], ids=label
)
wrong_settings = pytest.mark.parametrize(
    ("example", "setting", "value"),
    [pytest.param(e, name, value, id=f"{e.fault.name()}-{name}={value}") for e in EXAMPLES for name, value in e.wrong],
)


def test_every_fault_has_an_example() -> None:
    missing = sorted(set(FAULTS) - {example.fault.name() for example in EXAMPLES})
    assert not missing, f"add these faults to tests/faults/examples.py: {', '.join(missing)}"


def test_every_setting_without_a_free_value_has_a_wrong_one() -> None:
    tried = {(example.fault.name(), name) for example in EXAMPLES for name, _ in example.wrong}
    known = {(name, field.name) for name, kind in FAULTS.items() for field in fields(kind)}  # type: ignore[arg-type]
    assert tried == known


@every_fault
def test_a_fault_says_itself_in_one_line(example: Example) -> None:
    text = example.fault.text()
    assert text.strip() == text
    assert text
    assert "\n" not in text


@every_fault
def test_a_fault_has_a_docstring_of_its_own_that_begins_with_a_sentence(example: Example) -> None:
    doc = type(example.fault).__dict__["__doc__"]
    assert doc
    assert doc.strip().splitlines()[0].strip().endswith((".", ";", ","))
    assert not doc.startswith(type(example.fault).__name__ + "(")


@every_fault
def test_an_example_has_no_mistakes(example: Example) -> None:
    assert example.fault.mistakes() == []


@wrong_settings
def test_a_wrong_setting_is_refused_by_name(example: Example, setting: str, value: object) -> None:
    fault = replace(example.fault, **{setting: value})  # type: ignore[type-var]
    sentences = fault.mistakes()
    assert sentences, f"{fault} passed"
    assert all(sentence.startswith(fault.name() + ":") for sentence in sentences)
    assert any(f"{setting}=" in sentence for sentence in sentences)


@every_fault
def test_a_fault_survives_json(example: Example) -> None:
    fault = example.fault
    settings = json.loads(json.dumps(fault.settings()))
    assert fault_from_json(fault.name(), settings) == fault


@every_fault
def test_an_unknown_setting_is_refused_by_name(example: Example) -> None:
    with pytest.raises(UsageError, match="colour"):
        fault_from_json(example.fault.name(), {**example.fault.settings(), "colour": "red"})


@every_fault
def test_an_unset_setting_is_refused_by_name(example: Example) -> None:
    settings = example.fault.settings()
    for required in _required(example.fault):
        rest = {name: value for name, value in settings.items() if name != required}
        with pytest.raises(UsageError, match=required):
            fault_from_json(example.fault.name(), rest)


def _required(fault: Fault) -> list[str]:
    parameters = inspect.signature(type(fault)).parameters.values()
    return [parameter.name for parameter in parameters if parameter.default is parameter.empty]


def test_an_unknown_fault_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match=r"'earthquake'.*known are .*expire_all"):
        fault_from_json("earthquake", {})


def test_an_unknown_fault_class_is_refused_with_those_that_are_known() -> None:
    from harness import faults

    with pytest.raises(AttributeError, match=r"Earthquake; known are .*ExpireAll"):
        _ = faults.Earthquake


@every_fault
def test_a_fault_needs_only_parts_that_a_lab_can_have(example: Example) -> None:
    assert example.fault.needs() <= {"issuer", "target", "process", "clock", *(f"link:{link}" for link in LINKS)}


@every_fault
def test_per_call_seams_are_identity_outside_what_a_fault_touches(example: Example) -> None:
    fault = example.fault
    kept = {
        "on_call": fault.on_call(VIEW, 0.0) == 0.0 and fault.on_call(VIEW, 0.25) == 0.25,
        "on_clock": fault.on_clock(1e9, 3.0) == 1e9,
        "on_token": fault.on_token("a.b.c", VIEW) == "a.b.c",
        "on_metadata": fault.on_metadata(METADATA, VIEW) == METADATA,
        "on_refresh": all(fault.on_refresh("use", before=before) == "use" for before in (False, True)),
    }
    assert {seam for seam, same in kept.items() if not same} == example.touches


@environment
def test_the_undo_is_plain_data_without_secrets(example: Example) -> None:
    written = json.dumps([command.to_json() for command in example.fault.undo(SITE)])
    assert tuple(Command.from_json(data) for data in json.loads(written)) == example.fault.undo(SITE)
    assert not [word for word in SECRETS if word in written.lower()]


@environment
def test_the_undo_is_the_same_whenever_it_is_asked_for(example: Example) -> None:
    lab = FakeLab()
    before = example.fault.undo(SITE)
    example.fault.apply(lab, SITE)
    assert example.fault.undo(SITE) == before


@environment
def test_only_a_fault_with_width_has_an_undo(example: Example) -> None:
    assert bool(example.fault.undo(SITE)) is not example.fault.instant


@environment
def test_a_fault_reads_as_active_after_it_is_applied(example: Example) -> None:
    lab = FakeLab()
    assert not example.fault.read(lab, SITE).active
    at_ns = example.fault.apply(lab, SITE)
    assert at_ns == lab.now_ns, "the edge is the moment that the last command's answer tells"
    reading = example.fault.read(lab, SITE)
    assert reading.active
    json.dumps(dict(reading.measured))


@lasting
def test_undoing_a_fault_leaves_the_lab_as_it_was(example: Example) -> None:
    lab = FakeLab()
    before = lab.everything()
    example.fault.apply(lab, SITE)
    assert lab.everything() != before
    for command in example.fault.undo(SITE):
        lab.do(command)
    assert lab.everything() == before
    assert not example.fault.read(lab, SITE).active


@lasting
def test_undoing_a_fault_twice_or_unapplied_does_no_harm(example: Example) -> None:
    lab = FakeLab()
    before = lab.everything()
    for command in (*example.fault.undo(SITE), *example.fault.undo(SITE)):
        lab.do(command)
    assert lab.everything() == before


@environment
def test_every_command_fits_the_control_that_carries_it_out(example: Example) -> None:
    lab = FakeLab()
    example.fault.apply(lab, SITE)
    for command in (*lab.done, *example.fault.undo(SITE)):
        method = getattr(CONTROLS[command.part], command.action)
        assert inspect.signature(method).bind(None, **command.arguments).arguments.keys() >= command.arguments.keys()


@environment
def test_a_fault_touches_only_the_parts_that_it_needs(example: Example) -> None:
    lab = FakeLab()
    example.fault.apply(lab, SITE)
    needs = {need.partition(":")[0].replace("link", "proxy") for need in example.fault.needs()}
    parts = {command.part for command in lab.done}
    assert parts == needs


@every_fault
def test_toxicity_zero_never_touches_and_one_always_does(example: Example) -> None:
    fault = example.fault
    steps = number([at(0, fault, 10, toxicity=0.0), at(0, fault, 10, toxicity=1.0)])
    faults = CallFaults(steps, seed=7)
    for call_id in range(200):
        assert not faults.touches(steps[0], call_id, 0, 0)
        assert faults.touches(steps[1], call_id, 0, 0)


@every_fault
def test_the_same_seed_makes_the_same_decisions(example: Example) -> None:
    (step,) = number([at(0, example.fault, 10, toxicity=0.5)])
    calls = [(call_id, nth, attempt) for call_id in range(100) for nth in (0, 1) for attempt in (0, 1)]
    first, again, other = ([CallFaults([step], seed).touches(step, *call) for call in calls] for seed in (7, 7, 8))
    assert first == again
    assert first != other
    assert 0.35 < sum(first) / len(first) < 0.65


@environment
def test_a_fault_of_the_network_hands_its_toxicity_to_the_proxy(example: Example) -> None:
    lab = FakeLab()
    example.fault.apply(lab, SITE)
    handed = {command.arguments["toxicity"] for command in lab.done if "toxicity" in command.arguments}
    assert handed == ({SITE.toxicity} if example.fault.partial else set())
