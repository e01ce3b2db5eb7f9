"""HPACK that keeps what a relay must keep: how each field was to be indexed. Source: RFC 7541.

Huffman's code and the static table are those of `hpack`. Its `Decoder` does not tell a field that was sent
without indexing from one that was indexed, so that a relay over it would index tokens that their sender kept
out of the table; and it decodes a Huffman-coded token anew for every call (320 µs for 600 bytes, which is what
Node sends). One codec belongs to one direction of one connection.
"""

from collections import deque
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from hpack.exceptions import HPACKError
from hpack.hpack import decode_integer, encode_integer
from hpack.huffman_table import decode_huffman
from hpack.table import HeaderTable

from harness.lab.gateway.frames import ConnectionFault, ErrorCode

USUAL_TABLE_BYTES = 4096
MOST_TABLE_BYTES = 65_536
"""Larger tables are not agreed to: they are memory that a peer fills."""
MOST_LIST_BYTES = 1 << 20
"""Largest list of fields, as RFC 9113 counts it in section 6.5.2; a short block can unpack into a huge one."""

_FIELD_BYTES = 32
_STATIC_FIELDS = 61
_REMEMBERED_BYTES = 4096
_REMEMBERED_BLOCKS = 64


class Indexing:
    """How a field was sent: the first bits of a literal."""

    WITHOUT = 0x00
    NEVER = 0x10
    """No one on the way may put it into a table. Source: RFC 7541, section 7.1.3."""
    INCREMENTAL = 0x40
    """It went into the table, or came out of it."""


class Field(NamedTuple):
    """One field of a header block."""

    name: bytes
    value: bytes
    indexing: int = Indexing.INCREMENTAL

    @property
    def size_bytes(self) -> int:
        """Return how much it takes in a table or a list."""
        return len(self.name) + len(self.value) + _FIELD_BYTES


Fields: TypeAlias = tuple[Field, ...]

_STATIC = (Field(b"", b""), *(Field(name, value) for name, value in HeaderTable.STATIC_TABLE))
_STATIC_EXACT = {(field.name, field.value): index for index, field in reversed(list(enumerate(_STATIC)))}
_STATIC_NAMES = {field.name: index for index, field in reversed(list(enumerate(_STATIC)))}


class HeaderDecoder:
    """Read header blocks, in the order in which they were sent.

    ``allowed_bytes`` is the largest table that the peer may use.
    """

    def __init__(self) -> None:
        self.allowed_bytes = USUAL_TABLE_BYTES
        self._table: deque[Field] = deque()
        self._used_bytes = 0
        self._limit_bytes = USUAL_TABLE_BYTES
        self._blocks: dict[bytes, Fields] = {}
        self._is_changed = False

    def decode(self, block: bytes) -> Fields:
        """Return the fields of a whole block.

        Raises `ConnectionFault` where it cannot be read or unpacks to more than `MOST_LIST_BYTES`: the table is
        unknown from then on, and so is every later block.
        """
        if (fields := self._blocks.get(block)) is not None:
            return fields
        try:
            return self._fields(block)
        except (HPACKError, IndexError) as error:
            text = f"a header block cannot be decoded: {type(error).__name__}"
            raise ConnectionFault(ErrorCode.COMPRESSION_ERROR, text) from error

    def _fields(self, block: bytes) -> Fields:
        fields: list[Field] = []
        self._is_changed = False
        at, size_bytes = 0, 0
        while at < len(block):
            first = block[at]
            if first & 0x80:
                index, at = _integer(block, at, 7)
                field = self._entry(index)
            elif first & 0x40:
                field, at = self._literal(block, at, 6, Indexing.INCREMENTAL)
                self._insert(field)
            elif first & 0x20:
                limit, at = _integer(block, at, 5)
                self._resize(limit)
                continue
            else:
                field, at = self._literal(block, at, 4, Indexing.NEVER if first & 0x10 else Indexing.WITHOUT)
            size_bytes += field.size_bytes
            if size_bytes > MOST_LIST_BYTES:
                text = f"a list of header fields has more than {MOST_LIST_BYTES:,} bytes"
                raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, text)
            fields.append(field)
        return self._remember(block, tuple(fields))

    def _remember(self, block: bytes, fields: Fields) -> Fields:
        """Keep a block that means the same when it comes again: one that neither changed the table nor is long."""
        if not self._is_changed and len(block) <= _REMEMBERED_BYTES:
            if len(self._blocks) >= _REMEMBERED_BLOCKS:
                self._blocks.clear()
            self._blocks[block] = fields
        return fields

    def _change(self) -> None:
        self._is_changed = True
        self._blocks.clear()

    def _entry(self, index: int) -> Field:
        if 0 < index <= _STATIC_FIELDS:
            return _STATIC[index]
        if index == 0:
            raise IndexError
        return self._table[index - _STATIC_FIELDS - 1]

    def _literal(self, block: bytes, at: int, prefix_bits: int, indexing: int) -> tuple[Field, int]:
        index, at = _integer(block, at, prefix_bits)
        if index:
            name = self._entry(index).name
        else:
            name, at = _string(block, at)
        value, at = _string(block, at)
        return Field(name, value, indexing), at

    def _insert(self, field: Field) -> None:
        self._change()
        self._table.appendleft(field)
        self._used_bytes += field.size_bytes
        self._evict()

    def _resize(self, limit_bytes: int) -> None:
        if limit_bytes > self.allowed_bytes:
            text = f"a peer's table of header fields has {limit_bytes:,} bytes; {self.allowed_bytes:,} are allowed"
            raise ConnectionFault(ErrorCode.COMPRESSION_ERROR, text)
        self._change()
        self._limit_bytes = limit_bytes
        self._evict()

    def _evict(self) -> None:
        while self._used_bytes > self._limit_bytes:
            self._used_bytes -= self._table.pop().size_bytes


