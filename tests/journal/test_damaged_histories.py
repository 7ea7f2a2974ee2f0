"""A damaged record in an actor's own history: it goes on from what is intact, durable, and tells the owner once."""

from pathlib import Path

import apsw
import pytest

from actors.notifier.actor import OWN_HISTORY as NOTICES
from actors.reconciler.ledger import HISTORY as RECONCILER_HISTORY
from actors.supervisor.memory import OWN_HISTORY as SUPERVISOR
from actors.telegram.history import OWN_HISTORY as CHAT
from adapters.storage import schema
from adapters.storage.memory import Image, MemoryJournal
from adapters.storage.reader import JournalReader
from adapters.storage.record import RecoveredPosition, SnapshotRecord, snapshot_checksum
from adapters.storage.sqlite import SqliteJournal
from messages import codec
from messages.commands import PauseOpenings, ReadStatus, ResumeOpenings
from messages.events import OpeningsPaused
from messages.journal import Committed
from messages.notices import NoticeQueued
from messages.reconciliation import DiscrepanciesAnswer, ListDiscrepancies
from messages.reports import StatusAnswer
from messages.requests import Notify, Reply
from messages.types import CommandId, Severity
from tests.notifier import stage as notices
from tests.reconciler.test_forced import Stage as WithReconciler
from tests.storage.steps import append, step
from tests.supervisor.house import BTC, EDGE
from tests.supervisor.test_money import Home
from tests.telegram import stage as chats

RECONCILER = RECONCILER_HISTORY.ordinal
PLACES = ["start", "middle", "end"]


