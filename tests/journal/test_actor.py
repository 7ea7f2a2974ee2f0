"""The journal's actor on the simulated dispatcher, over a disk that answers when the test says so."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from actors.journal import FIRST_PAUSE_MS, LONGEST_PAUSE_MS, JournalActor, journal_factory
from actors.ports import JournalStore
from actors.runtime import Actor, ActorSystem, Context, Placement, SimulatedDispatcher
from adapters.storage.memory import MemoryJournal
from messages import codec, commands, requests
from messages.addresses import position_address
from messages.base import Event, Message
from messages.events import OrderFilled
from messages.journal import AppendStep, CommitFailed, Committed, Effect, Replay, Replayed, StepsDurable
from messages.priority import PRIORITY
from messages.reports import HistoryAnswer
from messages.statement import verbatim
from messages.types import Address, CommandId, CorrelationId, PositionId
from tests.storage.steps import fill, name, step

MS = 1_000_000
JOURNAL = "journal"


class Bystander(Actor[Message]):
    """Notes what it is told and signaled, in the one list of all."""

    def __init__(self, context: Context, heard: list[tuple[str, Message]]) -> None:
        super().__init__(context)
        self._heard = heard

    def receive(self, message: Message) -> None:
        self._heard.append((self.context.address, message))

    def receive_signal(self, message: Message) -> None:
        self._heard.append((f"{self.context.address}!", message))


class Subscriber(Bystander):
    def on_start(self) -> None:
        self.context.subscribe(OrderFilled)


class World:
    """The journal, two positions and a gateway; `turn` makes the disk answer what it was asked by then."""

    def __init__(self, seed: int = 1, make: Callable[[Context, JournalStore], JournalActor] = JournalActor) -> None:
        self.dispatcher = SimulatedDispatcher(seed)
        self.system = ActorSystem(self.dispatcher, PRIORITY, self.dispatcher.clock)
        self.heard: list[tuple[str, Message]] = []
        self._waiting: list[Callable[[], None]] = []
        self.store = MemoryJournal(later=self._waiting.append)
        self.system.spawn(JOURNAL, lambda context: make(context, self.store), placement=Placement.THREAD)
        for address in ("position/1", "position/2", "gateway", "cli"):
            self.system.spawn(address, lambda context: Bystander(context, self.heard))
        self.system.spawn("listener", lambda context: Subscriber(context, self.heard))
        self.dispatcher.run_until_idle()

    def tell(self, *messages: Message) -> None:
        for message in messages:
            self.system.tell(JOURNAL, message)
        self.dispatcher.run_until_idle()

    def turn(self) -> None:
        """The disk ends what it has in hand, once."""
        waiting, self._waiting[:] = list(self._waiting), []
        for call in waiting:
            call()
        self.dispatcher.run_until_idle()

    def of(self, address: str) -> list[Message]:
        return [message for heard_at, message in self.heard if heard_at == address]


def effects(*topics: str) -> tuple[Effect, ...]:
    return tuple(Effect(to=Address("gateway"), message=requests.Wake(topic=topic, after_ms=1)) for topic in topics)


def topics(messages: list[Message]) -> list[str]:
    return [message.topic for message in messages if isinstance(message, requests.Wake)]


def test_nothing_leaves_before_the_step_is_durable() -> None:
    world = World()
    world.tell(step(1, 1, effects=effects("a")))
    assert world.heard == []
    assert world.store.image.steps == []
    world.turn()
    assert len(world.store.image.steps) == 1
    assert topics(world.of("gateway")) == ["a"]
    assert world.of("position/1!") == [Committed(version=1)]


def test_effects_leave_in_their_order_and_before_the_signal() -> None:
    world = World()
    sent: list[str] = []

    def listening(context: Context, store: JournalStore) -> JournalActor:
        """Notes the order of its calls; what the addressees hear first is the scheduler's choice."""
        tell, signal, publish = context.tell, context.signal, context.publish

        def noted_tell(to: str, message: object) -> None:
            if not isinstance(message, StepsDurable):
                sent.append(to)
            tell(to, message)

        def noted_signal(to: str, message: object) -> None:
            sent.append(f"{to}!")
            signal(to, message)

        def noted_publish(message: object) -> None:
            sent.append("all")
            publish(message)

        context.tell, context.signal, context.publish = noted_tell, noted_signal, noted_publish
        return JournalActor(context, store)

    world.system.spawn("other", lambda context: listening(context, world.store))
    world.system.tell("other", step(1, 2, fill(1), fill(2), effects=effects("a", "b", "c")))
    world.dispatcher.run_until_idle()
    world.turn()
    assert sent == ["gateway", "gateway", "gateway", "position/1!", "all", "all"]
    assert topics(world.of("gateway")) == ["a", "b", "c"]


