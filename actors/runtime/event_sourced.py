"""The event-sourced actor: persist, then act. The terms are Akka Persistence's.

    persist ---AppendStep--> journal ---Committed-----> `state` advances, `persisted`
                                     ---CommitFailed--> `persist_failed` decides whether the step is offered again
    start -----Replay------> journal ---Replayed------> the latest snapshot, and the events after it

Persist, then act: a decision is events and effects, durable as one unit. After the commit the journal sends the
effects, `state` advances, and the actor does what the commit allows: timers, logs, published views.

Send once: a step keeps its version however often it is offered, and the journal accepts a version once, so its effects
are sent once. Recovery repeats no effect; the actor queries its outcome.

`OnDamage` is the policy for a damaged record; the other differences between histories are fields of `HistorySpec`.
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
"""Most decisions in one append."""


def damaged(text: Statement, position_id: PositionId | None = None) -> Notify:
    """Return the notice of a damaged record. `text`: the record and its damage.

    The notice's id makes it unique; one about a position ends when that position is retired.
    """
    statement = Storage.DAMAGED(text=text)
    return Notify(severity=Severity.CRITICAL, text=statement, notice_id=str(statement), position_id=position_id)


S = TypeVar("S")
T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class OnDamage(Enum):
    """The policy for a record that is altered, missing or undecodable."""

    FAIL = "fail"
    """Recovery raises, and the actor ends in quarantine: half a position's history would be a wrong position."""
    GO_ON = "go on"
    """Continue from the intact records before it; for histories without money. The owner gets a notice, and the next
    step has a snapshot, so that the damage is not read again.
    """


class Persisting(Enum):
    """The handling of decisions that follow while a step is at the journal."""

    STASHED = "stashed"
    """There are none: the mailbox is suspended until the answer, as by Akka's `persist`."""
    GROUPED = "grouped"
    """They wait and share the next append."""
    PIPELINED = "pipelined"
    """Each is sent at once; the journal answers in order."""


class Retry(Enum):
    """What follows a step that the disk refused."""

    NEVER = "never"
    """Drop it: it has not happened."""
    WHOLE = "whole"
    """Offer the same step again; `persisted` or `persist_failed` follows."""
    EVENTS = "events"
    """Offer the events without the effects until the disk accepts them: `persist_failed` has acted already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots(Generic[S]):
    """One snapshot per `every` events, so recovery folds fewer. `decode` raises codec.DecodeError."""

    every: int
    encode: Callable[[S], bytes]
    decode: Callable[[bytes], S]

    @classmethod
    def of(cls, state: type[S], *, every: int) -> "Snapshots[S]":
        """Return the snapshots of a state that is a record of the codec."""
        return cls(every=every, encode=codec.encode, decode=partial(codec.decode_as, cls=state))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredHistory(Generic[S]):
    """The recovered state, the version that the next step follows, and the damage, NOTHING: none."""

    state: S
    version: int = 0
    damage: Statement = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySpec(Generic[S]):
    """The name, folding and persistence of one history. Positions have ordinals from 1, other histories 0 and below.

    `after_loss(state, lost)` skips the numbers that `lost` events may have assigned, so that none is assigned twice.
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
        """Return the state after these events; `start` None: from the empty state."""
        return reduce(self.evolve, events, self.empty() if start is None else start)

    def recovered(self, found: Replayed | None) -> RecoveredHistory[S]:
        """Fold what the journal has (None: nothing). The whole damage policy is here.

        Under `OnDamage.FAIL` raises codec.DecodeError or LookupError for undecodable records, and ValueError for damage
        that the journal found.
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
        """Return the snapshot's state; None: no snapshot. Raises codec.DecodeError for one that cannot be decoded."""
        return self.snapshots.decode(found.snapshot) if self.snapshots and found.snapshot is not None else None


class Owner(Protocol[T_contra]):
    """The actor that owns a history. `about` is the argument it passed to `persist`."""

    def persisted(self, about: T_contra) -> None:
        """Act on the commit: the step is durable, its effects are sent, `state` includes it."""

    def persist_failed(self, about: T_contra, failure: CommitFailed) -> Retry:
        """Return how to proceed: nothing of the step is durable or sent."""


@dataclass(slots=True)
class _Decision(Generic[S, T]):
    """One call of `persist`. `settled`: its owner needs no further answer."""

    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    about: T
    after: S
    reducing: bool
    settled: bool = False


@dataclass(slots=True)
class _Append(Generic[S, T]):
    """One step at the journal, and the history's version after it."""

    version: int
    decisions: list[_Decision[S, T]]


class EventSourced(Generic[S, T]):
    """`state`: the durable state. `ahead`: the state after every decision that is waiting or at the journal."""

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
        """Return the history of an actor instance. `start` serves the first instance; later ones replay the journal."""
        made = cls(spec, start if context.incarnation == 1 else None)
        made.begin(context, owner)
        return made

    def begin(self, context: Context, owner: Owner[T]) -> None:
        """Attach an actor instance, which receives the answers from now on."""
        self._context, self._owner = context, owner

    def start(self) -> bool:
        """Return whether `state` is known; if not, suspend the mailbox until `signal` receives the journal's answer."""
        if self._ready:
            self._report_damage()
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
        """Make events and effects durable as one unit, after all earlier ones.

        `after`: the state then, None: fold it. `reducing`: the step may use the reserve of a full disk.
        """
        self.ahead = self.spec.fold(events, self.ahead) if after is None else after
        self._waiting.append(_Decision(events, effects, about, self.ahead, reducing))
        if self.spec.persisting is Persisting.STASHED:
            self._context.suspend()
        self._send()

    def signal(self, message: Message) -> bool:
        """Apply the journal's answer. False: an answer to an earlier instance.

        Raises TypeError for a message that the journal does not send.
        """
        match message:
            case Replayed():
                return self._recovered(message)
            case Committed() | CommitFailed():
                return self._on_answer(message)
            case _:
                raise TypeError(f"{self._context.address} does not know the signal {type(message).__name__}")

    @property
    def refusing(self) -> bool:
        """Whether the disk refused the latest attempt."""
        return self._attempt > 0

    @property
    def known(self) -> S:
        """The state to act on: the durable one, or `ahead` while the disk refuses."""
        return self.ahead if self.refusing else self.state

    def pending(self) -> Iterator[T]:
        """Yield the `about` of every decision that is not durable, oldest first."""
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
        self._report_damage()
        self._context.resume()
        return True

    def _report_damage(self) -> None:
        if self.damage:
            self._context.tell(NOTIFIER, damaged(Storage.AT(where=self.spec.name, why=self.damage)))

    def _send(self) -> None:
        """Send the waiting decisions that may be at the journal now."""
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

    def _on_answer(self, message: Committed | CommitFailed) -> bool:
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
        """Keep the steps to retry before later decisions; fold those again without the dropped ones."""
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
