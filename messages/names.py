"""A name that nothing has: which of those that there are may have been meant."""

from collections.abc import Iterable
from difflib import SequenceMatcher

GUESSES_MOST = 3
NEAR = 0.75
"""Share of the letters that two names have in common, in their order: with two of four transposed it is 0.75."""
AS_NEAR = 0.1
"""What is further off than this from the nearest one was hardly meant."""


def similar(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Those of the names that are spelled almost so, the nearest first."""
    shares = sorted((-SequenceMatcher(None, name, each).ratio(), each) for each in set(known))
    best = -shares[0][0] if shares else 0.0
    return tuple(each for share, each in shares if -share >= max(NEAR, best - AS_NEAR))[:GUESSES_MOST]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The question, to stand behind what was said of the name; empty where no name is near."""
    found = similar(name, known)
    return f"; did you mean {', '.join(found)}?" if found else ""
