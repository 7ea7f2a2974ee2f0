"""Asking the other actors: a task waits for its answers, or for its deadline, and then goes on."""

from dataclasses import replace

from actors.ports import Chat, Log
from actors.runtime.actor import Context
from actors.telegram.messenger import Settings, Speaking
from actors.telegram.pending import Task
from actors.telegram.views import Page
from messages.base import Message
from messages.commands import (
    Command,
    ListPositions,
    ReadStatus,
)
from messages.reconciliation import ListDiscrepancies
from messages.telegram import (
    Tick,
)
from messages.types import Address, CommandId

SUPERVISOR = Address("supervisor")
ANSWER_NS = 4 * 1_000_000_000
DISCREPANCIES_MOST = 1_000
NO_ID = CommandId("")
"""Filled in when the question is told."""


class Asking(Speaking):
    """An actor whose conversations wait for answers without waiting itself."""

    def __init__(self, context: Context, *, settings: Settings, chat: Chat, log: Log) -> None:
        super().__init__(context, settings=settings, chat=chat, log=log)
        self._tasks: dict[int, Task] = {}
        self._asked: dict[str, int] = {}

    def _ask(self, task: Task, *questions: Command, within_ns: int = ANSWER_NS) -> None:
        """Tell each question to who knows it; `then` is called with all answers, or at the deadline."""
        key = self._number()
        self._tasks[key] = task
        for question in questions:
            command_id = CommandId(f"tq-{self.context.incarnation}-{self._number()}")
            task.open.add(command_id)
            self._asked[command_id] = key
            told = replace(question, command_id=command_id, reply_to=Address(self.context.address))
            self.context.tell(SUPERVISOR, told)
        self._await(key, task, within_ns)

    def _await(self, key: int, task: Task, within_ns: int) -> None:
        if not task.open:
            self._complete(key)
            return
        self.context.schedule(f"task/{key}", within_ns, Tick(topic=f"task/{key}"))

    def _have(self, question: str, answer: Message) -> None:
        key = self._asked.pop(question, 0)
        task = self._tasks.get(key)
        if task is None:
            return  # it came too late, or was somebody else's
        task.open.discard(question)
        task.answers.append(answer)
        if not task.open:
            self._complete(key)

    def _complete(self, key: int) -> None:
        task = self._tasks.pop(key, None)
        if task is None:
            return
        self.context.cancel(f"task/{key}")
        for question in task.open:
            self._asked.pop(question, None)
        task.then(task)

    def _silence(self, task: Task) -> None:
        text = task.who.words("The supervisor does not answer; it may be very busy. Try again.")
        self._show(task.who, Page(text=text), task.message_id)


def positions() -> ListPositions:
    """All of them, those that are over as well."""
    return ListPositions(command_id=NO_ID, terminal=True)


def discrepancies() -> ListDiscrepancies:
    """All that are remembered, those that are over as well."""
    return ListDiscrepancies(command_id=NO_ID, most=DISCREPANCIES_MOST)


def status() -> ReadStatus:
    return ReadStatus(command_id=NO_ID)
