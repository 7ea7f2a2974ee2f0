"""One event-sourced actor: it persists, then it acts. The terms are Akka Persistence's.

    persist ---AppendStep--> journal ---Committed-----> `state` moves on, `persisted`
                                     ---CommitFailed--> `persist_failed` says whether the step is offered again
    start -----Replay------> journal ---Replayed------> the latest snapshot, and the events after it

Persist, then act: a decision is events and effects, durable as one unit. After the commit the journal sends the
effects, `state` moves on, and the actor does what the commit allows: timers, logs, what others see of it.

Send once: a step has the same version however often it is offered, and the journal takes a version once, so its effects
leave once. Recovery repeats no effect; the actor asks what became of it.

A damaged record has one of two answers (`OnDamage`), and everything else in which two histories differ is a field of
`HistorySpec`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial, reduce
from typing import Generic, Protocol, TypeVar

from actors.runtime.actor import Context
from messages import codec
from messages.addresses import JOURNAL, NOTIFIER
from messages.base import Event, Message
from messages.journal import AppendStep, CommitFailed, Committed, Effect, Replay, Replayed
from messages.requests import Notify
from messages.statement import NOTHING, Statement, verbatim
from messages.types import Address, CorrelationId, PositionId, Severity
from messages.wording import Storage

GROUP_MOST = 256
"""Decisions in one append."""


def damaged(text: Statement, position_id: PositionId | None = None) -> Notify:
    """The notice of a damaged record, sent once: `text` says whose record it is and what is wrong with it.

    The notice about a position ends when that position is retired.
    """
    told = Storage.DAMAGED(text=text)
    return Notify(severity=Severity.CRITICAL, text=told, notice_id=str(told), position_id=position_id)


S = TypeVar("S")
T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class OnDamage(Enum):
    """What a record that is altered, missing, or of another shape means to recovery."""

    FAIL = "fail"
    """Half a history is worse than none: recovery raises, and the actor ends in quarantine. For positions."""
    GO_ON = "go on"
    """Go on from what is intact before it: there is no money in this history. The owner gets a notice, and the next
    step has a snapshot, so that the damage is not read again."""


class Persisting(Enum):
    """What happens to the decisions that come while a step is at the journal."""

    STASHED = "stashed"
    """There are none: the mailbox is suspended until the answer, as by Akka's `persist`."""
    GROUPED = "grouped"
    """They wait, and share the next append."""
    PIPELINED = "pipelined"
    """Each is sent at once; the journal answers in order."""


