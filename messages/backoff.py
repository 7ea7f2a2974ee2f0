"""Pauses between tries that double."""

from typing import TypeVar

T = TypeVar("T", int, float)
DOUBLINGS_MOST = 30
"""No `most` of ours is further from its `first`; the number stays small however often something fails."""


def backoff(first: T, most: T, doublings: int) -> T:
    """The pause before the next try: `first`, doubled so many times, and no longer than `most`.

    All in the caller's unit (ns, ms, s). Below no doublings it is `first`: after the n-th try in a row pass n - 1.
    """
    return min(first * (1 << min(max(doublings, 0), DOUBLINGS_MOST)), most)
