"""The durable history of an actor that is no position: events go to the journal first, then they count.

One append is in flight at a time; what comes meanwhile shares the next one. Where the disk refuses, facts
that must not be lost (`vital`) count in memory and are offered again until it takes them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar

from actors.runtime.actor import Context
from messages.base import Event, Message
from messages.journal import AppendStep, CommitFailed, Committed, Effect, Replay, Replayed
from messages.requests import Notify
from messages.statement import NOTHING, Statement
from messages.types import Address, PositionId, Severity
from messages.wording import Storage

JOURNAL = Address("journal")
SNAPSHOT_EVERY = 64
"""Events between two snapshots: a start folds fewer than this."""
GROUP_MOST = 256
"""Batches in one append."""

NOTIFIER = Address("notifier")


def damaged(text: Statement, position_id: PositionId | None = None) -> Notify:
    """The notice of a record, sent once: `text` says whose it is and what is wrong with it.

    Where it is a position's, the notice is over when the position is retired.
    """
    told = Storage.DAMAGED(text=text)
    return Notify(severity=Severity.CRITICAL, text=told, notice_id=str(told), position_id=position_id)


S = TypeVar("S")
Done = Callable[[Statement], None]
"""Called once with the outcome: NOTHING, or why the batch is not durable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What is durable at the start: the latest snapshot (None: none), its version, the events after it."""

    snapshot: bytes | None = None
    snapshot_version: int = 0
    events: tuple[Event, ...] = ()
    version: int = 0
    """What the next step follows; 0: what the events come to."""
    damage: Statement = NOTHING

    @classmethod
    def of(cls, found: Replayed) -> "Past":
        return cls(
            snapshot=found.snapshot,
            snapshot_version=found.snapshot_version,
            events=found.events,
            version=found.version,
            damage=found.damage,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape(Generic[S]):
    """How a history is folded and written; `ordinal` is at most 0, positions count from 1."""

    ordinal: int
    name: str
    blank: S
    evolve: Callable[[S, Event], S]
    encode: Callable[[S], bytes]
    decode: Callable[[bytes], S]

    def fold(self, events: Sequence[Event]) -> S:
        return reduce(self.evolve, events, self.blank)


@dataclass(slots=True)
class _Batch:
    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    vital: bool
    done: Done | None


class Ledger(Generic[S]):
    """`state` is what is durable, `ahead` with all that is on its way there."""

    def __init__(self, context: Context, shape: Shape[S], past: Past) -> None:
        self._context = context
        self._shape = shape
        self._waiting: list[_Batch] = []
        self._flight: list[_Batch] = []
        self._attempt = 0
        self._version = 0
        self._anchor = False
        self.state = self.ahead = shape.blank
        self._load(past)

    def keep(
        self, *events: Event, effects: tuple[Effect, ...] = (), vital: bool = True, done: Done | None = None
    ) -> None:
        """Make these durable as one unit; `effects` leave after that, and `done` is called."""
        self._waiting.append(_Batch(events, effects, vital, done))
        self.ahead = reduce(self._shape.evolve, events, self.ahead)
        if not self._flight:
            self._flush()

    def recover(self) -> None:
        """In a later life: read the history again; the mailbox waits until `signal` has had the answer."""
        self._context.suspend()
        self._context.tell(JOURNAL, Replay(sender=Address(self._context.address), ordinal=self._shape.ordinal))

    def signal(self, message: Message) -> bool:
        """The journal's word. True when what is durable has changed."""
        if isinstance(message, Replayed):
            self._load(Past.of(message))
            if message.damage:
                self._context.tell(NOTIFIER, damaged(Storage.AT(where=self._shape.name, why=message.damage)))
            self._context.resume()
            return True
        if not isinstance(message, Committed | CommitFailed) or not self._flight or message.version != self._target:
            return False  # the answer to a question of an earlier life
        if isinstance(message, CommitFailed):
            self._refused(message.why)
        else:
            self._durable()
        self._flush()
        return True

    @property
    def known(self) -> S:
        """What may be acted on: the durable state; while the disk refuses, what we know without it."""
        return self.ahead if self._attempt else self.state

    @property
    def refusing(self) -> bool:
        """The disk refused the latest attempt; what is kept now waits for the next one."""
        return self._attempt > 0

    @property
    def _target(self) -> int:
        return self._version + sum(len(batch.events) for batch in self._flight)

    def _flush(self) -> None:
        if not self._waiting:
            return
        self._flight, self._waiting = self._waiting[:GROUP_MOST], self._waiting[GROUP_MOST:]
        events = tuple(event for batch in self._flight for event in batch.events)
        snapshot = None
        if self._anchor or self._target // SNAPSHOT_EVERY > self._version // SNAPSHOT_EVERY:
            snapshot = self._shape.encode(reduce(self._shape.evolve, events, self.state))
        self._context.tell(
            JOURNAL,
            AppendStep(
                correlation_id=events[0].correlation_id,
                sender=Address(self._context.address),
                position_id=PositionId(self._shape.name),
                ordinal=self._shape.ordinal,
                version=self._target,
                events=events,
                effects=tuple(effect for batch in self._flight for effect in batch.effects),
                reducing=True,
                snapshot=snapshot,
                attempt=self._attempt,
            ),
        )

    def _durable(self) -> None:
        self._version, flight, self._flight, self._attempt = self._target, self._flight, [], 0
        self._anchor = False
        for batch in flight:
            self.state = reduce(self._shape.evolve, batch.events, self.state)
        self._finish(flight, NOTHING)

    def _refused(self, why: Statement) -> None:
        """Vital facts are offered again, without the effects that their owner has been asked about."""
        flight, self._flight = self._flight, []
        kept = [_Batch(batch.events, (), True, None) for batch in flight if batch.vital]
        self._waiting = kept + self._waiting
        self._attempt += 1
        self.ahead = self.state
        for batch in self._waiting:
            self.ahead = reduce(self._shape.evolve, batch.events, self.ahead)
        self._finish(flight, why)

    def _finish(self, flight: list[_Batch], why: Statement) -> None:
        for batch in flight:
            if batch.done is not None:
                batch.done(why)

    def _load(self, past: Past) -> None:
        state = self._shape.blank if past.snapshot is None else self._shape.decode(past.snapshot)
        self.state = self.ahead = reduce(self._shape.evolve, past.events, state)
        self._version = past.version or past.snapshot_version + len(past.events)
        # What is damaged is never read again once a snapshot lies behind it.
        self._anchor = bool(past.damage)
        self._flight, self._waiting, self._attempt = [], [], 0
