"""Accounts, balances and transfers in memory: what the service does, without gRPC."""

from collections import defaultdict, deque
from dataclasses import dataclass

OPENING_CENTS = 1_000_000
"""What an account holds before its first transfer; every name is an account."""
TRANSFERS_KEPT = 100_000
"""Older nonces are forgotten, so that a long run does not fill the memory."""
LISTED_PER_ACCOUNT = 1_000
"""Newest transfers that are listed of an account."""


class Refused(Exception):  # noqa: N818 - an answer of the service, not a fault of ours
    """A request that the ledger does not carry out; ``code`` is the name of the gRPC status."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Order:
    """A transfer that is asked for; ``nonce`` names it for good."""

    from_account: str
    to_account: str
    cents: int
    nonce: str


@dataclass(frozen=True)
class LedgerEntry:
    """A transfer that was carried out, and the balances after it."""

    serial: int
    order: Order
    from_cents: int
    to_cents: int


class Ledger:
    """Move money between accounts; a nonce moves it once."""

    def __init__(self) -> None:
        self._cents: dict[str, int] = {}
        self._versions: defaultdict[str, int] = defaultdict(int)
        self._entries: dict[str, LedgerEntry] = {}
        self._by_account: defaultdict[str, deque[LedgerEntry]] = defaultdict(lambda: deque(maxlen=LISTED_PER_ACCOUNT))
        self._serial = 0

    def balance(self, account: str) -> tuple[int, int]:
        """Return cents and version of an account."""
        _require_name("account", account)
        return self._cents.get(account, OPENING_CENTS), self._versions.get(account, 0)

    def transfer(self, order: Order) -> tuple[LedgerEntry, bool]:
        """Carry out an order, and say whether its nonce was seen before: then nothing moves."""
        _check(order)
        known = self._entries.get(order.nonce)
        if known is not None:
            if known.order != order:
                raise Refused("ALREADY_EXISTS", "the nonce names another transfer")
            return known, True
        from_cents, to_cents = self.balance(order.from_account)[0], self.balance(order.to_account)[0]
        if from_cents < order.cents:
            raise Refused("FAILED_PRECONDITION", "insufficient funds")
        self._serial += 1
        entry = LedgerEntry(self._serial, order, from_cents - order.cents, to_cents + order.cents)
        self._keep(entry)
        return entry, False

    def find(self, nonce: str) -> LedgerEntry:
        """Return the transfer of a nonce."""
        entry = self._entries.get(nonce)
        if entry is None:
            raise Refused("NOT_FOUND", "no transfer has this nonce")
        return entry

    def listed(self, account: str, limit: int) -> list[LedgerEntry]:
        """Return the transfers of an account, oldest first; all that are kept where limit is 0."""
        _require_name("account", account)
        if limit < 0:
            raise Refused("INVALID_ARGUMENT", "limit is negative")
        mine = list(self._by_account.get(account, ()))
        return mine[:limit] if limit else mine

    def _keep(self, entry: LedgerEntry) -> None:
        order = entry.order
        self._cents[order.from_account], self._cents[order.to_account] = entry.from_cents, entry.to_cents
        for account in (order.from_account, order.to_account):
            self._versions[account] += 1
            self._by_account[account].append(entry)
        self._entries[order.nonce] = entry
        if len(self._entries) > TRANSFERS_KEPT:
            del self._entries[next(iter(self._entries))]


def _check(order: Order) -> None:
    _require_name("from_account", order.from_account)
    _require_name("to_account", order.to_account)
    _require_name("nonce", order.nonce)
    if order.from_account == order.to_account:
        raise Refused("INVALID_ARGUMENT", "from_account and to_account are one")
    if order.cents <= 0:
        raise Refused("INVALID_ARGUMENT", "cents must be positive")


def _require_name(field: str, name: str) -> None:
    if not 0 < len(name) <= 64:
        raise Refused("INVALID_ARGUMENT", f"{field} must have 1 to 64 characters")
