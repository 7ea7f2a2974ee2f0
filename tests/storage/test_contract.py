"""What every journal store does, whatever its disk is."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from adapters.storage.memory import MemoryJournal
from adapters.storage.reader import JournalReader
from adapters.storage.record import RecoveredPosition
from adapters.storage.sqlite import SqliteJournal
from messages import codec, requests
from messages.addresses import position_address
from messages.journal import Effect
from messages.types import Address, CommandId, PositionState
from tests.storage.steps import Answer, append, changed, fill, history, name, paused, replay, step

Store = SqliteJournal | MemoryJournal
Read = Callable[[Store], JournalReader | MemoryJournal]


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = MemoryJournal() if request.param == "memory" else SqliteJournal.open(tmp_path)
    yield opened
    assert opened.close()


@pytest.fixture
def read() -> Iterator[Read]:
    opened: list[JournalReader] = []

    def reader(store: Store) -> JournalReader | MemoryJournal:
        if isinstance(store, MemoryJournal):
            return store
        opened.append(store.reader())
        return opened[-1]

    yield reader
    for each in opened:
        each.close()


def recovered(reader: JournalReader | MemoryJournal) -> dict[int, RecoveredPosition]:
    found = list(reader.recover())
    assert all(isinstance(each, RecoveredPosition) for each in found)
    return {each.ordinal: each for each in found if isinstance(each, RecoveredPosition)}


def test_what_is_acknowledged_is_replayed_in_order(store: Store) -> None:
    assert append(store, step(1, 2, fill(1), fill(2))) is None
    assert append(store, step(1, 3)) is None
    replayed = replay(store, 1)
    assert replayed.events == (fill(1), fill(2), fill(3))
    assert (replayed.snapshot, replayed.snapshot_version, replayed.damage) == (None, 0, "")


def test_a_position_that_never_was_replays_as_nothing(store: Store) -> None:
    replayed = replay(store, 77)
    assert (replayed.ordinal, replayed.snapshot, replayed.events, replayed.damage) == (77, None, (), "")
    assert history(store, 77) == ()


def test_a_replay_sees_every_append_made_before_it(store: Store) -> None:
    answers: list[Answer[str | None]] = [Answer() for _ in range(50)]
    for version, answer in enumerate(answers, 1):
        store.append((step(1, version),), answer)
    assert len(replay(store, 1).events) == 50
    assert [answer.get() for answer in answers] == [None] * 50


def test_answers_come_in_the_order_of_the_calls(store: Store) -> None:
    order: list[int] = []
    last: Answer[str | None] = Answer()
    for version in range(1, 101):
        store.append((step(1, version),), partial(_note, order, version))
    store.append((step(1, 500),), partial(_note, order, 500))
    store.append((step(1, 101),), last)
    assert last.get() is None
    assert order == [*range(1, 101), -500]


def _note(order: list[int], version: int, why: str | None) -> None:
    order.append(-version if why else version)


def test_replay_starts_from_the_latest_snapshot(store: Store) -> None:
    append(store, step(1, 1), step(1, 2, snapshot=b"two"), step(1, 3), step(1, 4, snapshot=b"four"), step(1, 5))
    replayed = replay(store, 1)
    assert (replayed.snapshot, replayed.snapshot_version) == (b"four", 4)
    assert replayed.events == (fill(5),)


def test_history_holds_every_event_whatever_was_snapshotted(store: Store) -> None:
    append(store, step(1, 2, fill(1), fill(2)), step(1, 3, snapshot=b"x"), step(2, 1))
    assert [codec.decode(data) for data in history(store, 1)] == [fill(1), fill(2), fill(3)]


def test_a_step_that_does_not_go_on_from_what_is_durable_is_refused(store: Store, read: Read) -> None:
    append(store, step(1, 1))
    for wrong in (step(1, 1), step(1, 3), step(1, 9, fill(1), fill(2))):
        why = append(store, wrong)
        assert why is not None
        assert "version 1" in why
    assert append(store, step(1, 2)) is None
    assert recovered(read(store))[1].version == 2


def test_an_append_is_written_whole_or_not_at_all(store: Store) -> None:
    why = append(store, step(1, 1), step(2, 7))
    assert why is not None
    assert replay(store, 1).events == ()
    assert append(store, step(1, 1)) is None


def test_an_append_that_fails_does_not_concern_its_neighbors_in_the_group(store: Store) -> None:
    answers: list[Answer[str | None]] = [Answer() for _ in range(3)]
    for answer, one in zip(answers, (step(1, 1), step(2, 9), step(3, 1)), strict=True):
        store.append((one,), answer)
    assert [answer.get() is None for answer in answers] == [True, False, True]


def test_an_ordinal_belongs_to_one_position(store: Store) -> None:
    append(store, step(1, 1))
    why = append(store, replace(step(2, 2), ordinal=1))
    assert why is not None
    assert str(name(1)) in why


def test_recovery_gives_every_position_that_is_not_terminal(store: Store, read: Read) -> None:
    append(store, step(1, 1), step(2, 1), step(2, 2, changed(PositionState.CLOSED)), step(3, 1, snapshot=b"s"))
    append(store, step(3, 2))
    found = recovered(read(store))
    assert sorted(found) == [1, 3]
    assert found[1].events == (fill(1),)
    assert (found[3].snapshot, found[3].snapshot_version, found[3].version) == (b"s", 1, 2)
    assert found[3].position_id == name(3)
    assert [entry.ordinal for entry in read(store).terminal()] == [2]
    assert read(store).max_ordinal() == 3


def test_a_terminal_position_that_lives_again_is_recovered(store: Store, read: Read) -> None:
    append(store, step(1, 1, changed(PositionState.FAILED)))
    assert recovered(read(store)) == {}
    append(store, step(1, 2, changed(PositionState.ACTIVE)))
    assert list(recovered(read(store))) == [1]
    append(store, step(1, 4, changed(PositionState.CLOSED), changed(PositionState.CLOSING)))
    assert list(recovered(read(store))) == [1], "the last word counts"


def test_a_terminal_position_can_still_be_read(store: Store, read: Read) -> None:
    append(store, step(1, 1, changed(PositionState.CLOSED)))
    found = read(store).position(1)
    assert isinstance(found, RecoveredPosition)
    assert len(replay(store, 1).events) == 1
    assert read(store).position(2) is None


def test_recent_events_are_those_of_the_last_steps_oldest_first(store: Store, read: Read) -> None:
    for version in range(1, 6):
        append(store, step(1, version, paused(f"c{version}")))
    assert [event for _, event in read(store).recent_events(3)] == [paused("c3"), paused("c4"), paused("c5")]
    assert len(list(read(store).recent_events(99))) == 5
    assert not list(read(store).recent_events(99, since_ns=1 << 62))


def test_effects_are_durable_with_their_step_and_replies_are_not(store: Store) -> None:
    wake = Effect(to=position_address(1), message=requests.Wake(topic="t", after_ms=5))
    reply = Effect(
        to=Address("cli"), message=requests.Reply(command_id=CommandId("c"), to=Address("cli"), accepted=True)
    )
    assert append(store, step(1, 1, effects=(wake, reply))) is None
    assert len(replay(store, 1).events) == 1


def test_a_step_that_only_replies_needs_no_disk_and_is_answered(store: Store) -> None:
    reply = Effect(
        to=Address("cli"), message=requests.Reply(command_id=CommandId("c"), to=Address("cli"), accepted=True)
    )
    empty = replace(step(1, 0, effects=(reply,)), events=())
    assert append(store, empty) is None
    assert replay(store, 1).events == ()


def test_a_message_without_wire_form_fails_its_own_append_only(store: Store) -> None:
    bad = step(1, 1, effects=(Effect(to=Address("x"), message=_untagged()),))
    why = append(store, bad)
    assert why is not None
    assert "no tag" in why
    assert append(store, step(1, 1)) is None


def _untagged() -> requests.Wake:
    class Untagged(requests.Wake):
        __slots__ = ()

    return Untagged(topic="x", after_ms=1)
