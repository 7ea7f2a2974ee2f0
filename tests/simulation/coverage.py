"""Which troubles have met a position in which state, and at which moment of its orders."""

from collections import Counter

Cell = tuple[str, str, str]
"""Trouble, state of the position, moment."""
Cells = Counter[Cell]
