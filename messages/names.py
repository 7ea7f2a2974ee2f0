"""Suggests known names for an unknown one."""

from collections.abc import Iterable
from difflib import SequenceMatcher

GUESSES_MOST = 3
NEAR = 0.75
"""Minimum similarity: the share of letters that two names have in common, in order."""
AS_NEAR = 0.1
"""Maximum distance from the most similar name."""


def similar(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the similarly spelled names, the most similar first."""
    shares = sorted((-SequenceMatcher(None, name, each).ratio(), each) for each in set(known))
    best = -shares[0][0] if shares else 0.0
    return tuple(each for share, each in shares if -share >= max(NEAR, best - AS_NEAR))[:GUESSES_MOST]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "did you mean …?" to append to a message; empty when no name is similar."""
    found = similar(name, known)
    return f"; did you mean {', '.join(found)}?" if found else ""
