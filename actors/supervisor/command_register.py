"""Which command each id stands for, and what was answered to it. Pure bookkeeping of the intake.

An id that was given once means that command for good: repeated it is the same command, with another kind or content
it is refused. One copy of a command is under way at a time; whoever says it again waits for the same answer.
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
"""Ids at hand. Those of a position that is not over, and of the last day, are found in the journal after a start."""


@dataclass(slots=True)
class Asked:
    """One id. `askers` wait for an answer, each with its name for the copy that it sent; `answer` is final; `copy` is
    the message that is being handled now. `kept`: the journal has what the id stands for. `opens`: it
    would open more, so that nothing of it takes from the reserve of a full disk. `doubtful`: a copy of it was under way
    and its end is not known here, so that only the histories of positions can tell it. `command` is what was asked
    last, where it was asked in this life.
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
class Register:
    """By id, oldest first. What is under way is never let go."""

    ids: OrderedDict[CommandId, Asked] = field(default_factory=OrderedDict)

    @classmethod
    def of(cls, records: Iterable[CommandTaken | CommandDecided]) -> "Register":
        """From the journal's records, oldest first."""
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
        """The entry of this id, made where there is none."""
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
