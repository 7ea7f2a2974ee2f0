"""The arithmetic of trades: average entry price, realized profit, sums by currency."""

from decimal import Decimal

from actors.money import Amounts, counts_as_it_is
from actors.position.state import ZERO, Converted, Position
from messages.types import Side, Worth


def netted(p: Position, side: Side, quantity: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
    """Quantity and average entry price after trading `quantity` at `price`; the average moves only on increases."""
    delta = quantity if side is p.key.side.increasing else -quantity
    after = p.quantity + delta
    if p.quantity * delta >= 0:  # larger, in whichever direction it already is
        total = abs(p.quantity) + quantity
        return after, (abs(p.quantity) * p.entry_price + quantity * price) / total
    if after * p.quantity >= 0:  # smaller, perhaps flat
        return after, p.entry_price
    return after, price  # went through zero: what is left was traded at this price


def realized(p: Position, side: Side, quantity: Decimal, price: Decimal) -> Decimal:
    """Profit of the part of this trade that reduces what is held, without fees, in quote currency."""
    if not p.quantity:
        return ZERO
    reduces = side is p.key.side.reducing if p.quantity > 0 else side is p.key.side.increasing
    if not reduces:
        return ZERO
    closed = min(quantity, abs(p.quantity))
    sign = p.key.side.sign if p.quantity > 0 else p.key.side.opposite.sign
    return (price - p.entry_price) * closed * sign


def add_amount(sums: Amounts, currency: str, amount: Decimal) -> Amounts:
    """The sums by currency with this amount; a zero counts as an entry."""
    known = dict(sums)
    known[currency] = known.get(currency, ZERO) + amount
    return tuple(known.items())


def add_converted(
    known: tuple[Converted, ...], currency: str, amount: Decimal, worth: Worth | None
) -> tuple[Converted, ...]:
    """The sums by currency of amounts that needed conversion, with their values."""
    if worth is None or worth.value is None or counts_as_it_is(currency, worth.quote):
        return known
    before = next((each for each in known if each.currency == currency), Converted(currency=currency))
    sum_ = Converted(currency=currency, amount=before.amount + amount, value=before.value + worth.value)
    return (*(each for each in known if each is not before), sum_)