def damage(image: Image, ordinal: int, place: str) -> int:
    """One bit of a record, with no snapshot behind it; how many records that history has."""
    image.snapshots.pop(ordinal, None)
    mine = [index for index, row in enumerate(image.steps) if row[1] == ordinal]
    index = mine[{"start": 0, "middle": len(mine) // 2, "end": len(mine) - 1}[place]]
    seq, _, version, ts, payload, checksum = image.steps[index]
    image.steps[index] = (seq, ordinal, version, ts, payload[:-1] + bytes([payload[-1] ^ 1]), checksum)
    return len(mine)


def records(image: Image, ordinal: int) -> int:
    return sum(row[1] == ordinal for row in image.steps)


def intact(image: Image, ordinal: int) -> bool:
    """What the next life reads has no damage in it any more: a snapshot lies behind that."""
    found = MemoryJournal(image).position(ordinal)
    return isinstance(found, RecoveredPosition) and not found.damage


@pytest.mark.parametrize("place", PLACES)
def test_the_reconciler_compares_all_the_same(place: str) -> None:
    before = WithReconciler(net="0.4")
    before.pass_time(90)
    image = before.journal.image
    assert damage(image, RECONCILER, place) > 2
    count = records(image, RECONCILER)
    after = WithReconciler(image, net="0.9")
    after.pass_time(90)
    assert records(image, RECONCILER) > count
    assert intact(image, RECONCILER)
    told = [n for n in after.all(Notify, "notifier") if "damaged record: reconciler" in n.text]
    assert {n.severity for n in told} == {Severity.CRITICAL}
    assert len({n.notice_id for n in told}) == 1
    after.tell(ListDiscrepancies(command_id=CommandId("l"), reply_to=EDGE))
    names = [record.discrepancy_id for record in after.all(DiscrepanciesAnswer)[-1].discrepancies]
    assert len(set(names)) == len(names)
    third = WithReconciler(image, net="0.9")
    third.pass_time(5)
    assert not [n for n in third.all(Notify, "notifier") if "damaged record" in n.text]


@pytest.mark.parametrize("place", PLACES)
def test_the_supervisor_holds_openings_and_remembers_what_it_decides_from_then_on(place: str) -> None:
    house = Home().ready()
    for number in range(3):
        house.tell(PauseOpenings(command_id=CommandId(f"p{number}"), reply_to=EDGE, symbol=BTC))
        house.tell(ResumeOpenings(command_id=CommandId(f"r{number}"), reply_to=EDGE, symbol=BTC))
    image = house.journal.image
    damage(image, SUPERVISOR, place)
    second = Home(image)
    second.ready()
    assert [n.severity for n in second.all(Notify, "notifier") if "damaged record" in n.text] == [Severity.CRITICAL]
    second.tell(ReadStatus(command_id=CommandId("s"), reply_to=EDGE))
    rows = second.all(StatusAnswer)[-1].rows
    assert "paused" in [each.value for each in rows if each.name == "openings"]
    assert "after a damaged record" in next(each.value for each in rows if each.name == "because")
    second.tell(ResumeOpenings(command_id=CommandId("go"), reply_to=EDGE))
    assert second.all(Reply)[-1].text == "openings are allowed"
    third = Home(image)
    third.ready()
    assert third.known.holds == ()
    third.tell(PauseOpenings(command_id=CommandId("again"), reply_to=EDGE, symbol=BTC))
    assert [hold.symbol for hold in Home(image).known.holds] == [BTC]


@pytest.mark.parametrize("place", PLACES)
def test_the_notifier_goes_on_telling(place: str) -> None:
    before = notices.Stage().begin()
    for number in range(4):
        before.notify(Severity.CRITICAL, f"number {number}")
    image = before.store.image
    damage(image, NOTICES, place)
    count = records(image, NOTICES)
    after = before.again()
    after.notify(Severity.CRITICAL, "after the damage")
    assert any("after the damage" in text for text in after.chat.texts())
    assert records(image, NOTICES) > count
    assert intact(image, NOTICES)


def numbers(stage: notices.Stage) -> set[int]:
    return {event.number for _, event in stage.store.recent_events(1000) if isinstance(event, NoticeQueued)}


@pytest.mark.parametrize("place", PLACES)
def test_the_number_of_a_lost_notice_is_not_given_again(place: str) -> None:
    """The button of a notice stays in the chat: it would acknowledge another one."""
    before = notices.Stage().begin()
    before.notify(Severity.CRITICAL, *(f"number {number}" for number in range(4)))
    given = numbers(before)
    assert given == {1, 2, 3, 4}
    damage(before.store.image, NOTICES, place)
    kept = numbers(before)
    after = before.again()
    after.notify(Severity.CRITICAL, "after the damage", "and one more")
    assert len(numbers(after) - kept) >= 2
    assert not (numbers(after) - kept) & given


@pytest.mark.parametrize("place", PLACES)
def test_the_chat_goes_on_answering(place: str) -> None:
    before = chats.Stage()
    for _ in range(3):
        before.say(chats.OWNER, "/pause BTCUSDT")
    image = before.store.image
    damage(image, CHAT, place)
    count = records(image, CHAT)
    after = before.again()
    after.say(chats.OWNER, "/positions")
    after.say(chats.OWNER, "/pause ETHUSDT")
    assert records(image, CHAT) > count
    assert intact(image, CHAT)
    assert any("ETHUSDT" in str(shown) for shown in after.chat.shown)


@pytest.mark.parametrize("which", ["first", "second", "last"])
def test_on_disk_a_history_of_an_actor_is_read_up_to_the_damage_and_from_there_on(tmp_path: Path, which: str) -> None:
    journal = SqliteJournal.open(tmp_path)
    for version in range(1, 6):
        assert append(journal, step(-1, version, OpeningsPaused(command_id=CommandId(str(version))))) is None
    assert journal.close()
    seq = {"first": 1, "second": 2, "last": 5}[which]
    connection = apsw.Connection(str(tmp_path / schema.FILE_NAME))
    connection.execute("UPDATE step SET payload = zeroblob(length(payload)) WHERE seq = ?", (seq,))
    connection.close()
    with JournalReader(tmp_path) as reader:
        found = reader.position(-1)
    assert isinstance(found, RecoveredPosition)
    assert (found.version, len(found.events), len(found.beyond)) == (5, seq - 1, 5 - seq)
    assert f"record {seq}" in found.damage
    again = SqliteJournal.open(tmp_path)
    assert append(again, step(-1, 6, OpeningsPaused(command_id=CommandId("6")), snapshot=b"state")) is None
    assert again.close()
    with JournalReader(tmp_path) as reader:
        healed = reader.position(-1)
    assert isinstance(healed, RecoveredPosition)
    assert (healed.damage, healed.snapshot, healed.events) == ("", b"state", ())


def misshape(image: Image, ordinal: int, name: str) -> None:
    """The snapshot is what was written, and of a shape that this version does not read: one after it wrote it."""
    version = max(row[2] for row in image.steps if row[1] == ordinal)
    payload = codec.encode(Committed(version=version))
    checksum = snapshot_checksum(ordinal, version, payload)
    image.snapshots[ordinal] = SnapshotRecord(version=version, payload=payload, checksum=checksum)
    assert image.positions[ordinal].position_id == name


def test_the_reconciler_compares_though_its_snapshot_is_of_another_shape() -> None:
    """It said that it compares all the same, and raised on the line above: quarantined for good."""
    before = WithReconciler(net="0.4")
    before.pass_time(90)
    image = before.journal.image
    misshape(image, RECONCILER, "reconciler")
    count = records(image, RECONCILER)
    after = WithReconciler(image, net="0.9")
    after.pass_time(90)
    assert records(image, RECONCILER) > count
    after.tell(ListDiscrepancies(command_id=CommandId("l"), reply_to=EDGE))
    assert after.all(DiscrepanciesAnswer)[-1].discrepancies
    told = [n for n in after.all(Notify, "notifier") if "damaged record: reconciler" in n.text]
    assert {n.severity for n in told} == {Severity.CRITICAL}
    third = WithReconciler(image, net="0.9")
    third.pass_time(5)
    assert not [n for n in third.all(Notify, "notifier") if "damaged record" in n.text]


def test_the_notifier_goes_on_telling_though_its_snapshot_is_of_another_shape() -> None:
    before = notices.Stage().begin()
    before.notify(Severity.CRITICAL, "before")
    image = before.store.image
    misshape(image, NOTICES, "notifier")
    after = before.again()
    after.notify(Severity.CRITICAL, "afterwards")
    assert any("afterwards" in text for text in after.chat.texts())
    assert any("damaged record: notifier" in text for text in after.chat.texts())


def test_the_chat_goes_on_answering_though_its_snapshot_is_of_another_shape() -> None:
    before = chats.Stage()
    before.say(chats.OWNER, "/pause BTCUSDT")
    image = before.store.image
    misshape(image, CHAT, "telegram")
    after = before.again()
    after.say(chats.OWNER, "/positions")
    after.say(chats.OWNER, "/pause ETHUSDT")
    assert any("ETHUSDT" in str(shown) for shown in after.chat.shown)
