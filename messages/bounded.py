"""A map that drops its oldest entries."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedMap(OrderedDict[K, V], Generic[K, V]):
    """Holds at most `most` entries; a new one beyond that removes the oldest.

    Setting a key again keeps its age; `move_to_end` makes it the youngest. Removing the oldest takes constant time; a
    plain dict walks over all earlier removals.
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