class Retry(Enum):
    """What becomes of a step that the disk refused."""

    NEVER = "never"
    """It is dropped, and has not happened."""
    WHOLE = "whole"
    """The same step is offered again; `persisted` or `persist_failed` hears of it then."""
    EVENTS = "events"
    """The events are offered until the disk takes them, without the effects: `persist_failed` has acted already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots(Generic[S]):
    """One snapshot in `every` events: recovery folds fewer than this. `decode` raises codec.DecodeError."""

    every: int
    encode: Callable[[S], bytes]
    decode: Callable[[bytes], S]

    @classmethod
    def of(cls, state: type[S], *, every: int) -> "Snapshots[S]":
        """For a state that is a record of the codec."""
        return cls(every=every, encode=codec.encode, decode=partial(codec.decode_as, cls=state))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredHistory(Generic[S]):
    """What a history came to: the state, the version that the next step follows, and which record is damaged."""

    state: S
    version: int = 0
    damage: Statement = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySpec(Generic[S]):
    """How one history is named, folded and persisted. Positions have ordinals from 1, other histories 0 and below.

    `after_loss(state, lost)` skips the numbers that `lost` events may have given, so that none is given twice.
    """

    ordinal: int
    name: PositionId
    empty: Callable[[], S]
    evolve: Callable[[S, Event], S]
    persisting: Persisting
    on_damage: OnDamage
    snapshots: Snapshots[S] | None = None
    after_loss: Callable[[S, int], S] = lambda state, _: state

    def fold(self, events: Iterable[Event], start: S | None = None) -> S:
        """The state after these events; `start` None: from the beginning."""
        return reduce(self.evolve, events, self.empty() if start is None else start)

    def recovered(self, found: Replayed | None) -> RecoveredHistory[S]:
        """Fold what the journal has; None: nothing. This is the whole policy of damage.

        Under `OnDamage.FAIL` raises codec.DecodeError or LookupError for records of another shape, and ValueError for
        damage that the journal found.
        """
        if found is None:
            return RecoveredHistory(state=self.empty())
        intact, damage = found.snapshot_version + len(found.events), found.damage
        version = found.version or intact
        try:
            state = self.fold(found.events, self.snapshot_in(found))
        except (codec.DecodeError, LookupError) as error:
            if self.on_damage is OnDamage.FAIL:
                raise
            state, intact, damage = self.empty(), 0, damage or verbatim(error)
        if not damage:
            return RecoveredHistory(state=state, version=version)
        if self.on_damage is OnDamage.FAIL:
            raise ValueError(f"{self.name} cannot be rebuilt: {damage}")
        return RecoveredHistory(state=self.after_loss(state, version - intact), version=version, damage=damage)

    def snapshot_in(self, found: Replayed) -> S | None:
        """The state of the snapshot, None without one. Raises codec.DecodeError for a snapshot of another shape."""
        return self.snapshots.decode(found.snapshot) if self.snapshots and found.snapshot is not None else None


class Owner(Protocol[T_contra]):
    """The actor of a history. `about` is what it gave to `persist`."""

    def persisted(self, about: T_contra) -> None:
        """The step is durable, its effects have left, and `state` is the one after it."""

    def persist_failed(self, about: T_contra, failure: CommitFailed) -> Retry:
        """Nothing of the step is durable, and nothing of it has left."""


@dataclass(slots=True)
class _Decision(Generic[S, T]):
    """One call of `persist`. `settled`: its owner has had the last answer about it."""

    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    about: T
    after: S
    reducing: bool
    settled: bool = False


@dataclass(slots=True)
class _Append(Generic[S, T]):
    """One unit at the journal, and the version of the history after it."""

    version: int
    decisions: list[_Decision[S, T]]


class EventSourced(Generic[S, T]):
    """`state` is what is durable, `ahead` is that with every decision that is on its way to the journal."""

    __slots__ = (
        "_attempt", "_context", "_in_flight", "_owner", "_ready", "_waiting",
        "ahead", "damage", "spec", "state", "version",
    )  # fmt: skip
    _context: Context
    _owner: Owner[T]
    state: S
    ahead: S

    def __init__(self, spec: HistorySpec[S], start: RecoveredHistory[S] | None = None) -> None:
        """`start` None: the journal is read at `start`."""
        self.spec = spec
        self._waiting: list[_Decision[S, T]] = []
        self._in_flight: list[_Append[S, T]] = []
        self._attempt = 0
        self._ready = start is not None
        self._load(start or RecoveredHistory(state=spec.empty()))

    @classmethod
    def of(
        cls, context: Context, owner: Owner[T], spec: HistorySpec[S], start: RecoveredHistory[S] | None = None
    ) -> "EventSourced[S, T]":
        """The history of one life. What the composition read is the start of the first; later lives read themselves."""
        made = cls(spec, start if context.incarnation == 1 else None)
        made.begin(context, owner)
        return made

    def begin(self, context: Context, owner: Owner[T]) -> None:
        """A life of the actor begins: the answers are its own from now on."""
        self._context, self._owner = context, owner

    def start(self) -> bool:
        """Whether `state` is known. Where it is not, the mailbox waits until `signal` has had the journal's answer."""
        if self._ready:
            self._tell_damage()
        else:
            self._context.suspend()
            self._context.tell(JOURNAL, Replay(sender=Address(self._context.address), ordinal=self.spec.ordinal))
        return self._ready

    def persist(
        self,
        *events: Event,
        about: T,
        effects: tuple[Effect, ...] = (),
        after: S | None = None,
        reducing: bool = True,
    ) -> None:
        """Make these durable as one unit, after all earlier ones. `after` is the state then, where it is known.

        `reducing`: the step may use the reserve of a full disk.
        """
        self.ahead = self.spec.fold(events, self.ahead) if after is None else after
        self._waiting.append(_Decision(events, effects, about, self.ahead, reducing))
        if self.spec.persisting is Persisting.STASHED:
            self._context.suspend()
        self._send()

    def signal(self, message: Message) -> bool:
        """Take the journal's answer. False for the answer to a question of an earlier life.

        Raises TypeError for a message that the journal does not send.
        """
        match message:
            case Replayed():
                return self._recovered(message)
            case Committed() | CommitFailed():
                return self._answered(message)
            case _:
                raise TypeError(f"{self._context.address} does not know the signal {type(message).__name__}")

    @property
    def refusing(self) -> bool:
        """The disk refused the latest attempt; what is persisted now waits for the next one."""
        return self._attempt > 0

    @property
    def known(self) -> S:
        """What may be acted on: the durable state; while the disk refuses, the state without it."""
        return self.ahead if self.refusing else self.state

    def pending(self) -> Iterator[T]:
        """What the decisions are about that are not durable yet, oldest first."""
        for append in self._in_flight:
            yield from (decision.about for decision in append.decisions)
        yield from (decision.about for decision in self._waiting)

    def _load(self, recovered: RecoveredHistory[S]) -> None:
        self.state = self.ahead = recovered.state
        self.version, self.damage = recovered.version, recovered.damage

    def _recovered(self, message: Replayed) -> bool:
        if self._ready or message.ordinal != self.spec.ordinal:
            return False
        self._load(self.spec.recovered(message))
        self._ready = True
        self._tell_damage()
        self._context.resume()
        return True

    def _tell_damage(self) -> None:
        if self.damage:
            self._context.tell(NOTIFIER, damaged(Storage.AT(where=self.spec.name, why=self.damage)))

    def _send(self) -> None:
        """Ask the journal for as much as may be under way."""
        persisting = self.spec.persisting
        most = GROUP_MOST if persisting is Persisting.GROUPED else 1
        while self._waiting and (not self._in_flight or persisting is Persisting.PIPELINED):
            decisions, self._waiting = self._waiting[:most], self._waiting[most:]
            self._append(decisions)

    def _append(self, decisions: list[_Decision[S, T]]) -> None:
        before = self._in_flight[-1].version if self._in_flight else self.version
        events = tuple([event for decision in decisions for event in decision.events])
        version = before + len(events)
        snapshot, snapshots = None, self.spec.snapshots
        if snapshots and (self.damage or version // snapshots.every > before // snapshots.every):
            snapshot = snapshots.encode(decisions[-1].after)
        self._in_flight.append(_Append(version, decisions))
        self._context.tell(
            JOURNAL,
            AppendStep(
                correlation_id=events[0].correlation_id if events else CorrelationId(""),
                sender=Address(self._context.address),
                position_id=self.spec.name,
                ordinal=self.spec.ordinal,
                version=version,
                events=events,
                effects=tuple([effect for decision in decisions for effect in decision.effects]),
                reducing=all(decision.reducing for decision in decisions),
                snapshot=snapshot,
                attempt=self._attempt,
            ),
        )

    def _answered(self, message: Committed | CommitFailed) -> bool:
        if not self._in_flight or message.version != self._in_flight[0].version:
            return False
        if isinstance(message, CommitFailed):
            self._refused(message)
        else:
            self._durable()
        self._send()
        if self.spec.persisting is Persisting.STASHED and not self._in_flight:
            self._context.resume()
        return True

    def _durable(self) -> None:
        append = self._in_flight.pop(0)
        self.version, self.state = append.version, append.decisions[-1].after
        self._attempt, self.damage = 0, NOTHING
        for decision in append.decisions:
            if not decision.settled:
                self._owner.persisted(decision.about)

    def _refused(self, failure: CommitFailed) -> None:
        """What is offered again keeps its place before everything that was decided later."""
        decisions = self._in_flight[0].decisions
        again = [decision for decision in decisions if self._offered_again(decision, failure)]
        del self._in_flight[0]
        self._waiting[:0] = again
        self._attempt = self._attempt + 1 if again else 0
        if len(again) < len(decisions):
            self.ahead = self.state
            for decision in self._waiting:
                self.ahead = decision.after = self.spec.fold(decision.events, self.ahead)

    def _offered_again(self, decision: _Decision[S, T], failure: CommitFailed) -> bool:
        if decision.settled:
            return True
        retry = self._owner.persist_failed(decision.about, failure)
        if retry is Retry.EVENTS:
            decision.effects, decision.settled = (), True
        return retry is not Retry.NEVER
