"""What the contract asks of an exchange's fake server: who implements it passes the suite, or is no venue.

Everything of one exchange is behind it: paths, codes, events, how a human trades there. BTCUSDT is listed at 60000 with
a step of 0.001, and prices move on command.
"""

from collections.abc import Collection
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from adapters.exchange.settings import ExchangeSettings


class Role(StrEnum):
    """What a request is for."""

    SUBMIT = "submit"
    SUBMIT_STOP = "submit a conditional order"
    CANCEL = "cancel"
    QUERY = "query"
    POSITIONS = "positions"
    OPEN_ORDERS = "open orders"
    BALANCE = "balance"
    LEVERAGE = "leverage"


class VenueUnderTest(Protocol):
    ambiguous: Collection[str]
    """Names of answers to an order that prove nothing; the venue's own beside those of any network."""
    not_executed: Collection[str]
    """Names of answers that prove that nothing was done, and of which a later attempt may come to more."""

    def settings(self, **fields: Any) -> ExchangeSettings: ...

    def spoil(self, role: Role, answer: str, *, done: bool = False, times: int = 1) -> None:
        """The next requests of that role are answered so, and were carried out all the same or not."""
        ...

    def lose_events(self) -> None:
        """The account's stream stays open and brings nothing."""
        ...

    def cut_stream(self) -> None: ...

    def price(self, price: str) -> None:
        """Of BTCUSDT, last and mark."""
        ...

    def trade_by_hand(self, side: str, quantity: str) -> None: ...

    def leverage_by_hand(self, times: int) -> None: ...

    def hedge(self) -> None:
        """The account is switched to hedge mode at the venue."""
        ...

    def coarser(self) -> None:
        """The step of BTCUSDT becomes 0.01."""
        ...

    def fund(self) -> None:
        """A funding of BTCUSDT is paid now."""
        ...

    def deleverage(self, quantity: str) -> None: ...

    def settle(self) -> None:
        """BTCUSDT is delisted, its positions settled."""
        ...

    def held(self) -> Decimal:
        """BTC that the venue holds for the account, signed."""
        ...

    def resting(self) -> int:
        """Open orders, conditional ones included."""
        ...