def test_a_failed_commit_releases_nothing_and_says_why() -> None:
    world = World()
    world.store.fault = lambda: "the disk is full"
    world.tell(step(1, 1, effects=effects("a")), step(2, 1, effects=effects("b")))
    world.turn()
    assert world.of("gateway") == []
    assert world.of("listener") == []
    assert world.of("position/1!") == [CommitFailed(version=1, why=verbatim("the disk is full"))]
    assert world.of("position/2!") == [CommitFailed(version=1, why=verbatim("the disk is full"))]


def test_steps_that_wait_together_share_a_commit_and_each_is_answered() -> None:
    world = World()
    world.tell(*(step(ordinal, 1, effects=effects(str(ordinal))) for ordinal in (1, 2)))
    world.turn()
    assert world.store.commits == 1
    assert sorted(topics(world.of("gateway"))) == ["1", "2"]
    assert world.of("position/1!") == world.of("position/2!") == [Committed(version=1)]


def test_an_answer_carries_the_ids_of_its_step() -> None:
    world = World()
    world.tell(replace(step(1, 1), correlation_id=CorrelationId("c-7"), causation_id="cause"))
    world.turn()
    (committed,) = world.of("position/1!")
    assert (committed.correlation_id, committed.causation_id) == ("c-7", "cause")


def test_events_are_published_after_the_commit_in_their_order() -> None:
    world = World()
    world.tell(step(1, 2, fill(1), fill(2)))
    assert world.of("listener") == []
    world.turn()
    assert world.of("listener") == [fill(1), fill(2)]


def test_a_replay_holds_every_step_appended_before_it_and_comes_after_their_answers() -> None:
    world = World()
    world.tell(step(1, 1), step(1, 2), Replay(sender=position_address(1), ordinal=1))
    assert world.heard == []
    world.turn()
    heard = world.of("position/1!")
    assert [type(message) for message in heard] == [Committed, Committed, Replayed]
    assert isinstance(heard[2], Replayed)
    assert heard[2].events == (fill(1), fill(2))


def test_a_history_is_told_to_whoever_asked() -> None:
    world = World()
    world.tell(step(1, 2, fill(1), fill(2)))
    world.turn()
    ask = commands.ReadHistory(command_id=CommandId("h"), reply_to=Address("cli"), position_id=name(1))
    world.tell(ask)
    world.turn()
    (answer,) = world.of("cli")
    assert isinstance(answer, HistoryAnswer)
    assert (answer.found, answer.command_id, answer.position_id) == (True, "h", name(1))
    assert [codec.decode(record) for record in answer.records] == [fill(1), fill(2)]


@pytest.mark.parametrize("position_id", [name(99), PositionId("nonsense")])
def test_a_history_of_nothing_is_found_to_be_nothing(position_id: PositionId) -> None:
    world = World()
    world.tell(commands.ReadHistory(command_id=CommandId("h"), reply_to=Address("cli"), position_id=position_id))
    world.turn()
    (answer,) = world.of("cli")
    assert isinstance(answer, HistoryAnswer)
    assert (answer.found, answer.records) == (False, ())


def test_a_journal_that_is_restarted_while_the_disk_works_loses_no_effect_and_doubles_none() -> None:
    lives: list[int] = []

    def made(context: Context, store: JournalStore) -> JournalActor:
        lives.append(context.incarnation)
        return JournalActor(context, store)

    world = World(make=made)
    world.tell(step(1, 1, effects=effects("a")), requests.Wake(topic="poison", after_ms=0))
    world.dispatcher.advance(60_000 * MS)
    assert len(lives) > 1
    world.turn()
    world.dispatcher.advance(60_000 * MS)
    assert topics(world.of("gateway")) == ["a"]
    assert world.of("position/1!") == [Committed(version=1)]


