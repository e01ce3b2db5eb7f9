"""The ledger over gRPC: one method of each of the four RPC kinds."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import grpc

from harness.lab.proto import ledger_pb2
from harness.lab.target.ledger import Ledger, LedgerEntry, Order, Refused

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

_SERVICE = ledger_pb2.DESCRIPTOR.services_by_name["Ledger"]
_READERS = {"GetBalance", "ListTransfers", "FindTransfer"}
LEDGER_SCOPES = {
    f"/{_SERVICE.full_name}/{name}": "ledger.read" if name in _READERS else "ledger.write"
    for name in _SERVICE.methods_by_name
}
"""The scope that each method asks for."""


@dataclass
class LedgerService:
    """Answer calls; method names and messages are those of ``ledger.proto``."""

    ledger: Ledger

    async def GetBalance(self, request: Any, context: Context) -> Any:  # noqa: N802 - the name in ledger.proto
        """Tell what an account holds."""
        try:
            cents, version = self.ledger.balance(request.account)
        except Refused as refused:
            await _refuse(context, refused)
        return ledger_pb2.Balance(account=request.account, cents=cents, version=version)

    async def ListTransfers(self, request: Any, context: Context) -> AsyncIterator[Any]:  # noqa: N802
        """List an account's transfers, with a pause between two where one is asked for."""
        try:
            entries = self.ledger.listed(request.account, request.limit)
        except Refused as refused:
            await _refuse(context, refused)
        for index, entry in enumerate(entries):
            if index and request.interval_s > 0:
                await asyncio.sleep(request.interval_s)
            yield _transfer(entry)

    async def ImportTransfers(self, requests: AsyncIterator[Any], context: Context) -> Any:  # noqa: N802
        """Carry out transfers as they come, and sum up at the end; the first bad one ends it."""
        summary = ledger_pb2.ImportSummary()
        async for request in requests:
            await self._carry_out(request, context)
            summary.accepted += 1
            summary.total_cents += request.cents
        return summary

    async def StreamTransfers(self, requests: AsyncIterator[Any], context: Context) -> AsyncIterator[Any]:  # noqa: N802
        """Answer each transfer with its receipt."""
        async for request in requests:
            yield await self._carry_out(request, context)

    async def Transfer(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Carry out a transfer, once per nonce."""
        return await self._carry_out(request, context)

    async def FindTransfer(self, request: Any, context: Context) -> Any:  # noqa: N802
        """Return the receipt of a nonce: proof that the transfer happened."""
        try:
            return _receipt(self.ledger.find(request.nonce), repeated=True)
        except Refused as refused:
            await _refuse(context, refused)

    async def _carry_out(self, request: Any, context: Context) -> Any:
        order = Order(request.from_account, request.to_account, request.cents, request.nonce)
        try:
            entry, repeated = self.ledger.transfer(order)
        except Refused as refused:
            await _refuse(context, refused)
        return _receipt(entry, repeated=repeated)


async def _refuse(context: Context, refused: Refused) -> NoReturn:
    await context.abort(grpc.StatusCode[refused.code], str(refused))
    raise AssertionError  # abort raises; its type does not say so


def _receipt(entry: LedgerEntry, *, repeated: bool) -> Any:
    return ledger_pb2.TransferReceipt(
        id=str(entry.serial),
        nonce=entry.order.nonce,
        from_cents=entry.from_cents,
        to_cents=entry.to_cents,
        repeated=repeated,
    )


def _transfer(entry: LedgerEntry) -> Any:
    order = entry.order
    return ledger_pb2.Transfer(
        id=str(entry.serial),
        from_account=order.from_account,
        to_account=order.to_account,
        cents=order.cents,
        nonce=order.nonce,
    )
