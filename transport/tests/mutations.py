"""Mutations: bytes of a recording, changed by seeded dice. Pure: same dice, same bytes."""

from collections.abc import Callable, Sequence
from random import Random

from transport.tests.peer import frame

Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]
TIMES = (1, 1, 1, 2, 4)
"""How many mutations a case has: mostly one, for that gets furthest."""


def mutate(dice: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Return bytes with one mutation or some; ``others`` are what may be spliced in."""
    for _ in range(dice.choice(TIMES)):
        data = dice.choice(MUTATIONS)(dice, data, others)
    return data


def frames(data: bytes) -> list[bytes]:
    """Return the frames that bytes consist of; what is left over is the last."""
    found, at = [], 0
    while at < len(data):
        size = 9 + int.from_bytes(data[at : at + 3], "big")
        found.append(data[at : at + size])
        at += size
    return found


def _span(dice: Random, data: bytes, most: int = 64) -> tuple[int, int]:
    start = dice.randint(0, len(data))
    return start, min(len(data), start + dice.randint(1, most))


def _flip_bits(dice: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _time in range(dice.randint(1, 8)):
        if changed:
            changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _overwrite(dice: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _span(dice, data, 8)
    return data[:start] + dice.randbytes(end - start) + data[end:]


def _cut(dice: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _span(dice, data)
    return data[:start] + data[end:]


def _end_early(dice: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    return data[: dice.randint(0, len(data))]


def _repeat(dice: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _span(dice, data)
    return data[:end] + data[start:end] * dice.choice([1, 2, 50]) + data[end:]


def _insert(dice: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start = dice.randint(0, len(data))
    return data[:start] + dice.randbytes(dice.randint(1, 40)) + data[start:]


def _splice(dice: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = dice.choice(others)
    start, end = _span(dice, data)
    first, last = _span(dice, other, 200)
    return data[:start] + other[first:last] + data[end:]


def _header(dice: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    """Change one frame's length, kind, flags or stream."""
    parts = frames(data)
    at = dice.randrange(len(parts)) if parts else -1
    if at < 0 or len(parts[at]) < 9:
        return data
    changed = bytearray(parts[at])
    field = dice.choice(["length", "kind", "flags", "stream"])
    if field == "length":
        length = dice.choice([0, 1, len(changed) - 10, len(changed) - 8, 16_385, 0xFFFFFF])
        changed[:3] = max(0, length).to_bytes(3, "big")
    elif field == "kind":
        changed[3] = dice.choice([*range(11), 255])
    elif field == "flags":
        changed[4] = dice.randrange(256)
    else:
        changed[5:9] = dice.choice([0, 1, 2, 3, 5, 0x7FFFFFFF, 0xFFFFFFFF]).to_bytes(4, "big")
    return b"".join([*parts[:at], bytes(changed), *parts[at + 1 :]])


def _shuffle_frames(dice: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    parts = frames(data)
    dice.shuffle(parts)
    return b"".join(parts)


def _drop_frame(dice: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    parts = frames(data)
    if parts:
        parts.pop(dice.randrange(len(parts)))
    return b"".join(parts)


def _repeat_frame(dice: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    parts = frames(data)
    if parts:
        at = dice.randrange(len(parts))
        parts[at:at] = [parts[at]] * dice.choice([1, 3, 200])
    return b"".join(parts)


def _add_frame(dice: Random, data: bytes, _: Sequence[bytes]) -> bytes:
    parts = frames(data)
    payload = dice.randbytes(dice.choice([0, 1, 4, 5, 6, 8, 100]))
    made = frame(dice.randrange(11), dice.randrange(256), dice.choice([0, 1, 1, 1, 2, 3]), payload)
    parts.insert(dice.randint(0, len(parts)), made)
    return b"".join(parts)


MUTATIONS: list[Mutation] = [
    _flip_bits,
    _overwrite,
    _cut,
    _end_early,
    _repeat,
    _insert,
    _splice,
    _header,
    _header,
    _shuffle_frames,
    _drop_frame,
    _repeat_frame,
    _add_frame,
    _add_frame,
]
