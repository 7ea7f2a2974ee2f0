"""The command of each id and its answer. Pure bookkeeping for the intake.

An id stands for one command for good: repeated, it is the same command; with another kind or content it is refused. At
most one copy of a command is in progress; later copies wait for the same answer.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from messages.commands import Command
from messages.reconciliation import ReconcileAnswer
from messages.requests import CommandDecided, CommandTaken, Reply
from messages.types import Address, CommandId

Answer = Reply | ReconcileAnswer
ASKED_KEPT = 50_000
"""Ids in memory. After a start, those of open positions and of the last day are found in the journal."""


@dataclass(slots=True)
class Asked:
    """One command id.

    `askers`: the addresses that wait for an answer, each with the id of its copy. `answer`: the final one. `copy`: the
    message being handled. `kept`: the journal has the id's record. `opens`: it may increase exposure, so it must not
    use the reserve of a full disk. `doubtful`: a copy was in progress and its result is unknown here; only position
    histories may show it. `command`: the latest copy, if it came in this process.
    """

    meaning: str
    askers: tuple[tuple[Address, str], ...] = ()
    under_way: bool = False
    answer: Answer | None = None
    copy: Command | None = None
    kept: bool = False
    opens: bool = False
    doubtful: bool = False
    command: Command | None = None


@dataclass(slots=True)
class CommandRegister:
    """Ids, oldest first. One in progress is never dropped."""

    ids: OrderedDict[CommandId, Asked] = field(default_factory=OrderedDict)

    @classmethod
    def of(cls, records: Iterable[CommandTaken | CommandDecided]) -> "CommandRegister":
        """Return the register of the journal's records, oldest first."""
        register = cls()
        for record in records:
            if isinstance(record, CommandTaken):
                asked = register.note(record.command_id, record.meaning)
                asked.kept = asked.doubtful = True
            else:
                asked = register.note(record.reply.command_id, record.meaning)
                asked.answer, asked.kept, asked.doubtful = record.reply, True, False
        return register

    def note(self, command_id: CommandId, meaning: str) -> Asked:
        """Return the entry of this id; create it if there is none."""
        asked = self.ids.get(command_id)
        if asked is None:
            asked = self.ids[command_id] = Asked(meaning=meaning)
            self._let_go()
        return asked

    def _let_go(self) -> None:
        while len(self.ids) > ASKED_KEPT:
            oldest, asked = next(iter(self.ids.items()))
            if asked.under_way:
                self.ids.move_to_end(oldest)
                return
            del self.ids[oldest]
