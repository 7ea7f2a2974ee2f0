"""The actors' ports: Protocols that adapters satisfy without importing them.

Every call returns at once: an answer arrives later, as a message passed to `deliver` or `done`.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from messages.base import Message
from messages.journal import AppendStep, Replayed
from messages.statement import Statement


class Clock(Protocol):
    """Injected time. Wall time may jump; durations are measured on the monotonic clock."""

    def time_ns(self) -> int:
        """Return wall time in nanoseconds since 1970, UTC."""
        ...

    def monotonic_ns(self) -> int:
        """Return monotonic time in nanoseconds since an arbitrary start."""
        ...


class Log(Protocol):
    """Write one canonical line: level, event, named fields. Never blocks, never raises."""

    def __call__(self, level: str, event: str, /, **fields: str) -> None: ...


class Venue(Protocol):
    """One account at one exchange. It classifies answers and does not retry.

    Accepts SubmitOpening | SubmitReducing | SubmitEmergency | SubmitProtection (answered by exactly one of
    OrderAccepted, OrderRejected, OutcomeUnknown, NotExecuted), CancelOrder (OrderReport, CancelRejected,
    OutcomeUnknown, NotExecuted), QueryOrder (OrderReport, OrderNotFound, QueryFailed), FetchFills (each FillReport,
    then FillsFetched; OrderNotFound for an unknown order; or QueryFailed), SetLeverage (SettingApplied,
    SettingRefused), FetchPositions, FetchOpenOrders, FetchBalance, FetchTrades (their report, or FetchFailed).
    Unrequested it delivers VenueUp/VenueDown, StreamUp/StreamDown, StreamMute/StreamHeard, AccountModes, OrderReport
    and FillReport of our orders, MarkReport, LeverageChanged, MarginCall, RulesReport, StrayEvent.
    """

    def start(self, deliver: Callable[[Message], None]) -> None:
        """Connect and keep trying; never raises for an unreachable venue."""
        ...

    def request(self, message: Message) -> None:
        """Send one of the accepted messages to the venue; its answer arrives through `deliver`."""
        ...

    def stop(self, deadline_ms: int) -> None:
        """Await the answers in flight for at most `deadline_ms`, then close. May block; not called by actors."""
        ...


class JournalStore(Protocol):
    """Durable, checksummed, append-only. Calls are answered in order.

    `doubtful`, valid during `done(why)`: if the process dies before the next commit, the steps may be on disk after
    all.
    """

    @property
    def doubtful(self) -> bool:
        """Whether the failed steps may be on disk after all; valid during `done(why)`."""
        ...

    def append(self, steps: Sequence[AppendStep], done: Callable[[Statement | None], None]) -> None:
        """Make all steps durable in one commit, then `done(None)`; `done(why)` if none of them is durable."""
        ...

    def replay(self, ordinal: int, done: Callable[[Replayed], None]) -> None:
        """Read the latest snapshot of a history and the events after it, or its damage."""
        ...

    def history(self, ordinal: int, done: Callable[[tuple[bytes, ...]], None]) -> None:
        """Read every event of a position, encoded."""
        ...


class Chat(Protocol):
    """The owner's chat.

    Accepts SendText, EditText (each answered by exactly one TextSent or SendFailed to its `reply_to`), AnswerPress,
    PublishMenu, UpdateKept. Unrequested it delivers Incoming updates, ChatUp, ChatDown.
    """

    def request(self, message: Message) -> None:
        """Send one of the accepted messages to the chat."""
        ...


class Channel(Protocol):
    """A second notification channel. Accepts PostNotice (answered by exactly one Posted or PostFailed) and SendPing."""

    def request(self, message: Message) -> None:
        """Send one of the accepted messages to the channel."""
        ...
