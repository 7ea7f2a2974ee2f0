"""Order records: in the matching engine, conditional, and as asked for."""

from dataclasses import dataclass
from decimal import Decimal

from adapters.paper.instruments import ZERO


@dataclass(slots=True, kw_only=True)
class Order:
    """An order in the matching engine. Quantities in base units, prices in the quote currency, `closed_ms` 0 = open."""

    order_id: int
    client_order_id: str
    symbol: str
    side: str
    position_side: str
    type: str
    orig_type: str
    time_in_force: str
    quantity: Decimal
    price: Decimal
    reduce_only: bool
    created_ms: int
    updated_ms: int
    stop_price: Decimal = ZERO
    close_position: bool = False
    working_type: str = "CONTRACT_PRICE"
    price_protect: bool = False
    good_till_ms: int = 0
    self_trade: str = "EXPIRE_MAKER"
    price_match: str = "NONE"
    status: str = "NEW"
    executed: Decimal = ZERO
    cum_quote: Decimal = ZERO
    closed_ms: int = 0
    algo_id: int = 0
    amendments: int = 0
    stuck_until_ms: int = 0

    @property
    def leaves(self) -> Decimal:
        return self.quantity - self.executed

    @property
    def reducing(self) -> bool:
        """It can only take off its leg: reduce-only, or in hedge mode on the leg's closing side."""
        return self.reduce_only or closes_leg(self.side, self.position_side)

    @property
    def average(self) -> Decimal:
        return self.cum_quote / self.executed if self.executed else ZERO


def closes_leg(side: str, position_side: str) -> bool:
    """Hedge mode: SELL of LONG and BUY of SHORT only ever reduce."""
    return (side, position_side) in (("SELL", "LONG"), ("BUY", "SHORT"))


@dataclass(slots=True, kw_only=True)
class AlgoOrder:
    """A conditional order, and the child order it became (0 = not yet)."""

    algo_id: int
    client_algo_id: str
    symbol: str
    side: str
    position_side: str
    type: str
    time_in_force: str
    quantity: Decimal
    price: Decimal
    trigger_price: Decimal
    working_type: str
    price_protect: bool
    close_position: bool
    reduce_only: bool
    created_ms: int
    updated_ms: int
    activate_price: Decimal = ZERO
    callback_rate: Decimal = ZERO
    activated: bool = False
    extreme: Decimal = ZERO
    good_till_ms: int = 0
    self_trade: str = "EXPIRE_MAKER"
    price_match: str = "NONE"
    status: str = "NEW"
    trigger_ms: int = 0
    child_order_id: int = 0
    failure: str = ""
    closed_ms: int = 0
    stuck_until_ms: int = 0


@dataclass(slots=True, kw_only=True)
class Trade:
    """One fill. `commission` and `realized` in the quote currency."""

    trade_id: int
    order_id: int
    symbol: str
    side: str
    position_side: str
    price: Decimal
    quantity: Decimal
    commission: Decimal
    realized: Decimal
    maker: bool
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """An order as asked for, read and checked for form but not yet against market and account."""

    symbol: str
    side: str
    position_side: str
    type: str
    time_in_force: str
    quantity: Decimal
    price: Decimal
    reduce_only: bool
    client_id: str
    good_till_ms: int
    working_type: str
    price_protect: bool
    close_position: bool
    self_trade: str
    price_match: str
    trigger_price: Decimal
    activate_price: Decimal
    callback_rate: Decimal
    final_result: bool
