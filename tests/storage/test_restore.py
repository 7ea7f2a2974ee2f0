"""A journal from a backup: an id of its own, the former ones known, nothing overwritten, nothing half done."""

import shutil
from pathlib import Path

import pytest

from adapters.storage import errors, lock, schema
from adapters.storage.reader import JournalReader
from adapters.storage.record import RecoveredPosition
from adapters.storage.restore import UNFINISHED, restore
from adapters.storage.sqlite import SqliteJournal
from messages.types import AccountId, JournalId
from tests.storage.steps import append, step

MAIN = AccountId("main")
OLD, NEW, NEWER = JournalId("old00000"), JournalId("new00000"), JournalId("newer000")


def written(directory: Path, *, positions: int = 3) -> Path:
    """A journal with some positions, closed."""
    journal = SqliteJournal.open(directory, bindings={MAIN: "venue#1"}, journal_id=lambda: OLD)
    for ordinal in range(1, positions + 1):
        assert append(journal, step(ordinal, 1)) is None
    assert journal.close()
    return directory / schema.FILE_NAME


def events(directory: Path) -> list[tuple[int, int]]:
    with JournalReader(directory) as reader:
        found = [each for each in reader.recover() if isinstance(each, RecoveredPosition)]
    return [(each.ordinal, len(each.events)) for each in found]


def test_a_restored_journal_holds_the_same_under_another_id_and_knows_the_former(tmp_path: Path) -> None:
    backup = written(tmp_path / "backup")
    meta = restore(backup, tmp_path / "var", journal_id=lambda: NEW)
    assert (meta.journal_id, meta.former, meta.bindings) == (NEW, ((OLD, 3),), ((MAIN, "venue#1"),))
    assert events(tmp_path / "var") == events(tmp_path / "backup") != []
    with JournalReader(tmp_path / "var") as reader:
        assert reader.verify(None).damage == ()
    journal = SqliteJournal.open(tmp_path / "var", bindings={MAIN: "venue#1"})
    assert (journal.journal_id, journal.meta.former, journal.lost_steps) == (NEW, ((OLD, 3),), 0)
    assert append(journal, step(4, 1)) is None
    assert journal.close()


def test_restored_twice_it_knows_both_former_ids_with_their_ends(tmp_path: Path) -> None:
    backup = written(tmp_path / "backup")
    restore(backup, tmp_path / "first", journal_id=lambda: NEW)
    journal = SqliteJournal.open(tmp_path / "first")
    assert append(journal, step(4, 1)) is None
    assert journal.close()
    meta = restore(tmp_path / "first", tmp_path / "second", journal_id=lambda: NEWER)
    assert (meta.journal_id, meta.former) == (NEWER, ((OLD, 3), (NEW, 4)))


def test_the_backup_stays_as_it_is_and_may_still_be_written_to(tmp_path: Path) -> None:
    """Somebody restores beside a supervisor that runs: whatever is committed is in the copy."""
    journal = SqliteJournal.open(tmp_path / "live", journal_id=lambda: OLD)
    assert append(journal, step(1, 1)) is None
    restore(tmp_path / "live", tmp_path / "var", journal_id=lambda: NEW)
    assert append(journal, step(2, 1)) is None
    assert journal.journal_id == OLD
    assert journal.close()
    assert (events(tmp_path / "var"), events(tmp_path / "live")) == ([(1, 1)], [(1, 1), (2, 1)])


def test_a_copied_file_with_its_log_beside_it_is_restored_whole(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path / "live", journal_id=lambda: OLD)
    assert append(journal, step(1, 1)) is None
    copied = tmp_path / "copied"
    copied.mkdir()
    for file in (tmp_path / "live").glob(f"{schema.FILE_NAME}*"):
        shutil.copy(file, copied)
    assert journal.close()
    restore(copied / schema.FILE_NAME, tmp_path / "var")
    assert events(tmp_path / "var") == [(1, 1)]


def test_a_journal_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    backup = written(tmp_path / "backup")
    there = written(tmp_path / "var", positions=1)
    before = there.read_bytes()
    with pytest.raises(errors.JournalThere, match="Move it away"):
        restore(backup, tmp_path / "var")
    assert there.read_bytes() == before


def test_nothing_is_restored_under_a_running_supervisor(tmp_path: Path) -> None:
    backup = written(tmp_path / "backup")
    held = lock.DirectoryLock(tmp_path / "var")
    with pytest.raises(errors.JournalLocked):
        restore(backup, tmp_path / "var")
    held.release()
    assert not (tmp_path / "var" / schema.FILE_NAME).exists()


@pytest.mark.parametrize("content", [b"", b"no database", None], ids=["empty", "something else", "missing"])
def test_what_is_no_journal_leaves_nothing_behind(tmp_path: Path, content: bytes | None) -> None:
    source = tmp_path / "backup.sqlite3"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(errors.JournalError):
        restore(source, tmp_path / "var")
    assert not list((tmp_path / "var").glob("journal.sqlite3*"))


def test_a_restore_that_was_cut_short_is_begun_anew(tmp_path: Path) -> None:
    backup = written(tmp_path / "backup")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / (schema.FILE_NAME + UNFINISHED)).write_bytes(b"half of it")
    restore(backup, tmp_path / "var")
    assert [file.name for file in (tmp_path / "var").glob("journal.sqlite3*")] == [schema.FILE_NAME]


def test_no_two_restores_have_the_same_id(tmp_path: Path) -> None:
    backup = written(tmp_path / "backup")
    names = {restore(backup, tmp_path / f"var{number}").journal_id for number in range(5)}
    assert len(names | {OLD}) == 6
