"""What every part of a probe promises, over the whole registry."""

import asyncio
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.endpoint import Endpoint
from harness.errors import UsageError
from harness.probe.parts import PARTS, headings, in_order, wanted
from harness.probe.parts.session import ProbeSession
from harness.probe.result import Finding, Piece
from harness.probe.setup import Setup
from harness.probe.target.carrier import Carrier
from harness.probe.target.openness import Openness
from tests.contract import repeated_name

every_part = pytest.mark.parametrize("name", sorted(PARTS))


def without_a_token() -> Setup:
    """Return the setup of a probe that has no token and a target without methods: a part can only say so."""
    options = SimpleNamespace(leeway=None, per_s=100.0, method="", declare=[], row=[])
    messages = cast("Any", SimpleNamespace(with_nonce=frozenset, make=lambda *_: b""))
    methods = cast("Any", [])
    return Setup(
        Endpoint(("127.0.0.1:1",)), methods, messages, Openness(), Carrier(), None, False, cast("Any", options)
    )


async def asked(name: str) -> list[Piece]:
    async with AsyncExitStack() as stack:
        session = ProbeSession(without_a_token(), stack, frozenset(headings()))
        return [piece async for piece in PARTS[name].ask(session)]


@every_part
def test_its_docstring_says_what_it_asks(name: str) -> None:
    assert not (wrong := repeated_name(name, PARTS[name].ask.__doc__)), wrong


@every_part
def test_where_nothing_can_be_asked_it_says_so_and_finds_nothing_wrong(name: str) -> None:
    findings = [piece for piece in asyncio.run(asked(name)) if isinstance(piece, Finding)]
    assert findings, f"{name}: yield from probe.unready({name!r}, …), or what came of it, where nothing can be asked"
    assert not [one for one in findings if one.found], f"{name}: it found something wrong of a target that is not there"


@every_part
def test_its_findings_stand_under_its_headings(name: str) -> None:
    found = {piece.part for piece in asyncio.run(asked(name)) if isinstance(piece, Finding)}
    strange = found - set(PARTS[name].headings)
    assert not strange, f"{name}: its findings are about {strange}; name that in @part({name!r}, place, …)"


def test_no_two_parts_have_one_place_or_heading() -> None:
    assert len({part.place for part in in_order()}) == len(PARTS)
    assert len(set(headings())) == len(headings())


def test_an_unknown_part_is_refused_with_those_that_there_are() -> None:
    assert wanted(["limits", "keys"]) == {"limits", "keys"}
    assert wanted([]) == set(headings())
    with pytest.raises(UsageError, match="--only moon: no part of a probe; give some of refusal, coverage, clock, "):
        wanted(["limits", "moon"])
