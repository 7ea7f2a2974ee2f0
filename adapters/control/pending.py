"""Requests that wait for their answer message, completed by command id. Used on one event loop only."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

from messages.base import Message
from messages.commands import Command
from messages.reconciliation import DiscrepanciesAnswer, ReconcileAnswer
from messages.reports import HistoryAnswer, PositionsAnswer, StatusAnswer
from messages.requests import Reply
from messages.types import CommandId

Answer = Reply | PositionsAnswer | StatusAnswer | HistoryAnswer | ReconcileAnswer | DiscrepanciesAnswer
ANSWERS = (Reply, PositionsAnswer, StatusAnswer, HistoryAnswer, ReconcileAnswer, DiscrepanciesAnswer)
WAITING_MAX = 1000
"""Requests of all callers that may wait at once; beyond it the API says that it is busy."""


class Busy(Exception):  # noqa: N818 - what it says to callers
    """Nothing was handed over: the supervisor's mailbox, or this table, is full."""


class Starting(Exception):  # noqa: N818 - what it says to callers
    """Nothing was handed over: the supervisor is not there yet."""


class Conflict(Exception):  # noqa: N818 - what it says to callers
    """The command id belongs to another command that is being carried out."""


class Stopping(Exception):  # noqa: N818 - what it says to callers
    """It was handed over, and the answer will not come: the supervisor stops."""


@dataclass(slots=True, kw_only=True)
class _Wait:
    """One command under way: `meaning` must be equal in a repetition; `callers` wait for `answer` to this `copy`."""

    meaning: str
    copy: str
    answer: asyncio.Future[Answer]
    callers: int = 0


class Pending:
    """A retried command joins the one that is still waiting instead of being sent again.

    After everybody has given up waiting it is sent again, as another copy. A final answer is one to all copies; any
    other is for the copy that it names, since a later one may still be on its way and come to something.
    """

    def __init__(self, submit: Callable[[Message], bool], started: Callable[[], bool] = lambda: True) -> None:
        """`started`: whether there is anybody to submit to."""
        self._submit, self._started = submit, started
        self._waiting: dict[CommandId, _Wait] = {}
        self._copies = count(1)
        self._closed = False

    async def ask(self, command: Command, meaning: str, timeout_s: float) -> Answer:
        """Hand the command over and wait for the answer to its id.

        Raises Busy, Starting, Conflict, Stopping, TimeoutError; after the last the same command may be asked again.
        """
        command_id = command.command_id
        wait = self._waiting.get(command_id)
        if wait is None:
            wait = self._hand_over(command, meaning)
        elif wait.meaning != meaning:
            raise Conflict
        wait.callers += 1
        try:
            # Shielded: one caller that gives up must not cancel another's wait for the same command.
            return await asyncio.wait_for(asyncio.shield(wait.answer), timeout_s)
        finally:
            wait.callers -= 1
            if not wait.callers and self._waiting.get(command_id) is wait:
                del self._waiting[command_id]

    def complete(self, answer: Answer) -> None:
        """An answer that nobody waits for any more is dropped: its effect is in the journal, not in it."""
        wait = self._waiting.get(answer.command_id)
        if wait is None or not _answers(wait, answer):
            return
        del self._waiting[answer.command_id]
        if not wait.answer.done():
            wait.answer.set_result(answer)

    def close(self) -> None:
        """Nothing is handed over from now on. What was handed over may be carried out: who waits is told so."""
        self._closed = True
        for wait in self._waiting.values():
            if not wait.answer.done():
                wait.answer.set_exception(Stopping())
                wait.answer.exception()  # Seen: whoever gave up in this moment is not complained about.
        self._waiting.clear()

    def _hand_over(self, command: Command, meaning: str) -> _Wait:
        if self._closed or len(self._waiting) >= WAITING_MAX:
            raise Busy
        copy = f"control#{next(self._copies)}"
        wait = _Wait(meaning=meaning, copy=copy, answer=asyncio.get_running_loop().create_future())
        # Registered before the hand-over: the answer may come on another thread before submit returns.
        self._waiting[command.command_id] = wait
        submitted = False
        try:
            submitted = self._submit(replace(command, causation_id=copy))
        finally:
            if not submitted:
                del self._waiting[command.command_id]
        if not submitted:
            raise Busy if self._started() else Starting
        return wait


def _answers(wait: _Wait, answer: Answer) -> bool:
    if answer.causation_id in ("", wait.copy):
        return True
    return not isinstance(answer, Reply) or answer.code.final
