"""The rank of a message: the priority table as small integers, one lookup per message."""

from collections.abc import Mapping
from itertools import count

from messages.priority import Priority

SIGNAL = len(Priority)
"""The system lane, before every priority."""
DEFERRED = SIGNAL + 1
"""The rank of deferred entries (see `deferred_entries`); no message has it."""
LANES = len(Priority)


class Priorities(dict[type, int]):
    """Message class -> rank, in 30 ns. A class outside the table has the rank of its nearest base.

    A class without such a base is MEDIUM, since `tell` never raises; `unranked` collects these classes.
    """

    def __init__(self, priorities: Mapping[type, Priority]) -> None:
        super().__init__({message: int(priority) for message, priority in priorities.items()})
        self._named = frozenset(priorities)
        self.unranked: set[type] = set()
        # `next` on a count is one C call, hence exact without a lock.
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
        """Count the messages of that rank that mailboxes accepted."""
        value = self.accepted[rank].__reduce__()[1][0]
        return int(value)
