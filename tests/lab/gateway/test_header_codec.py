"""Our HPACK beside hpack's own."""

import pytest
from hpack import Decoder, Encoder, NeverIndexedHeaderTuple
from hypothesis import given
from hypothesis import strategies as st

from harness.lab.gateway.frames import ConnectionFault
from harness.lab.gateway.header_codec import Field, Fields, HeaderDecoder, HeaderEncoder, Indexing

names = st.sampled_from([b":path", b"authorization", b"x-a", b"x-b", b"grpc-timeout", b""]) | st.binary(max_size=9)
values = st.sampled_from([b"", b"200", b"/", b"POST"]) | st.binary(max_size=40)
fields = st.builds(Field, names, values, st.sampled_from([Indexing.WITHOUT, Indexing.NEVER, Indexing.INCREMENTAL]))
blocks = st.lists(st.lists(fields, max_size=8).map(tuple), max_size=8)
sizes = st.lists(st.sampled_from([0, 40, 100, 300, 4096, 70_000]), max_size=3)


def plain(one: Fields) -> list[tuple[bytes, bytes]]:
    return [(field.name, field.value) for field in one]


@given(st.lists(st.tuples(sizes, st.lists(fields, max_size=8).map(tuple)), max_size=8))
def test_hpack_reads_what_we_write_under_any_change_of_tables(turns: list[tuple[list[int], Fields]]) -> None:
    ours, theirs = HeaderEncoder(), Decoder()
    theirs.max_allowed_table_size = 65_536
    for table_sizes, block in turns:
        for size in table_sizes:
            ours.allow(size)
        read = theirs.decode(ours.encode(block), raw=True)
        assert [tuple(one) for one in read] == plain(block)
        kept_out = [not one.indexable for one in read]
        assert kept_out == [field.indexing == Indexing.NEVER for field in block]


@given(blocks, st.booleans(), st.lists(st.sampled_from([0, 50, 200, 4096]), max_size=8))
def test_we_read_what_hpack_writes(written: list[Fields], huffman: bool, table_sizes: list[int]) -> None:
    theirs, beside, ours = Encoder(), Decoder(), HeaderDecoder()
    for turn, block in enumerate(written):
        if turn < len(table_sizes):
            theirs.header_table_size = table_sizes[turn]
        pairs = [
            NeverIndexedHeaderTuple(*field[:2]) if field.indexing == Indexing.NEVER else field[:2] for field in block
        ]
        packed = theirs.encode(pairs, huffman=huffman)
        read = ours.decode(packed)
        assert plain(read) == plain(block)
        may_index = [field.indexing != Indexing.NEVER for field in read]
        assert may_index == [one.indexable for one in beside.decode(packed, raw=True)]


@given(blocks)
def test_a_relayed_field_keeps_its_indexing(written: list[Fields]) -> None:
    first, read = HeaderEncoder(), HeaderDecoder()
    again, read_again = HeaderEncoder(), HeaderDecoder()
    for block in written:
        assert read_again.decode(again.encode(read.decode(first.encode(block)))) == block


def test_a_field_without_indexing_stays_out_of_the_table() -> None:
    encoder = HeaderEncoder()
    block = (Field(b"x-token", b"one", Indexing.WITHOUT),)
    assert encoder.encode(block) == encoder.encode(block) == b"\x00\x07x-token\x03one"


def test_a_block_that_comes_again_means_the_same_until_the_table_changes() -> None:
    encoder, decoder = HeaderEncoder(), HeaderDecoder()
    one, other = (Field(b"x", b"1"),), (Field(b"x", b"2"),)
    decoder.decode(encoder.encode(one))
    repeated = encoder.encode(one)
    assert decoder.decode(repeated) is decoder.decode(repeated)
    decoder.decode(encoder.encode(other))
    assert plain(decoder.decode(repeated)) == [(b"x", b"2")]


@given(st.binary(max_size=60))
def test_bytes_that_are_no_block_are_refused_in_one_way(data: bytes) -> None:
    try:
        read = plain(HeaderDecoder().decode(data))
    except ConnectionFault as fault:
        read = [(b"refused", str(fault).encode())]
    assert all(isinstance(part, bytes) for pair in read for part in pair)
    assert (b"refused", b"") not in read


def test_a_table_that_nobody_allowed_is_refused() -> None:
    with pytest.raises(ConnectionFault, match="5,000 bytes; 4,096 are allowed"):
        HeaderDecoder().decode(b"\x3f\xe9\x26")
