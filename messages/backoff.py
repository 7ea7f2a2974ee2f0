"""Doubling pauses between attempts."""

from typing import TypeVar

T = TypeVar("T", int, float)
DOUBLINGS_MOST = 30
"""Bounds the exponent; no `most` is further from its `first`."""


def backoff(first: T, most: T, doublings: int) -> T:
    """Return the pause before the next attempt: `first`, doubled `doublings` times, at most `most`.

    All in the caller's unit (ns, ms, s). Negative `doublings` give `first`; after the n-th consecutive attempt pass n -
    1.
    """
    return min(first * (1 << min(max(doublings, 0), DOUBLINGS_MOST)), most)
