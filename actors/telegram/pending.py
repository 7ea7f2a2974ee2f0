"""What the chat actor waits for: answers to a user's request, the result of a confirmed command."""

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
class ChatUser:
    """An authorized user, and the chat of the request."""

    user_id: int
    chat_id: int
    role: Role
    words: Words


@dataclass(slots=True)
class PendingRequest:
    """A request waiting for answers to the questions `open`; `then` gets it with the answers that came in time.

    `message_id`: the message that shows the result, 0: a new one.
    """

    user: ChatUser
    request: Request
    then: Callable[["PendingRequest"], None]
    message_id: int = 0
    open: set[str] = field(default_factory=set)
    answers: list[Message] = field(default_factory=list)
    accounts: tuple[AccountId, ...] = ()
    update_id: int = 0

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
class RunningCommand:
    """A confirmed command until its result is shown. `targets`: the known positions concerned.

    `press`: the unanswered press that confirmed it, else None. `until_ns` (wall time): until then it is repeated while
    the supervisor is not ready; 0: never. `looks`: the reads of its positions.
    """

    user: ChatUser
    command: Command
    text: Markup
    message_id: int
    targets: frozenset[PositionId] = frozenset()
    looks: int = 0
    shown: str = ""
    press: IncomingPress | None = None
    until_ns: int = 0
