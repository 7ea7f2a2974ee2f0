"""Altered, moved, missing and torn records: each is noticed, named, and keeps nobody else from starting."""

from pathlib import Path
from random import Random

import apsw
import pytest

from adapters.storage import schema
from adapters.storage.errors import JournalError
from adapters.storage.reader import JournalReader
from adapters.storage.record import DamagedPosition, RecoveredPosition
from adapters.storage.sqlite import SqliteJournal
from albra.recovery import restore
from messages import codec
from messages.addresses import SUPERVISOR
from messages.journal import COMMANDS, OWN_COMMANDS, AppendStep, Effect, RecordDamaged
from messages.requests import CommandTaken
from messages.types import CommandId, PositionState
from tests.storage.steps import append, changed, fill, history, name, replay, step


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Positions 1, 2 and 3 of four steps each, 4 closed; 3 has a snapshot of version 2."""
    journal = SqliteJournal.open(tmp_path)
    for version in range(1, 5):
        for ordinal in range(1, 4):
            snapshot = b"state" if (ordinal, version) == (3, 2) else None
            assert append(journal, step(ordinal, version, snapshot=snapshot)) is None
    append(journal, step(4, 1, changed(PositionState.CLOSED)))
    assert journal.close()
    return tmp_path


def alter(directory: Path, statement: str) -> None:
    connection = apsw.Connection(str(directory / schema.FILE_NAME))
    connection.execute(statement)
    assert connection.changes() > 0
    connection.close()


def recover(directory: Path) -> dict[int, RecoveredPosition | DamagedPosition]:
    with JournalReader(directory) as reader:
        return {each.ordinal: each for each in reader.recover()}


def damage(directory: Path) -> str:
    with JournalReader(directory) as reader:
        return "\n".join(f"{each.where}: {each.why}" for each in reader.verify().damage)


def test_an_untouched_journal_is_intact(written: Path) -> None:
    with JournalReader(written) as reader:
        report = reader.verify()
    assert report.intact
    assert (report.positions, report.steps, report.events, report.snapshots) == (4, 13, 13, 1)


ALTERATIONS = {
    "payload": "UPDATE step SET payload = CAST(substr(payload, 1, 40) || x'00' || substr(payload, 42) AS BLOB)"
    " WHERE ordinal = 2 AND version = 3",
    "cut payload": "UPDATE step SET payload = substr(payload, 1, 20) WHERE ordinal = 2 AND version = 3",
    "text for bytes": "UPDATE step SET payload = 'text' WHERE ordinal = 2 AND version = 3",
    "checksum": "UPDATE step SET checksum = zeroblob(8) WHERE ordinal = 2 AND version = 3",
    "time": "UPDATE step SET ts = ts + 1 WHERE ordinal = 2 AND version = 3",
    "version": "UPDATE step SET version = 9 WHERE ordinal = 2 AND version = 4",
    "removed": "DELETE FROM step WHERE ordinal = 2 AND version = 3",
    "first removed": "DELETE FROM step WHERE ordinal = 2 AND version = 1",
    "name": "UPDATE position SET position_id = 'main.BTCUSDT.short.grid.2' WHERE ordinal = 2",
    "unlisted": "DELETE FROM position WHERE ordinal = 2",
}


@pytest.mark.parametrize("statement", ALTERATIONS.values(), ids=ALTERATIONS.keys())
def test_one_damaged_position_is_named_and_stays_out_while_the_rest_boots(written: Path, statement: str) -> None:
    alter(written, statement)
    found = recover(written)
    assert sorted(found) == [1, 2, 3]
    assert isinstance(found[1], RecoveredPosition)
    assert isinstance(found[3], RecoveredPosition)
    assert isinstance(found[2], DamagedPosition)
    assert found[2].why
    assert "position 2" in damage(written)


def test_a_record_moved_to_another_position_is_noticed(written: Path) -> None:
    alter(written, "UPDATE step SET ordinal = 1 WHERE ordinal = 2 AND version = 4")
    assert isinstance(recover(written)[1], DamagedPosition)
    assert "checksum" in damage(written)


def test_two_records_that_changed_places_are_noticed(written: Path) -> None:
    alter(
        written,
        "UPDATE step SET payload = (SELECT payload FROM step AS other WHERE other.ordinal = 1 AND"
        " other.version = 7 - step.version), checksum = (SELECT checksum FROM step AS other WHERE"
        " other.ordinal = 1 AND other.version = 7 - step.version) WHERE ordinal = 1 AND version IN (3, 4)",
    )
    assert isinstance(recover(written)[1], DamagedPosition)


def test_a_removed_last_record_is_noticed_by_verify(written: Path) -> None:
    alter(written, "DELETE FROM step WHERE ordinal = 1 AND version = 4")
    assert "13 steps were written, 12 are there" in damage(written)


def test_a_damaged_snapshot_costs_time_and_no_position(written: Path) -> None:
    alter(written, "UPDATE snapshot SET payload = CAST('stale' AS BLOB)")
    found = recover(written)[3]
    assert isinstance(found, RecoveredPosition)
    assert (found.snapshot, found.snapshot_version, found.version) == (None, 0, 4)
    assert found.events == tuple(fill(version) for version in range(1, 5))
    assert "snapshot" in found.remark
    assert "position 3" in damage(written)


def test_a_position_falsely_listed_as_ended_is_recovered(written: Path) -> None:
    alter(written, "UPDATE position SET terminal = 1 WHERE ordinal = 1")
    assert isinstance(recover(written)[1], RecoveredPosition)
    assert "position 1" in damage(written)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE position SET checksum = zeroblob(8) WHERE ordinal = 3",
        "UPDATE position SET terminal = 1 WHERE ordinal = 3",
        "UPDATE snapshot SET checksum = zeroblob(8)",
    ],
)
def test_what_is_altered_beside_whole_events_is_told_at_the_start_and_its_position_goes_on(
    written: Path, statement: str
) -> None:
    alter(written, statement)
    found = recover(written)[3]
    assert isinstance(found, RecoveredPosition)
    assert (found.position_id, found.version) == (name(3), 4)
    journal = SqliteJournal.open(written)
    try:
        restored = restore(journal, lambda _ns: 0, 0)
    finally:
        journal.close()
    told = [text for text in restored.damaged if text.startswith(f"{name(3)}: ") and "its events are whole" in text]
    assert len(told) == 1


def test_a_position_falsely_listed_as_live_stays_ended(written: Path) -> None:
    alter(written, "UPDATE position SET terminal = 0 WHERE ordinal = 4")
    assert 4 not in recover(written)
    assert "position 4" in damage(written)


def test_a_snapshot_that_is_not_what_its_events_give_is_found(written: Path) -> None:
    with JournalReader(written) as reader:
        assert reader.verify(lambda events: b"state" if len(events) == 2 else b"").intact
        report = reader.verify(lambda _events: b"another state")
    assert report.replayed == 1
    assert [each.where for each in report.damage] == [f"position 3 ({name(3)})"]


def test_a_replay_tells_its_position_of_the_damage(written: Path) -> None:
    alter(written, ALTERATIONS["payload"])
    journal = SqliteJournal.open(written)
    replayed = replay(journal, 2)
    assert "checksum" in replayed.damage
    assert (replayed.events, replayed.snapshot) == ((), None)
    assert replay(journal, 1).damage == ""
    shown = [codec.decode(each) for each in history(journal, 2)]
    assert [isinstance(each, RecordDamaged) for each in shown] == [False, False, True, False]
    assert isinstance(shown[2], RecordDamaged)
    assert (len(shown), shown[2].why) == (4, "its checksum does not fit")
    assert append(journal, step(1, 5)) is None
    assert journal.close()


def test_a_history_is_told_whole_though_its_line_in_the_list_is_altered(written: Path) -> None:
    alter(written, "UPDATE position SET checksum = zeroblob(8) WHERE ordinal = 2")
    with JournalReader(written) as reader:
        told = [codec.decode(each) for each in reader.history(2)]
    assert told == [fill(version) for version in range(1, 5)]


def test_an_export_goes_on_behind_a_damaged_record(written: Path) -> None:
    alter(written, ALTERATIONS["cut payload"])
    with JournalReader(written) as reader:
        lines = list(reader.export())
    assert len(lines) == 13
    assert [line for line in lines if "damage" in line] == [
        {"record": "record 8", "damage": "record 8: checksum does not fit"}
    ]
    assert lines[0]["type"] == "OrderFilled"
    assert lines[0]["quantity"] == "0.50"
    assert lines[0]["position_id"] == name(1)
    assert [line["version"] for line in lines if line.get("position_id") == name(1)] == [1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(40))
def test_a_flipped_bit_anywhere_is_noticed_and_changes_no_event(written: Path, seed: int) -> None:
    """Wherever it is, nothing is recovered but what was written; the fills say by their number what that was."""
    path = written / schema.FILE_NAME
    content = bytearray(path.read_bytes())
    random = Random(seed)
    offset = random.randrange(100, len(content))
    content[offset] ^= 1 << random.randrange(8)
    path.write_bytes(content)
    try:
        found = recover(written)
    except JournalError:
        return
    for each in found.values():
        if isinstance(each, RecoveredPosition):
            numbers = range(each.snapshot_version + 1, each.version + 1)
            assert each.events == tuple(fill(number) for number in numbers)
            assert each.position_id == name(each.ordinal)


@pytest.mark.parametrize("place", ["payload", "checksum", "position_id"])
def test_a_flipped_byte_in_a_record_is_reported(written: Path, place: str) -> None:
    path = written / schema.FILE_NAME
    content = bytearray(path.read_bytes())
    connection = apsw.Connection(str(path))
    # Columns stand one behind the other in a row, which tells the record from others with the same events.
    row = connection.execute("SELECT payload, checksum FROM step WHERE ordinal = 2 AND version = 3").fetchone()
    assert row is not None
    payload, checksum = row
    connection.close()
    assert isinstance(payload, bytes)
    assert isinstance(checksum, bytes)
    start = content.index(payload + checksum)
    offset = {"payload": start + 30, "checksum": start + len(payload), "position_id": content.index(name(2).encode())}
    content[offset[place]] ^= 1
    path.write_bytes(content)
    assert isinstance(recover(written)[2], DamagedPosition)
    assert "position 2" in damage(written)


def test_a_torn_tail_of_the_log_loses_only_what_was_not_acknowledged(tmp_path: Path) -> None:
    """The log is cut at every length, as power loss may: what is left is a beginning of what was written."""
    live = tmp_path / "live"
    journal = SqliteJournal.open(live)
    lengths: list[int] = []
    log = live / f"{schema.FILE_NAME}-wal"
    for version in range(1, 6):
        assert append(journal, step(1, version)) is None
        lengths.append(log.stat().st_size)
    main, tail = (live / schema.FILE_NAME).read_bytes(), log.read_bytes()
    assert journal.close()
    assert lengths == sorted(set(lengths)), "each commit lengthened the log"
    for index, cut in enumerate(range(lengths[0], len(tail) + 1, 1_031)):
        torn = tmp_path / f"torn{index}"
        torn.mkdir()
        (torn / schema.FILE_NAME).write_bytes(main)
        (torn / log.name).write_bytes(tail[:cut])
        whole = sum(length <= cut for length in lengths)
        assert versions(torn) == {1: whole}
        assert damage(torn) == ""


def versions(directory: Path) -> dict[int, int]:
    opened = SqliteJournal.open(directory)
    try:
        with opened.reader() as reader:
            return {each.ordinal: each.version for each in reader.recover() if isinstance(each, RecoveredPosition)}
    finally:
        assert opened.close()


def test_an_altered_record_of_a_command_says_nothing_of_what_its_id_stands_for(tmp_path: Path) -> None:
    """A flipped bit in it would make another command of it, and the same one would be refused as that."""
    journal = SqliteJournal.open(tmp_path)
    for command_id in ("altered", "whole"):
        taken = Effect(to=SUPERVISOR, message=CommandTaken(command_id=CommandId(command_id), meaning="1f"))
        record = AppendStep(
            sender=SUPERVISOR, position_id=COMMANDS, ordinal=OWN_COMMANDS, version=0, events=(),
            effects=(taken,), reducing=True,
        )  # fmt: skip
        assert append(journal, record) is None
    assert journal.close()
    alter(tmp_path, "UPDATE step SET payload = CAST(replace(payload, '1f', '2f') AS BLOB) WHERE seq = 1")
    with JournalReader(tmp_path) as reader:
        assert [getattr(each, "command_id", "") for each in reader.commands(10)] == ["whole"]
