"""Inputs: files of a corpus that were mangled, and bytes, texts and JSON out of thin air."""

from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

DATA = Path(__file__).parents[1] / "data"

_INTERESTING = [
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n", b'"', b"'", b"{", b"}", b"[", b"]", b".", b"..", b"=", b"%",
    b"-----BEGIN ", b"-----END ", b"eyJ", b"Bearer ", b"null", b"NaN", b"1e400", b"-0", b"\\u0000", b"\\ud800",
    b" " * 40,
    b"9" * 400, b"[" * 500, b'{"a":' * 500, b"\xed\xa0\x80", "é—\u200b".encode(),
]  # fmt: skip
_ENCODINGS: Sequence[Callable[[bytes], bytes]] = (
    lambda data: data,
    lambda data: b"\xef\xbb\xbf" + data,
    lambda data: data.replace(b"\n", b"\r\n"),
    lambda data: data.decode("latin-1").encode("utf-16"),
    lambda data: data.decode("latin-1").encode("utf-16-be"),
    lambda data: b'"' + data + b'"',
    lambda data: data + b"\n" + data,
)

json_values: SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
"""Any JSON, with the numbers that JSON does not have."""


def corpus(folder: str, most_bytes: int = 20_000) -> list[bytes]:
    """Return the files of a folder of tests/data that are not too large to be mangled again and again."""
    files = sorted(path for path in (DATA / folder).rglob("*") if path.is_file())
    return [data for path in files if len(data := path.read_bytes()) <= most_bytes]


@st.composite
def mangled(draw: st.DrawFn, files: Sequence[bytes]) -> bytes:
    """Return a file with a few pieces cut out, doubled, replaced or put in, in some encoding."""
    data = draw(st.sampled_from(files))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        piece = draw(st.sampled_from([b"", data[start:end] * 2, *_INTERESTING]) | st.binary(max_size=6))
        data = data[:start] + piece + data[end:]
    return draw(st.sampled_from(_ENCODINGS))(data)


def foreign(files: Sequence[bytes]) -> SearchStrategy[bytes]:
    """Return mangled files mostly, and bytes and texts out of thin air."""
    return st.one_of(
        mangled(files), mangled(files), mangled(files), st.binary(max_size=200), st.text(max_size=200).map(_utf8)
    )


def _utf8(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
