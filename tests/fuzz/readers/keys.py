"""The reader of keys, in every form that it knows."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st

from harness.tokens.keys import NoKeyError, find_key
from harness.tokens.sources import key_file
from tests.fuzz import reader
from tests.fuzz.mutations import corpus, foreign

KEYS = foreign(corpus("keys"))
FOLDER = TemporaryDirectory(prefix="jwtstorm-fuzz-")
ALGORITHMS = st.sampled_from(["", "ES256", "RS256", "HS256", "EdDSA", "none", "no-such"])


@reader("key in bytes", KEYS, refusals=(NoKeyError,), secret=True)
def _(data: bytes) -> object:
    return find_key(data)


@reader("key file", st.tuples(KEYS, ALGORITHMS), secret=True)
def _(given: tuple[bytes, str]) -> object:
    path = Path(FOLDER.name) / "key"
    path.write_bytes(given[0])
    return key_file.read(path, given[1])
