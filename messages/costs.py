"""What a trade and a funding can cost. What is beyond that is a wrong number, and no venue's price."""

from decimal import Decimal

FEE_MOST = Decimal("0.05")
"""Of what was traded. The dearest that a venue lists is a forced close, at 1.5 % (Binance, "Liquidation Protocols")."""
REBATE_MOST = Decimal("0.001")
"""Of what was traded. Makers are paid 0.03 % at most."""
FUNDING_MOST = Decimal("0.1")
"""Of what is held. Rates end at 4 % ("Funding Rate Cap"); the price may have moved since it was paid."""
ROUNDING = Decimal("0.00000001")
"""Venues book money with eight decimals."""


def can_cost(fee: Decimal, traded: Decimal) -> bool:
    """Whether a trade of that value may have taken so much; less than nothing is a rebate. Both in one currency."""
    return -REBATE_MOST * traded - ROUNDING <= fee <= FEE_MOST * traded + ROUNDING


def can_fund(amount: Decimal, held: Decimal) -> bool:
    """Whether so much may have been paid, or taken, for holding that value. Both in one currency."""
    return abs(amount) <= FUNDING_MOST * held + ROUNDING
