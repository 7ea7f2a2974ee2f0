"""Persist, then act; send once; recover: an actor over a disk in memory that answers when the test says so."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from actors.journal import JournalActor
from actors.runtime import Actor, ActorSystem, Context, SimulatedDispatcher
from actors.runtime.event_sourced import (
    GROUP_MOST,
    EventSourced,
    HistorySpec,
    OnDamage,
    Persisting,
    RecoveredHistory,
    Retry,
    Snapshots,
)
from adapters.storage.memory import MemoryJournal
from messages import codec
from messages.addresses import NOTIFIER
from messages.base import Event, Message
from messages.events import OpeningsPaused
from messages.journal import CommitFailed, Committed, Effect, Replayed
from messages.priority import PRIORITY
from messages.requests import Notify, Wake
from messages.statement import NOTHING, verbatim
from messages.types import CommandId, PositionId

State = tuple[str, ...]


def event(name: str) -> OpeningsPaused:
    return OpeningsPaused(command_id=CommandId(name))


def evolve(state: State, happened: Event) -> State:
    assert isinstance(happened, OpeningsPaused)
    if happened.command_id == "unfoldable":
        raise KeyError(happened.command_id)
    return (*state, happened.command_id)


def decode(data: bytes) -> State:
    if data == b"another shape":
        raise codec.DecodeError("another shape")
    return tuple(data.decode().split())


SPEC: HistorySpec[State] = HistorySpec(
    ordinal=-1,
    name=PositionId("test"),
    empty=tuple,
    evolve=evolve,
    persisting=Persisting.GROUPED,
    on_damage=OnDamage.GO_ON,
    snapshots=Snapshots(every=64, encode=lambda state: " ".join(state).encode(), decode=decode),
    after_loss=lambda state, lost: (*state, *["lost"] * lost),
)
STASHED, PIPELINED = replace(SPEC, persisting=Persisting.STASHED), replace(SPEC, persisting=Persisting.PIPELINED)


class Decider(Actor[Message]):
    """Persists the topic of each Wake, with an effect of that topic; `retry` is its answer to a full disk."""

    def __init__(self, context: Context, desk: "Desk") -> None:
        super().__init__(context)
        self._desk = desk
        desk.history = self.history = EventSourced[State, str].of(context, self, desk.spec, desk.start)

    def on_start(self) -> None:
        self.history.start()

    def receive(self, message: Message) -> None:
        assert isinstance(message, Wake)
        self._desk.decided.append(message.topic)
        effect = Effect(to=NOTIFIER, message=message)
        self.history.persist(event(message.topic), about=message.topic, effects=(effect,))

    def receive_signal(self, message: Message) -> None:
        self.history.signal(message)

    def persisted(self, about: str) -> None:
        self._desk.persisted.append(about)
        if about in self._desk.then:
            self.receive(Wake(topic=self._desk.then[about], after_ms=0))

    def persist_failed(self, about: str, failure: CommitFailed) -> Retry:
        self._desk.refused.append(f"{about}: {failure.why}")
        return self._desk.retry


class Outside(Actor[Message]):
    def __init__(self, context: Context, heard: list[Message]) -> None:
        super().__init__(context)
        self._heard = heard

    def receive(self, message: Message) -> None:
        self._heard.append(message)


@dataclass
class Desk:
    """What the actor is given, and what it noted."""

    spec: HistorySpec[State]
    start: RecoveredHistory[State] | None
    retry: Retry
    then: dict[str, str]

    def __post_init__(self) -> None:
        self.history: EventSourced[State, str]
        self.decided: list[str] = []
        self.persisted: list[str] = []
        self.refused: list[str] = []


class World:
    def __init__(
        self,
        spec: HistorySpec[State] = SPEC,
        *,
        retry: Retry = Retry.WHOLE,
        then: dict[str, str] | None = None,
        store: MemoryJournal | None = None,
        read: bool = False,
    ) -> None:
        """`then`: what the actor decides once that is durable. `read`: the history is read from the journal."""
        self.dispatcher = SimulatedDispatcher(1)
        self.system = ActorSystem(self.dispatcher, PRIORITY, self.dispatcher.clock)
        self._waiting: list[Callable[[], None]] = []
        self.store = MemoryJournal(store.image if store else None, later=self._waiting.append)
        self.desk = Desk(spec, None if read else spec.recovered(None), retry, then or {})
        self.heard: list[Message] = []
        self.system.spawn("journal", lambda context: JournalActor(context, self.store))
        self.system.spawn("notifier", lambda context: Outside(context, self.heard))
        self.system.spawn("test", lambda context: Decider(context, self.desk))
        self.dispatcher.run_until_idle()

    def decide(self, *topics: str) -> None:
        for topic in topics:
            self.system.tell("test", Wake(topic=topic, after_ms=0))
        self.dispatcher.run_until_idle()

    def turn(self) -> None:
        """The disk ends what it has in hand, once."""
        waiting, self._waiting[:] = list(self._waiting), []
        for call in waiting:
            call()
        self.dispatcher.run_until_idle()

    def turns(self) -> None:
        """The disk works until it has nothing to do; refused steps are offered again after a pause."""
        for _ in range(20):
            self.turn()
            self.dispatcher.advance(1_000_000_000)

    @property
    def sent(self) -> list[str]:
        return [message.topic for message in self.heard if isinstance(message, Wake)]

    @property
    def versions(self) -> list[int]:
        return [row[2] for row in self.store.image.steps]


@pytest.mark.parametrize("spec", [SPEC, STASHED, PIPELINED])
def test_nothing_counts_and_nothing_leaves_before_it_is_durable(spec: HistorySpec[State]) -> None:
    world = World(spec)
    world.decide("a")
    assert (world.desk.history.state, world.desk.history.ahead) == ((), ("a",))
    assert (world.sent, world.desk.persisted) == ([], [])
    world.turns()
    assert (world.desk.history.state, world.sent, world.desk.persisted) == (("a",), ["a"], ["a"])


def test_a_stashed_history_decides_one_thing_at_a_time() -> None:
    world = World(STASHED)
    world.decide("a", "b")
    assert world.desk.decided == ["a"]
    world.turn()
    assert world.desk.decided == ["a", "b"]


def test_a_grouped_history_goes_on_deciding_and_shares_the_next_append() -> None:
    world = World(SPEC)
    world.decide("a", "b", "c")
    assert world.desk.decided == ["a", "b", "c"]
    world.turns()
    assert (world.versions, world.sent) == ([1, 3], ["a", "b", "c"])


def test_a_pipelined_history_sends_each_decision_at_once() -> None:
    world = World(PIPELINED)
    world.decide("a", "b", "c")
    world.turn()
    assert (world.versions, world.sent, list(world.desk.history.pending())) == ([1, 2, 3], ["a", "b", "c"], [])


@pytest.mark.parametrize("spec", [SPEC, STASHED])
def test_what_is_offered_again_keeps_its_place_and_leaves_once(spec: HistorySpec[State]) -> None:
    world = World(spec)
    faults = ["full", "full"]
    world.store.fault = lambda: faults.pop() if faults else None
    world.decide("a", "b")
    world.turns()
    assert (world.sent, world.desk.persisted, world.desk.history.state) == (["a", "b"], ["a", "b"], ("a", "b"))
    assert world.desk.refused[0] == "a: full"


def test_events_that_are_offered_alone_are_durable_in_the_end_and_nothing_leaves_with_them() -> None:
    world = World(SPEC, retry=Retry.EVENTS)
    world.decide("a")
    world.store.fault = lambda: "full"
    world.turn()
    assert (world.desk.history.refusing, world.desk.history.known, world.desk.history.state) == (True, ("a",), ())
    world.store.fault = lambda: None
    world.turns()
    assert (world.desk.history.state, world.sent) == (("a",), [])
    assert (world.desk.refused, world.desk.persisted) == (["a: full"], []), "the owner has one answer"


@pytest.mark.parametrize("spec", [STASHED, PIPELINED])
def test_what_is_dropped_has_not_happened(spec: HistorySpec[State]) -> None:
    world = World(spec, retry=Retry.NEVER)
    world.store.fault = lambda: "full"
    world.decide("a")
    world.turn()
    assert (world.desk.history.ahead, world.sent) == ((), [])
    world.store.fault = lambda: None
    world.decide("b")
    world.turns()
    assert (world.desk.history.state, world.desk.history.version, world.sent) == (("b",), 1, ["b"])


def test_more_than_one_append_holds_all_arrive_when_an_answer_leads_to_another_decision() -> None:
    """The rest of the queue was sent over the append that the answer had begun, which was forgotten."""
    world = World(SPEC, then={"first": "second"})
    names = [f"n{number}" for number in range(2 * GROUP_MOST)]
    world.decide("first", *names)
    world.turns()
    assert world.desk.history.state == ("first", *names, "second")
    assert world.sent == ["first", *names, "second"]


def test_an_answer_to_a_question_of_an_earlier_life_changes_nothing() -> None:
    world = World(SPEC)
    world.decide("a")
    assert not world.desk.history.signal(Committed(version=7))
    assert not world.desk.history.signal(Replayed(ordinal=-1, snapshot=None, snapshot_version=0, events=()))
    assert world.desk.history.state == ()
    with pytest.raises(TypeError):
        world.desk.history.signal(Wake(topic="x", after_ms=0))


def test_a_later_life_reads_the_journal_and_repeats_no_effect() -> None:
    world = World(SPEC)
    world.decide(*(f"n{number}" for number in range(70)))
    world.turns()
    assert world.store.image.snapshots
    later = World(SPEC, store=world.store, read=True)
    later.decide("next")
    assert later.desk.decided == [], "what comes waits until the history is read"
    later.turns()
    assert later.desk.history.state == (*world.desk.history.state, "next")
    assert later.sent == ["next"]


# Damage ------------------------------------------------------------------------------------------------


def found(*names: str, **more: Any) -> Replayed:
    known: dict[str, Any] = {"snapshot": None, "snapshot_version": 0}
    return Replayed(ordinal=-1, events=tuple(event(name) for name in names), **{**known, **more})


DAMAGED = {
    "record": (found("a", damage=verbatim("record 2"), version=4), ("a", "lost", "lost", "lost"), 4),
    "snapshot of another shape": (found("b", snapshot=b"another shape", snapshot_version=2), ("lost",) * 3, 3),
    "event that does not fit": (found("a", "unfoldable"), ("lost",) * 2, 2),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_history_that_goes_on_does_so_from_what_is_intact(what: str) -> None:
    replayed, state, version = DAMAGED[what]
    recovered = SPEC.recovered(replayed)
    assert (recovered.state, recovered.version) == (state, version)
    assert recovered.damage


@pytest.mark.parametrize("what", DAMAGED)
def test_a_history_of_which_half_is_worse_than_none_fails(what: str) -> None:
    with pytest.raises((ValueError, LookupError)):
        replace(SPEC, on_damage=OnDamage.FAIL).recovered(DAMAGED[what][0])


def test_what_is_whole_is_as_it_was() -> None:
    whole = found("b", "c", snapshot=b"a", snapshot_version=1)
    assert SPEC.recovered(whole) == RecoveredHistory(state=("a", "b", "c"), version=3, damage=NOTHING)
    assert SPEC.recovered(None) == RecoveredHistory(state=())


def test_behind_damage_the_next_step_has_a_snapshot_and_the_owner_one_notice() -> None:
    world = World(SPEC)
    world.decide("a", "b", "c")
    world.turns()
    image = world.store.image
    seq, ordinal, version, ts, payload, checksum = image.steps[0]
    image.steps[0] = (seq, ordinal, version, ts, payload[:-1] + b"x", checksum)
    later = World(SPEC, store=world.store, read=True)
    later.turns()
    later.decide("d")
    later.turns()
    assert later.desk.history.state == ("lost", "lost", "lost", "d")
    assert len([message for message in later.heard if isinstance(message, Notify)]) == 1
    third = World(SPEC, store=later.store, read=True)
    third.turns()
    assert (third.desk.history.state, third.heard) == (later.desk.history.state, [])
