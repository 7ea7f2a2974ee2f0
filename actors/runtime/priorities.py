"""Which lane a message travels in: the priority table turned into small integers, looked up once per message."""

from collections.abc import Mapping
from itertools import count

from messages.priority import Priority

SIGNAL = len(Priority)
"""The system lane, before every priority."""
VOUCHER = SIGNAL + 1
"""Rank of entries that stand for a message (see `vouchers`); never the rank of a message."""
LANES = len(Priority)


class Ranks(dict[type, int]):
    """Message class -> rank, in 30 ns. A class that the table does not name takes its nearest base's rank.

    A message without any is MEDIUM, because a tell never raises, and is listed in `unranked`, because
    the one table should name it.
    """

    def __init__(self, priorities: Mapping[type, Priority]) -> None:
        super().__init__({message: int(priority) for message, priority in priorities.items()})
        self._named = frozenset(priorities)
        self.unranked: set[type] = set()
        # `next` on a count is one C call, hence exact without a lock, whoever tells at the same time.
        self.accepted = tuple(count() for _ in range(LANES))

    def __missing__(self, message: type) -> int:
        for base in message.__mro__[1:]:
            if base in self._named:
                rank = self[base]
                break
        else:
            rank = int(Priority.MEDIUM)
            self.unranked.add(message)
        self[message] = rank
        return rank

    def accepted_total(self, rank: int) -> int:
        """How many messages of that rank mailboxes took so far; reading does not count."""
        value = self.accepted[rank].__reduce__()[1][0]
        return int(value)
