"""What the telegram actor has under way: questions that wait for answers, commands that wait for their end."""

from collections.abc import Callable
from dataclasses import dataclass, field

from actors.language.words import Words
from actors.telegram.grammar import Request
from messages.base import Message
from messages.commands import Command
from messages.reconciliation import DiscrepanciesAnswer
from messages.reports import HistoryAnswer, PositionsAnswer, StatusAnswer
from messages.status import Rows
from messages.telegram import IncomingPress, Role
from messages.text import Markup
from messages.types import AccountId, PositionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Somebody who may speak, and where."""

    user_id: int
    chat_id: int
    role: Role
    words: Words


@dataclass(slots=True)
class Task:
    """A request that waits for `open` answers; `then` has them all, or those that came in time.

    `message_id` is the message to put the result into, 0: a new one.
    """

    who: Who
    request: Request
    then: Callable[["Task"], None]
    message_id: int = 0
    open: set[str] = field(default_factory=set)
    answers: list[Message] = field(default_factory=list)
    accounts: tuple[AccountId, ...] = ()
    update_id: int = 0
    run: "Run | None" = None

    @property
    def positions(self) -> PositionsAnswer | None:
        return next((one for one in self.answers if isinstance(one, PositionsAnswer)), None)

    @property
    def discrepancies(self) -> DiscrepanciesAnswer | None:
        return next((one for one in self.answers if isinstance(one, DiscrepanciesAnswer)), None)

    @property
    def status(self) -> StatusAnswer | None:
        return next((one for one in self.answers if isinstance(one, StatusAnswer)), None)

    @property
    def rows(self) -> Rows:
        return self.status.rows if self.status is not None else ()

    @property
    def history(self) -> HistoryAnswer | None:
        return next((one for one in self.answers if isinstance(one, HistoryAnswer)), None)


@dataclass(slots=True)
class Run:
    """A confirmed command on its way. `targets` are the positions it is about, as far as they are known.

    `press` confirmed it, and still waits to be answered; None: it is. `until_ns`: until then (wall time) it is asked
    again where the supervisor is not ready; 0: it is not.
    """

    who: Who
    command: Command
    text: Markup
    message_id: int
    targets: frozenset[PositionId] = frozenset()
    looks: int = 0
    shown: str = ""
    press: IncomingPress | None = None
    until_ns: int = 0
