"""What the actors need of the outside world; adapters satisfy these Protocols and never import them.

Every call returns at once: an answer comes back later, as a message given to `deliver` or `done`.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from messages.base import Message
from messages.journal import AppendStep, Replayed
from messages.statement import Statement


class Clock(Protocol):
    """Time from outside. Wall time may jump; durations are measured on the monotonic clock."""

    def time_ns(self) -> int: ...

    def monotonic_ns(self) -> int: ...


class Log(Protocol):
    """One canonical line: a level of the log, what happened, and named fields. Never blocks, never raises."""

    def __call__(self, level: str, event: str, /, **fields: str) -> None: ...


class Venue(Protocol):
    """One account at one exchange. It classifies answers, and decides nothing: no retries of its own.

    Accepts SubmitOpening | SubmitReducing | SubmitEmergency | SubmitProtection (answered by exactly one of
    OrderAccepted, OrderRejected, OutcomeUnknown, NotExecuted), CancelOrder (OrderReport, CancelRejected,
    OutcomeUnknown, NotExecuted), QueryOrder (OrderReport, OrderNotFound, QueryFailed), FetchFills (FillReport
    each, then FillsFetched; OrderNotFound where the order itself is unknown; or QueryFailed), SetLeverage
    (SettingApplied, SettingRefused), FetchPositions, FetchOpenOrders, FetchBalance,
    FetchTrades (their report, or FetchFailed).
    Unasked it delivers VenueUp/VenueDown, StreamUp/StreamDown, StreamMute/StreamHeard, AccountModes, OrderReport
    and FillReport of our orders, MarkReport, LeverageChanged, MarginCall, RulesReport, StrayEvent.
    """

    def start(self, deliver: Callable[[Message], None]) -> None:
        """Connect and keep trying; never raises because the venue is unreachable."""
        ...

    def request(self, message: Message) -> None: ...

    def stop(self, deadline_ms: int) -> None:
        """Let what was sent be answered until the deadline, then close. May block; not called by actors."""
        ...


class JournalStore(Protocol):
    """Durable, checksummed, append-only. Calls are answered in the order they were made.

    `doubtful`, as it is while `done(why)` is called: a process that dies before the next commit may find the steps on
    the disk all the same.
    """

    @property
    def doubtful(self) -> bool: ...

    def append(self, steps: Sequence[AppendStep], done: Callable[[Statement | None], None]) -> None:
        """Make all steps durable in one commit; `done(None)` after it, `done(why)` when none of it is durable."""
        ...

    def replay(self, ordinal: int, done: Callable[[Replayed], None]) -> None:
        """Read the latest snapshot of a position and the events after it, or what is damaged."""
        ...

    def history(self, ordinal: int, done: Callable[[tuple[bytes, ...]], None]) -> None:
        """Read every event of a position, encoded."""
        ...


class Chat(Protocol):
    """The owner's chat. Accepts SendText, EditText (each answered by exactly one TextSent or SendFailed to its
    `reply_to`), AnswerPress, PublishMenu, UpdateKept. Unasked it delivers Incoming updates, ChatUp, ChatDown.
    """

    def request(self, message: Message) -> None: ...


class Channel(Protocol):
    """A second way out. Accepts PostNotice (answered by exactly one Posted or PostFailed) and SendPing."""

    def request(self, message: Message) -> None: ...
