"""Streams without an end of their own, as declared calls: ended by our choice, which is no failure."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from harness.lab.proto import ledger_pb2
from harness.transport.choice import GRPCIO, NATIVE, native_version
from tests.e2e.storms import assert_ended
from tests.e2e.test_any import run_any, the_run
from tests.endpoint.certificates import private_pem
from tests.endpoint.ledger_server import SERVICE, Ledger, serving

pytestmark = [pytest.mark.e2e, pytest.mark.transports]


class Endless(Ledger):
    """A ledger whose streams of replies never end; one of an account ``quiet`` sends nothing."""

    def ListTransfers(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802 - the service's name
        self._note("ListTransfers", context)
        while context.is_active():
            if request.account != "quiet":
                yield ledger_pb2.Transfer(id="1")
            time.sleep(0.01)

    def StreamTransfers(self, request_iterator: Any, context: Any) -> Iterator[Any]:  # noqa: N802 - the service's name
        self._note("StreamTransfers", context)
        request = next(request_iterator)
        while context.is_active():
            yield ledger_pb2.TransferReceipt(nonce=request.nonce)
            time.sleep(0.01)


CASES: Sequence[tuple[str, str, tuple[str, ...], bool]] = (
    ("ListTransfers", "{}", ("--end-after-messages", "3"), True),
    ("ListTransfers", "{}", ("--end-after", "0.3"), True),
    ("ListTransfers", '{"account": "quiet"}', ("--end-after", "0.3"), True),
    ("StreamTransfers", '[{"nonce": "a"}]', ("--end-after-messages", "50", "--end-after", "0.3"), True),
    ("ListTransfers", "{}", ("--end-after-messages", "1000000"), False),
)
_NATIVE = pytest.mark.skipif(native_version() is None, reason="the native transport is not built: make transport")
_ON_BOTH = [
    *((GRPCIO, *case) for case in CASES),
    *(pytest.param(NATIVE, *case, marks=_NATIVE) for case in CASES[:4]),
]


@pytest.mark.parametrize(("transport", "method", "data", "end", "good"), _ON_BOTH)
def test_a_stream_ends_well_where_we_end_it(
    tmp_path: Path, transport: str, method: str, data: str, end: Sequence[str], good: bool
) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(private_pem(ec.generate_private_key(ec.SECP256R1())))
    load = ("--rate", "10", "--duration", "2", "--warm-up", "3", "-u", "8", "--deadline", "0.8")
    with serving(ledger=Endless(begins="")) as (address, _):
        asked = ("--target", address, "--call", f"{SERVICE}/{method}", "--data", data, *end, "--signing-key", str(key))
        code, said = run_any(tmp_path / "reports", *load, *asked, "--transport", transport)
    rows = pyarrow.parquet.read_table(the_run(tmp_path / "reports") / "calls.parquet").to_pandas()
    calls = rows[rows["method"].astype(str).str.endswith(method)]
    assert len(calls) >= 40
    if not good:
        assert set(calls["cause"].astype(str)) == {"DEADLINE"}, said
        return
    assert_ended(code, said, {0})
    assert set(calls["cause"].astype(str)) == {"OK"}, said
