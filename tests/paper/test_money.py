"""Money is exact: every wallet is the sum of its rows, and a flat account's profit is its cash flow."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.paper.account import Account, Position
from adapters.paper.instruments import DEFAULT_INSTRUMENTS
from tests.paper.desk import Desk

STEP = Decimal("0.001")
ORDERS = st.lists(
    st.tuples(
        st.sampled_from(("BUY", "SELL")),
        st.integers(min_value=2, max_value=7_000),
        st.integers(min_value=590_000, max_value=610_000),
    ),
    min_size=1,
    max_size=25,
)


def cash_flow(account: Account) -> Decimal:
    return sum((t.price * t.quantity * (1 if t.side == "SELL" else -1) for t in account.trades), Decimal(0))


@settings(max_examples=60, deadline=None)
@given(orders=ORDERS)
def test_the_wallet_is_the_sum_of_its_income_rows_and_profit_is_cash_flow(
    orders: list[tuple[str, int, int]],
) -> None:
    desk = Desk()
    for side, steps, ticks in orders:
        desk.price(str(Decimal(ticks) / 10))
        desk.market(side, str(STEP * steps))
    account = desk.venue.account_named()
    assert account.wallet == sum(row.amount for row in account.incomes)
    assert desk.position() == sum((t.quantity if t.side == "BUY" else -t.quantity for t in account.trades), Decimal(0))
    if held := desk.position():
        desk.market("SELL" if held > 0 else "BUY", str(abs(held)))
    assert desk.position() == 0
    assert sum(t.realized for t in account.trades) == cash_flow(account)
    fees = sum(t.commission for t in account.trades)
    insured = sum(row.amount for row in account.incomes if row.kind == "INSURANCE_CLEAR")
    assert account.wallet == Decimal(100_000) + cash_flow(account) - fees + insured
    assert desk.venue.exchange.fees_collected == fees


@given(
    fills=st.lists(
        st.tuples(st.integers(-5_000, 5_000).filter(bool), st.integers(1, 10_000_000)), min_size=1, max_size=40
    )
)
def test_a_position_realizes_what_its_cost_lost_to_the_last_digit(fills: list[tuple[int, int]]) -> None:
    position = Position(symbol="X", side="BOTH")
    paid = realized = Decimal(0)
    for steps, ticks in fills:
        signed, price = STEP * steps, Decimal(ticks) / 100
        realized += position.take(signed, price)
        paid += signed * price
        assert position.cost == paid + realized
        assert realized == realized.quantize(Decimal("0.00000001"))
    assert position.quantity == sum(STEP * steps for steps, _ in fills)


@given(notional=st.integers(0, 2_000_000_000), index=st.integers(0, len(DEFAULT_INSTRUMENTS) - 1))
def test_the_maintenance_margin_grows_without_a_jump(notional: int, index: int) -> None:
    instrument = DEFAULT_INSTRUMENTS[index]
    at, beyond = Decimal(notional), Decimal(notional) + 1
    step = instrument.maintenance_margin(beyond) - instrument.maintenance_margin(at)
    assert 0 <= instrument.maintenance_margin(at) <= at
    assert 0 < step <= 1
