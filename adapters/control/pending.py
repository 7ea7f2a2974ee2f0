"""Requests that wait for their answer, matched by command id. Used on one event loop only."""

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
"""Waiting requests of all callers; beyond the limit the API answers `busy`."""


class Busy(Exception):  # noqa: N818 - a result for callers
    """Not submitted: the supervisor's mailbox, or this table, is full."""


class Starting(Exception):  # noqa: N818 - a result for callers
    """Not submitted: the supervisor has not started."""


class Conflict(Exception):  # noqa: N818 - a result for callers
    """The command id belongs to another command in progress."""


class Stopping(Exception):  # noqa: N818 - a result for callers
    """Submitted, but no answer will come: the supervisor stops."""


@dataclass(slots=True, kw_only=True)
class _Wait:
    """One command in progress. A repetition must have an equal `meaning`; `callers` wait for `answer` to this
    `copy`.
    """

    meaning: str
    copy: str
    answer: asyncio.Future[Answer]
    callers: int = 0


class Pending:
    """A retried command joins its waiting original instead of being submitted again.

    After every caller has timed out it is submitted again, as another copy. A final answer completes all copies; any
    other answer completes the copy it names, since a later copy may still succeed.
    """

    def __init__(self, submit: Callable[[Message], bool], started: Callable[[], bool] = lambda: True) -> None:
        """`submit` must not block; False: the mailbox is full. `started`: whether the supervisor runs."""
        self._submit, self._started = submit, started
        self._waiting: dict[CommandId, _Wait] = {}
        self._copies = count(1)
        self._closed = False

    async def ask(self, command: Command, meaning: str, timeout_s: float) -> Answer:
        """Submit the command and wait for the answer to its id.

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
            # Shielded: one caller's timeout must not cancel another's wait for the same command.
            return await asyncio.wait_for(asyncio.shield(wait.answer), timeout_s)
        finally:
            wait.callers -= 1
            if not wait.callers and self._waiting.get(command_id) is wait:
                del self._waiting[command_id]

    def complete(self, answer: Answer) -> None:
        """Complete a waiting request. An answer without one is dropped: the journal has its effect."""
        wait = self._waiting.get(answer.command_id)
        if wait is None or not _answers(wait, answer):
            return
        del self._waiting[answer.command_id]
        if not wait.answer.done():
            wait.answer.set_result(answer)

    def close(self) -> None:
        """Submit nothing from now on; waiting callers get Stopping, since their command may still be executed."""
        self._closed = True
        for wait in self._waiting.values():
            if not wait.answer.done():
                wait.answer.set_exception(Stopping())
                wait.answer.exception()  # Retrieved, so that asyncio logs no error of a caller that has just timed out.
        self._waiting.clear()

    def _hand_over(self, command: Command, meaning: str) -> _Wait:
        if self._closed or len(self._waiting) >= WAITING_MAX:
            raise Busy
        copy = f"control#{next(self._copies)}"
        wait = _Wait(meaning=meaning, copy=copy, answer=asyncio.get_running_loop().create_future())
        # Registered before submission: the answer may come on another thread before submit returns.
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
