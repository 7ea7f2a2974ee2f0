"""A growing set of integers that are assigned in a row; its memory grows with the gaps. Pure."""

from bisect import bisect_right
from collections.abc import Collection, Iterator


class Spans(Collection[int]):
    """`_starts` and `_ends`: ascending; an end is the last number of its span."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    @property
    def spans(self) -> int:
        """The number of spans."""
        return len(self._starts)

    def add(self, number: int) -> None:
        """Add a number; O(log n), or O(n) where spans are added or joined."""
        at = bisect_right(self._starts, number)
        if at and number <= self._ends[at - 1]:
            return
        after = at < len(self._starts) and self._starts[at] == number + 1
        before = at > 0 and self._ends[at - 1] == number - 1
        if before and after:
            del self._starts[at], self._ends[at - 1]
        elif before:
            self._ends[at - 1] = number
        elif after:
            self._starts[at] = number
        else:
            self._starts.insert(at, number)
            self._ends.insert(at, number)

    def __contains__(self, number: object) -> bool:
        at = bisect_right(self._starts, number) if isinstance(number, int) else 0
        return at > 0 and isinstance(number, int) and number <= self._ends[at - 1]

    def __iter__(self) -> Iterator[int]:
        for start, end in zip(self._starts, self._ends, strict=True):
            yield from range(start, end + 1)

    def __len__(self) -> int:
        return sum(end - start + 1 for start, end in zip(self._starts, self._ends, strict=True))
