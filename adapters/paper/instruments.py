"""Contracts with their filters, and the arithmetic of price and quantity grids."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from adapters.paper.refusals import Reason, Refusal
from messages.decimals import trimmed

QUOTE = "USDT"
"""The quote and settlement currency of the model's contracts."""
ZERO = Decimal(0)
EIGHT_PLACES = Decimal("0.00000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """A tier of leverage. Notional bounds in the quote currency; `cumulative` as in the formula
    maintenance margin = notional x rate - cumulative.
    """

    number: int
    leverage: int
    floor: Decimal
    cap: Decimal
    maintenance_rate: Decimal
    cumulative: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A linear perpetual contract. Quantities in base units, prices and notionals in the quote currency."""

    symbol: str
    base: str
    start_price: Decimal
    tick_size: Decimal
    step_size: Decimal
    max_quantity: Decimal
    market_max_quantity: Decimal
    level_quantity: Decimal
    brackets: tuple[Bracket, ...]
    quote: str = QUOTE
    min_notional: Decimal = Decimal(5)
    min_price: Decimal = ZERO
    max_price: Decimal = Decimal(1000000)
    multiplier_up: Decimal = Decimal("1.05")
    multiplier_down: Decimal = Decimal("0.95")
    max_orders: int = 200
    max_algo_orders: int = 10
    maker_fee: Decimal = Decimal("0.0002")
    taker_fee: Decimal = Decimal("0.0005")
    liquidation_fee: Decimal = Decimal("0.0125")
    trigger_protect: Decimal = Decimal("0.05")
    funding_rate: Decimal = Decimal("0.0001")
    funding_interval_ms: int = 8 * 3_600_000
    status: str = "TRADING"
    contract_type: str = "PERPETUAL"
    price_places: int = field(init=False)
    quantity_places: int = field(init=False)
    price_format: str = field(init=False)
    average_format: str = field(init=False)
    quantity_format: str = field(init=False)

    def __post_init__(self) -> None:
        """Derive the numbers of decimals once; every row formats with them."""
        price_places = _places(self.tick_size)
        quantity_places = _places(self.step_size)
        derived: tuple[tuple[str, object], ...] = (
            ("price_places", price_places),
            ("quantity_places", quantity_places),
            ("price_format", f".{price_places}f"),
            ("average_format", f".{price_places + 4}f"),
            ("quantity_format", f".{quantity_places}f"),
        )
        for name, value in derived:
            object.__setattr__(self, name, value)

    def with_digits_of(self, before: "Instrument") -> "Instrument":
        """Keep the digits of a finer earlier step, so that earlier quantities are shown exactly."""
        after = replace(self)
        digits = max(before.quantity_format, after.quantity_format, key=lambda text: int(text[1:-1]))
        object.__setattr__(after, "quantity_format", digits)
        return after

    def check_price(self, price: Decimal, mark: Decimal, side: str) -> None:
        """The grid, the bounds and the band around the mark of a limit price; raises Refusal.

        The band: a bid is at most mark x `multiplier_up`, an offer at least mark x `multiplier_down`.
        """
        if _places(price) > self.price_places:
            raise Refusal(Reason.TOO_PRECISE)
        if price <= ZERO:
            raise Refusal(Reason.PRICE_ZERO)
        if price > self.max_price:
            raise Refusal(Reason.PRICE_HIGH)
        if price < self.min_price:
            raise Refusal(Reason.PRICE_LOW)
        if price % self.tick_size:
            raise Refusal(Reason.PRICE_TICK)
        if side == "BUY" and price > mark * self.multiplier_up:
            cap = format(mark * self.multiplier_up, self.price_format)
            raise Refusal(Reason.PRICE_ABOVE_BAND, cap=cap)
        if side == "SELL" and price < mark * self.multiplier_down:
            floor = format(mark * self.multiplier_down, self.price_format)
            raise Refusal(Reason.PRICE_BELOW_BAND, floor=floor)

    def check_quantity(self, quantity: Decimal, *, market: bool) -> None:
        """The grid and the bounds of a quantity, tighter for market orders; raises Refusal."""
        if _places(quantity) > self.quantity_places:
            raise Refusal(Reason.TOO_PRECISE)
        if quantity <= ZERO:
            raise Refusal(Reason.QUANTITY_ZERO)
        if quantity < self.step_size:
            raise Refusal(Reason.QUANTITY_LOW)
        if quantity > (self.market_max_quantity if market else self.max_quantity):
            raise Refusal(Reason.QUANTITY_HIGH)
        if quantity % self.step_size:
            raise Refusal(Reason.QUANTITY_STEP)

    def check_notional(self, notional: Decimal) -> None:
        """The least value, which spares reduce-only orders; raises Refusal."""
        if notional < self.min_notional:
            least = trimmed(self.min_notional)
            raise Refusal(Reason.NOTIONAL_LOW, least=least)

    def max_notional(self, leverage: int) -> Decimal:
        """The largest position that `leverage` still allows, as notional."""
        return max((row.cap for row in self.brackets if row.leverage >= leverage), default=ZERO)

    def maintenance_margin(self, notional: Decimal) -> Decimal:
        """What a position of this absolute notional must keep."""
        row = self.bracket_of(notional)
        return notional * row.maintenance_rate - row.cumulative

    def bracket_of(self, notional: Decimal) -> Bracket:
        for row in self.brackets:
            if notional < row.cap:
                return row
        return self.brackets[-1]


def _places(number: Decimal) -> int:
    """Decimals that carry value: 0.10 has one. Trailing zeros are not precision (the venue accepts them)."""
    exponent = number.as_tuple().exponent
    if isinstance(exponent, str) or exponent >= 0:
        return 0
    digits = -exponent
    if number == number.to_integral_value():
        return 0
    stripped = number.normalize().as_tuple().exponent
    return -stripped if isinstance(stripped, int) else digits


_LADDER: tuple[tuple[int, str, str], ...] = (
    (125, "50000", "0.004"),
    (100, "600000", "0.005"),
    (50, "3000000", "0.01"),
    (20, "15000000", "0.025"),
    (10, "40000000", "0.05"),
    (5, "150000000", "0.1"),
    (1, "1000000000", "0.5"),
)


def ladder(max_leverage: int, *, scale: Decimal = Decimal(1)) -> tuple[Bracket, ...]:
    """Leverage brackets up to `max_leverage`, notional bounds times `scale`; `cumulative` keeps the
    maintenance margin continuous where brackets meet.
    """
    rows: list[Bracket] = []
    floor = cumulative = previous_rate = ZERO
    for leverage, cap_text, rate_text in _LADDER:
        if leverage > max_leverage:
            continue
        cap, rate = Decimal(cap_text) * scale, Decimal(rate_text)
        cumulative = cumulative + floor * (rate - previous_rate) if rows else ZERO
        rows.append(
            Bracket(
                number=len(rows) + 1,
                leverage=leverage,
                floor=floor,
                cap=cap,
                maintenance_rate=rate,
                cumulative=cumulative,
            )
        )
        floor, previous_rate = cap, rate
    return tuple(rows)


def _contract(
    base: str, price: str, tick: str, step: str, *, most: str, level: str, notional: str = "5", top: int = 75
) -> Instrument:
    return Instrument(
        symbol=f"{base}{QUOTE}",
        base=base,
        start_price=Decimal(price),
        tick_size=Decimal(tick),
        step_size=Decimal(step),
        max_quantity=Decimal(most) * 10,
        market_max_quantity=Decimal(most),
        level_quantity=Decimal(level),
        min_notional=Decimal(notional),
        max_price=Decimal(price) * 100,
        brackets=ladder(top),
    )


# Filters resemble an exchange's (tick, step, minimum notional); prices are round, so that tests are easy to verify.
DEFAULT_INSTRUMENTS: tuple[Instrument, ...] = (
    _contract("BTC", "60000.0", "0.1", "0.001", most="120", level="5", notional="100", top=125),
    _contract("ETH", "3000.00", "0.01", "0.001", most="2000", level="80", notional="20", top=100),
    _contract("SOL", "150.00", "0.01", "0.01", most="20000", level="1000"),
    _contract("XRP", "0.5000", "0.0001", "0.1", most="2000000", level="200000"),
    _contract("BNB", "600.00", "0.01", "0.01", most="2000", level="200"),
    _contract("DOGE", "0.15000", "0.00001", "1", most="30000000", level="800000"),
    _contract("ADA", "0.4500", "0.0001", "1", most="1000000", level="200000"),
    _contract("LINK", "15.000", "0.001", "0.01", most="40000", level="5000"),
    _contract("LTC", "80.00", "0.01", "0.001", most="10000", level="1000"),
    _contract("AVAX", "30.000", "0.001", "1", most="10000", level="3000"),
)
