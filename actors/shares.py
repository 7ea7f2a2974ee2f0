"""An amount split by weight in whole steps; the parts add up to it exactly. Pure."""

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import TypeVar

K = TypeVar("K")
ZERO = Decimal(0)


def by_weight(amount: Decimal, weights: Mapping[K, Decimal], step: Decimal) -> dict[K, Decimal]:
    """Round each part to the step; the largest weight, the first of equals, takes the remainder.

    Weights may have both signs; empty where they add up to zero.
    """
    weighty = {key: weight for key, weight in weights.items() if weight}
    parts = _parts(amount, weighty, step, ROUND_HALF_EVEN)
    if parts:
        largest = max(weighty, key=lambda key: abs(weighty[key]))
        parts[largest] += amount - sum(parts.values(), ZERO)
    return parts


def within(amount: Decimal, held: Mapping[K, Decimal], step: Decimal) -> dict[K, Decimal]:
    """Split `amount` so that no part exceeds what is held; needs 0 <= `amount` <= the sum of `held`, each of it >= 0.

    Each part is rounded down; the remainder goes to the largest first, the first of equals, a step each. Zero parts are
    left out.
    """
    parts = _parts(amount, held, step, ROUND_DOWN)
    left = amount - sum(parts.values(), ZERO)
    for most in (step, amount):
        for key in sorted(parts, key=lambda key: -held[key]):
            more = min(left, most, held[key] - parts[key])
            parts[key] += more
            left -= more
    return {key: part for key, part in parts.items() if part}


def _parts(amount: Decimal, weights: Mapping[K, Decimal], step: Decimal, rounding: str) -> dict[K, Decimal]:
    total = sum(weights.values(), ZERO)
    if not total:
        return {}
    return {key: (amount * w / total / step).to_integral_value(rounding) * step for key, w in weights.items()}
