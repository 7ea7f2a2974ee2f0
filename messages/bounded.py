"""A map that forgets its oldest entries."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedMap(OrderedDict[K, V], Generic[K, V]):
    """Holds at most `most` entries: a new one beyond that removes the oldest.

    A key that is set again keeps its age; `move_to_end` makes it the youngest. Removal of the oldest takes constant
    time, which it does not in a plain dict: that one walks over every entry that it has removed before.
    """

    def __init__(self, most: int, entries: Iterable[tuple[K, V]] = ()) -> None:
        super().__init__()
        self.most = most
        for key, value in entries:
            self[key] = value

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > self.most:
            self.popitem(last=False)
