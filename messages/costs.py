"""Plausible bounds of a trade's fee and of a funding payment; a number beyond is wrong."""

from decimal import Decimal

FEE_MOST = Decimal("0.05")
"""As a share of the notional. The highest published fee is a forced close's 1.5 % (Binance, "Liquidation
Protocols").
"""
REBATE_MOST = Decimal("0.001")
"""As a share of the notional. Makers receive 0.03 % at most."""
FUNDING_MOST = Decimal("0.1")
"""As a share of the position's notional. Rates are capped at 4 % ("Funding Rate Cap"); the price may have
moved since.
"""
ROUNDING = Decimal("0.00000001")
"""Venues book money with eight decimals."""


def can_cost(fee: Decimal, traded: Decimal) -> bool:
    """Return whether a trade of this notional may have cost `fee`; negative: a rebate. Both in one currency."""
    return -REBATE_MOST * traded - ROUNDING <= fee <= FEE_MOST * traded + ROUNDING


def can_fund(amount: Decimal, held: Decimal) -> bool:
    """Return whether a position of notional `held` may have paid or received `amount`. Both in one currency."""
    return abs(amount) <= FUNDING_MOST * held + ROUNDING
