"""The value of an amount in another currency: one rule for positions, limits, reports and restarts. Pure.

1. An amount in the contract's own quote currency counts at its value.
2. Dollars count one for one among each other: stablecoins that contracts are quoted in, and credits for them.
3. Any other currency counts at the mark price of its contract against a dollar at the moment of booking. The value is
   journalled with the amount, so a restart counts the same.
4. Without such a mark the amount is reported as not counted wherever the sum is shown. Limits are in `LIMITS_CURRENCY`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from messages.events import FundingBooked, OrderFilled, PositionAdopted, QuantityAdjusted
from messages.types import LIMITS_CURRENCY, Instrument, Symbol, Worth

ZERO = Decimal(0)
DOLLARS = ("USDT", "USDC", "BNFCR", "FDUSD", "USD1", "BUSD", "TUSD", "USDP", "USDE", "RLUSD", "USD", "U")
"""The first one with a mark against a coin gives the coin's value."""
_COINS = ("BTC", "ETH", "BNB")
"""Other quote currencies of contracts."""
MONEY_STEP = Decimal("0.00000001")
"""Rounding step of conversions and shares, the same at every venue: a funding may be shared out again later."""
UNNAMED = "a currency without a name"

Money = OrderFilled | QuantityAdjusted | PositionAdopted | FundingBooked
"""Events that book money."""
Amounts = tuple[tuple[str, Decimal], ...]
"""(currency, amount), in the order of first appearance."""
Marks = Mapping[Symbol, Decimal]


def quote_of(symbol: Symbol, instrument: Instrument | None) -> str:
    """Return the currency of the contract's price, result and exposure; from the symbol's name if the venue states
    none.
    """
    if instrument is not None and instrument.quote:
        return instrument.quote
    longest_first = sorted((*DOLLARS, *_COINS), key=len, reverse=True)
    return next((name for name in longest_first if symbol.endswith(name)), "")


def rate(currency: str, into: str, marks: Marks) -> Decimal | None:
    """Return the value of one `currency` in `into`; None without a mark."""
    if currency == into:
        return Decimal(1)
    there, back = _in_dollars(currency, marks), _in_dollars(into, marks)
    return None if there is None or not back else there / back


def _in_dollars(currency: str, marks: Marks) -> Decimal | None:
    if currency in DOLLARS:
        return Decimal(1)
    return next((mark for dollar in DOLLARS if (mark := marks.get(Symbol(currency + dollar)))), None)


def worth(amount: Decimal, currency: str, quote: str, marks: Marks) -> Worth:
    """Return the amount's value now, to be booked with it."""
    known = rate(currency, quote, marks) if amount else ZERO
    value = None if known is None else _rounded(amount, known)
    return Worth(quote=quote, rate=rate(quote, LIMITS_CURRENCY, marks), value=value)


def _rounded(amount: Decimal, known: Decimal) -> Decimal:
    """An unconverted amount keeps the venue's digits."""
    return amount if known == 1 else (amount * known).quantize(MONEY_STEP, ROUND_HALF_EVEN)


def share_of(known: Worth | None, share: Decimal) -> Worth | None:
    """Return the worth of this share of the amount."""
    if known is None or known.value is None:
        return known
    return replace(known, value=known.value * share)


def counts_as_it_is(currency: str, quote: str) -> bool:
    """Return whether no conversion is needed: the quote currency itself, or one dollar for another."""
    return currency == quote or (currency in DOLLARS and quote in DOLLARS)


def value_of(amount: Decimal, currency: str, known: Worth | None) -> Decimal | None:
    """Return the value in the quote currency; None: it does not count.

    Old bookings without a worth count if they need no conversion.
    """
    if known is not None:
        return known.value
    return amount if not (amount and currency) or counts_as_it_is(currency, LIMITS_CURRENCY) else None


def cost_of(event: Money) -> tuple[str, Decimal]:
    """Return the event's cost with its currency; funding received is a negative cost."""
    return (event.currency, -event.amount) if isinstance(event, FundingBooked) else (event.fee_currency, event.fee)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """Sums in the currency of the limits; `uncounted`: costs without a value in it."""

    realized: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    uncounted: Amounts = ()

    @property
    def result(self) -> Decimal:
        """Realized, less fees, plus funding."""
        return self.realized - self.fees + self.funding

    def __add__(self, other: "Booked") -> "Booked":
        return Booked(
            realized=self.realized + other.realized,
            fees=self.fees + other.fees,
            funding=self.funding + other.funding,
            uncounted=added(self.uncounted, other.uncounted),
        )


def booked(event: Money) -> Booked:
    """Return the sums of one event, from its own fields alone."""
    currency, cost = cost_of(event)
    amount = event.amount if isinstance(event, FundingBooked) else event.fee
    value = value_of(amount, currency, event.worth)
    realized = ZERO if isinstance(event, FundingBooked | PositionAdopted) else event.realized_pnl
    per_quote = Decimal(1) if event.worth is None else event.worth.rate
    if per_quote is None:
        assert event.worth is not None
        lost = (event.worth.quote or UNNAMED, -realized)
        return Booked(uncounted=added((), (lost, (currency or UNNAMED, cost))))
    counted = (value or ZERO) * per_quote
    uncounted = added((), ((currency or UNNAMED, cost),)) if value is None else ()
    if isinstance(event, FundingBooked):
        return Booked(funding=counted, uncounted=uncounted)
    return Booked(realized=realized * per_quote, fees=counted, uncounted=uncounted)


def result_in_limits(event: Money) -> Decimal:
    """Return the result in the currency of the limits if the contract is not quoted in dollars; else zero."""
    return ZERO if event.worth is None or event.worth.quote in DOLLARS else booked(event).result


def added(amounts: Amounts, more: Iterable[tuple[str, Decimal]]) -> Amounts:
    """Return the sums by currency, without zeros."""
    sums = dict(amounts)
    for currency, amount in more:
        sums[currency] = sums.get(currency, ZERO) + amount
    return tuple((currency, amount) for currency, amount in sums.items() if amount)