def again(one: AppendStep, attempt: int) -> AppendStep:
    return replace(one, attempt=attempt)


@pytest.mark.parametrize(("attempt", "pause_ms"), [(1, 50), (2, 100), (5, 800), (99, 5_000)])
def test_a_step_is_tried_again_after_a_pause_that_grows_to_a_bound(attempt: int, pause_ms: int) -> None:
    assert FIRST_PAUSE_MS <= pause_ms <= LONGEST_PAUSE_MS
    world = World()
    world.tell(again(step(1, 1, effects=effects("a")), attempt))
    world.dispatcher.advance((pause_ms - 1) * MS)
    world.turn()
    assert world.heard == []
    world.dispatcher.advance(2 * MS)
    world.turn()
    assert topics(world.of("gateway")) == ["a"]
    assert world.of("position/1!") == [Committed(version=1)]


def test_a_position_that_begins_anew_is_not_overtaken_by_a_retry_it_does_not_know_of() -> None:
    world = World()
    world.tell(again(step(1, 1, effects=effects("a")), 3))
    world.tell(Replay(sender=position_address(1), ordinal=1))
    world.turn()
    world.dispatcher.advance(2 * LONGEST_PAUSE_MS * MS)
    world.turn()
    assert world.of("gateway") == []
    assert [type(message) for message in world.of("position/1!")] == [Replayed]


def test_a_step_that_waits_to_be_tried_again_survives_the_restart_of_the_journal() -> None:
    """Its sender is suspended until it is answered: a timer lost with its actor would hold that one for ever."""
    waiting: dict[Address, AppendStep] = {}
    lives: list[int] = []

    def made(context: Context, store: JournalStore) -> JournalActor:
        lives.append(context.incarnation)
        return JournalActor(context, store, waiting)

    world = World(make=made)
    world.tell(again(step(1, 1, effects=effects("a")), 7), requests.Wake(topic="poison", after_ms=0))
    world.dispatcher.advance(60_000 * MS)
    assert len(lives) > 1
    world.turn()
    world.dispatcher.advance(60_000 * MS)
    assert topics(world.of("gateway")) == ["a"]
    assert world.of("position/1!") == [Committed(version=1)]
    assert waiting == {}


def test_a_factory_gives_all_lives_of_the_journal_one_memory() -> None:
    store = MemoryJournal()
    make = journal_factory(store)
    world = World(make=lambda context, _store: make(context))
    world.tell(again(step(1, 1, effects=effects("a")), 7), requests.Wake(topic="poison", after_ms=0))
    world.dispatcher.advance(60_000 * MS)
    assert topics(world.of("gateway")) == ["a"]
    assert len(store.image.steps) == 1


def test_after_a_power_loss_before_the_commit_nothing_has_left() -> None:
    world = World()
    world.tell(step(1, 1, effects=effects("a")))
    image = world.store.crash()
    world.turn()
    assert world.heard == []
    assert list(MemoryJournal(image).recover()) == []


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_order_of_turns_effects_follow_their_durable_step(seed: int) -> None:
    """I3 in small: at every effect that arrives, the step it belongs to is in the image."""
    world = World(seed)
    versions = {1: 0, 2: 0}
    for round_ in range(30):
        ordinal = 1 + (round_ * 7 + seed) % 2
        versions[ordinal] += 1
        world.tell(step(ordinal, versions[ordinal], effects=effects(f"{ordinal}:{versions[ordinal]}")))
        if (round_ + seed) % 3 == 0:
            world.turn()
        durable = {(row[1], row[2]) for row in world.store.image.steps}
        left = {tuple(int(part) for part in topic.split(":")) for topic in topics(world.of("gateway"))}
        assert left <= durable
    world.turn()
    assert len(topics(world.of("gateway"))) == 30


def test_an_unknown_message_is_a_bug_that_is_said() -> None:
    world = World()
    world.tell(requests.Wake(topic="x", after_ms=1))
    world.dispatcher.advance(60_000 * MS)
    assert world.system.dead_letters.latest(), "parked, and visible"


def test_events_reach_subscribers_of_a_base_class() -> None:
    world = World()
    world.system.subscribe(Event, "cli")
    world.tell(step(1, 1))
    world.turn()
    assert world.of("cli") == [fill(1)]