def _integer(block: bytes, at: int, prefix_bits: int) -> tuple[int, int]:
    most = (1 << prefix_bits) - 1
    number = block[at] & most
    if number < most:
        return number, at + 1
    number, consumed = decode_integer(block[at : at + 8], prefix_bits)
    return number, at + consumed


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    packed = block[at] & 0x80
    size, at = _integer(block, at, 7)
    end = at + size
    if end > len(block):
        raise IndexError
    text = block[at:end]
    return (_unpacked(text) if packed else text), end


def _unpacked(text: bytes) -> bytes:
    return _remembered(text) if len(text) <= _REMEMBERED_BYTES else bytes(decode_huffman(text))


@lru_cache(maxsize=512)
def _remembered(text: bytes) -> bytes:
    return bytes(decode_huffman(text))


class HeaderEncoder:
    """Write header blocks, each field with the indexing that it bears. Never packs by Huffman's code."""

    def __init__(self) -> None:
        self._entries: deque[tuple[bytes, bytes, int]] = deque()
        self._exact: dict[tuple[bytes, bytes], int] = {}
        self._names: dict[bytes, int] = {}
        self._inserted = 0
        self._used_bytes = 0
        self.limit_bytes = USUAL_TABLE_BYTES
        self._size_updates: list[int] = []
        self._blocks: dict[Fields, bytes] = {}

    def allow(self, table_bytes: int) -> None:
        """Use at most so large a table, from the next block on; the peer has announced it."""
        wanted = min(table_bytes, MOST_TABLE_BYTES)
        if wanted != self.limit_bytes:
            # The smallest size since the last block must be told, too. Source: RFC 7541, section 4.2.
            self._size_updates = [min(wanted, *self._size_updates), wanted] if self._size_updates else [wanted]
            self.limit_bytes = wanted
            self._blocks.clear()
            self._evict()

    def encode(self, fields: Fields) -> bytes:
        """Return the block of a list of fields."""
        if (known := self._blocks.get(fields)) is not None:
            return known
        block = bytearray()
        for size in self._size_updates:
            block += _prefixed(size, 5, 0x20)
        is_lasting = not self._size_updates
        self._size_updates.clear()
        inserted = self._inserted
        for field in fields:
            self._add(block, field)
        packed = bytes(block)
        if is_lasting and inserted == self._inserted and len(packed) <= _REMEMBERED_BYTES:
            if len(self._blocks) >= _REMEMBERED_BLOCKS:
                self._blocks.clear()
            self._blocks[fields] = packed
        return packed

    def _add(self, block: bytearray, field: Field) -> None:
        name, value, indexing = field
        if indexing == Indexing.INCREMENTAL:
            index = self._index_of(name, value)
            if index:
                block += _prefixed(index, 7, 0x80)
                return
        prefix_bits = 6 if indexing == Indexing.INCREMENTAL else 4
        index = self._name_index(name)
        block += _prefixed(index, prefix_bits, indexing)
        if not index:
            block += _prefixed(len(name), 7, 0)
            block += name
        block += _prefixed(len(value), 7, 0)
        block += value
        if indexing == Indexing.INCREMENTAL:
            self._insert(name, value, field.size_bytes)

    def _index_of(self, name: bytes, value: bytes) -> int:
        serial = self._exact.get((name, value))
        if serial is not None:
            return _STATIC_FIELDS + 1 + self._inserted - serial
        return _STATIC_EXACT.get((name, value), 0)

    def _name_index(self, name: bytes) -> int:
        index = _STATIC_NAMES.get(name)
        if index is None and (serial := self._names.get(name)) is not None:
            return _STATIC_FIELDS + 1 + self._inserted - serial
        return index or 0

    def _insert(self, name: bytes, value: bytes, size_bytes: int) -> None:
        self._inserted += 1
        self._blocks.clear()
        self._entries.append((name, value, size_bytes))
        self._exact[name, value] = self._names[name] = self._inserted
        self._used_bytes += size_bytes
        self._evict()

    def _evict(self) -> None:
        while self._used_bytes > self.limit_bytes:
            serial = self._inserted - len(self._entries) + 1
            name, value, size_bytes = self._entries.popleft()
            self._used_bytes -= size_bytes
            if self._exact.get((name, value)) == serial:
                del self._exact[name, value]
            if self._names.get(name) == serial:
                del self._names[name]


def _prefixed(number: int, prefix_bits: int, first_bits: int) -> bytes:
    if number < (1 << prefix_bits) - 1:
        return _ONE_BYTE[number | first_bits]
    packed = encode_integer(number, prefix_bits)
    packed[0] |= first_bits
    return bytes(packed)


_ONE_BYTE = [bytes([number]) for number in range(256)]
