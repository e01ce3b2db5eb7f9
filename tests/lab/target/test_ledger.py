import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lab.target.ledger import OPENING_CENTS, Ledger, Order, Refused


def test_a_transfer_moves_money_and_can_be_found() -> None:
    ledger = Ledger()
    entry, repeated = ledger.transfer(Order("a", "b", 250, "n1"))
    assert not repeated
    assert ledger.balance("a") == (OPENING_CENTS - 250, 1)
    assert ledger.balance("b") == (OPENING_CENTS + 250, 1)
    assert ledger.find("n1") == entry
    assert ledger.listed("a", 0) == ledger.listed("b", 1) == [entry]


def test_a_nonce_moves_money_once() -> None:
    ledger = Ledger()
    first, _ = ledger.transfer(Order("a", "b", 250, "n1"))
    again, repeated = ledger.transfer(Order("a", "b", 250, "n1"))
    assert (again, repeated) == (first, True)
    assert ledger.balance("a") == (OPENING_CENTS - 250, 1)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (Order("a", "b", 1, "used"), "ALREADY_EXISTS"),
        (Order("a", "b", OPENING_CENTS + 1, "n"), "FAILED_PRECONDITION"),
        (Order("a", "b", 0, "n"), "INVALID_ARGUMENT"),
        (Order("a", "b", -5, "n"), "INVALID_ARGUMENT"),
        (Order("a", "a", 5, "n"), "INVALID_ARGUMENT"),
        (Order("", "b", 5, "n"), "INVALID_ARGUMENT"),
        (Order("a", "b", 5, ""), "INVALID_ARGUMENT"),
        (Order("a", "b" * 65, 5, "n"), "INVALID_ARGUMENT"),
    ],
)
def test_a_bad_order_is_refused_and_moves_nothing(order: Order, code: str) -> None:
    ledger = Ledger()
    ledger.transfer(Order("x", "y", 1, "used"))
    with pytest.raises(Refused) as refused:
        ledger.transfer(order)
    assert refused.value.code == code
    assert ledger.balance("b") == (OPENING_CENTS, 0)


def test_a_nonce_that_was_never_used_is_not_found() -> None:
    with pytest.raises(Refused) as refused:
        Ledger().find("n")
    assert refused.value.code == "NOT_FOUND"


orders = st.builds(
    Order, st.sampled_from("abc"), st.sampled_from("abc"), st.integers(-5, OPENING_CENTS), st.sampled_from("123456789")
)


@given(st.lists(orders, max_size=30))
def test_money_is_neither_made_nor_lost(given_orders: list[Order]) -> None:
    ledger = Ledger()
    for order in given_orders:
        try:
            ledger.transfer(order)
        except Refused:
            continue
    balances = [ledger.balance(account)[0] for account in "abc"]
    assert sum(balances) == 3 * OPENING_CENTS
    assert min(balances) >= 0
