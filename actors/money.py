"""The value of an amount in another currency: one rule for positions, limits, reports and restarts. Pure.

1. An amount in the contract's quote currency needs no conversion.
2. Dollars count one for one among each other: stablecoins that contracts are quoted in, and credits that stand in for
   them.
3. Any other currency counts at the mark price of its contract against a dollar, when it is booked. The value is
   journalled with the amount, so a restart counts the same.
4. Without such a mark the amount does not count, and is named beside every sum.
Limits are in `LIMITS_CURRENCY`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from messages.events import FundingBooked, OrderFilled, PositionAdopted, QuantityAdjusted
from messages.types import LIMITS_CURRENCY, Instrument, Symbol, Worth

ZERO = Decimal(0)
DOLLARS = ("USDT", "USDC", "BNFCR", "FDUSD", "USD1", "BUSD", "TUSD", "USDP", "USDE", "RLUSD", "USD", "U")
"""The first that has a mark against a coin gives its value."""
_COINS = ("BTC", "ETH", "BNB")
"""Other quote currencies of contracts."""
MONEY_STEP = Decimal("0.00000001")
"""To this a conversion and a share are rounded, at every venue alike: the same funding is shared out again later."""
UNNAMED = "a currency without a name"

Money = OrderFilled | QuantityAdjusted | PositionAdopted | FundingBooked
"""Events that book money."""
Amounts = tuple[tuple[str, Decimal], ...]
"""(currency, amount), in the order in which the currencies came."""
Marks = Mapping[Symbol, Decimal]


def quote_of(symbol: Symbol, instrument: Instrument | None) -> str:
    """The currency of the contract's price, result and exposure; by the symbol's name where the venue gives none."""
    if instrument is not None and instrument.quote:
        return instrument.quote
    longest_first = sorted((*DOLLARS, *_COINS), key=len, reverse=True)
    return next((name for name in longest_first if symbol.endswith(name)), "")


def rate(currency: str, into: str, marks: Marks) -> Decimal | None:
    """The value of one `currency` in `into`; None without a mark."""
    if currency == into:
        return Decimal(1)
    there, back = _in_dollars(currency, marks), _in_dollars(into, marks)
    return None if there is None or not back else there / back


def _in_dollars(currency: str, marks: Marks) -> Decimal | None:
    if currency in DOLLARS:
        return Decimal(1)
    return next((mark for dollar in DOLLARS if (mark := marks.get(Symbol(currency + dollar)))), None)


def worth(amount: Decimal, currency: str, quote: str, marks: Marks) -> Worth:
    """The value of this amount now, to be booked with it."""
    known = rate(currency, quote, marks) if amount else ZERO
    value = None if known is None else _rounded(amount, known)
    return Worth(quote=quote, rate=rate(quote, LIMITS_CURRENCY, marks), value=value)


def _rounded(amount: Decimal, known: Decimal) -> Decimal:
    """An amount without conversion stays as the venue wrote it."""
    return amount if known == 1 else (amount * known).quantize(MONEY_STEP, ROUND_HALF_EVEN)


def share_of(known: Worth | None, share: Decimal) -> Worth | None:
    """The worth of this share of the amount."""
    if known is None or known.value is None:
        return known
    return replace(known, value=known.value * share)


def counts_as_it_is(currency: str, quote: str) -> bool:
    """No conversion is needed: the quote currency itself, or one dollar for another."""
    return currency == quote or (currency in DOLLARS and quote in DOLLARS)


def value_of(amount: Decimal, currency: str, known: Worth | None) -> Decimal | None:
    """The value in the quote currency; None: it does not count.

    Old bookings without a worth count where they need no conversion.
    """
    if known is not None:
        return known.value
    return amount if not (amount and currency) or counts_as_it_is(currency, LIMITS_CURRENCY) else None


def cost_of(event: Money) -> tuple[str, Decimal]:
    """The currency and the cost of this event; funding received is a negative cost."""
    return (event.currency, -event.amount) if isinstance(event, FundingBooked) else (event.fee_currency, event.fee)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """Sums of events in the currency of the limits; `uncounted` are costs that have no value in it."""

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
    """The sums of one event, by its own fields alone."""
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
    """The result in the currency of the limits, of a contract that is not quoted in dollars; else zero."""
    return ZERO if event.worth is None or event.worth.quote in DOLLARS else booked(event).result


def added(amounts: Amounts, more: Iterable[tuple[str, Decimal]]) -> Amounts:
    """Sums by currency, without zeros."""
    sums = dict(amounts)
    for currency, amount in more:
        sums[currency] = sums.get(currency, ZERO) + amount
    return tuple((currency, amount) for currency, amount in sums.items() if amount)
