"""What a trade can cost. A fee beyond that is a wrong number, and no venue's price."""

from decimal import Decimal

FEE_MOST = Decimal("0.05")
"""Of what was traded. The dearest that a venue lists is a forced close, at 1.5 % (Binance, "Liquidation Protocols")."""
REBATE_MOST = Decimal("0.001")
"""Of what was traded. Makers are paid 0.03 % at most."""
ROUNDING = Decimal("0.00000001")
"""Venues book money with eight decimals."""


def can_cost(fee: Decimal, traded: Decimal) -> bool:
    """Whether a trade of that value may have taken so much; less than nothing is a rebate. Both in one currency."""
    return -REBATE_MOST * traded - ROUNDING <= fee <= FEE_MOST * traded + ROUNDING
