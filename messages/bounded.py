"""A map that drops its oldest entries."""

from collections.abc import Iterable, MutableMapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
GAPS_LEAST = 64
"""So many entries are removed before the map is packed, however small it is."""
GAPS_PART = 16
"""Of a large map the part that is removed before it is packed: some 20 entries are moved for each one removed."""


class BoundedMap(dict[K, V], Generic[K, V]):
    """Holds at most `most` entries; a new one beyond that removes the oldest.

    Setting a key again keeps its age; `move_to_end` makes it the youngest. It is a dict: an OrderedDict takes four
    times the memory. A dict keeps the places of removed entries and walks over them, so it is packed now and then.
    """

    def __init__(self, most: int, entries: Iterable[tuple[K, V]] = ()) -> None:
        super().__init__()
        self.most = most
        self._gaps = 0
        for key, value in entries:
            self[key] = value

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > self.most:
            del self[next(iter(self))]
            self._pack()

    setdefault = MutableMapping.setdefault  # which set one key at a time; dict's do not
    update = MutableMapping.update

    def move_to_end(self, key: K) -> None:
        """Raises KeyError where there is none."""
        super().__setitem__(key, self.pop(key))
        self._pack()

    def _pack(self) -> None:
        self._gaps += 1
        if self._gaps > max(GAPS_LEAST, self.most // GAPS_PART):
            kept = dict(self)
            self.clear()
            super().update(kept)
            self._gaps = 0
