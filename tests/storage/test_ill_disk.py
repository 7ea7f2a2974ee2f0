"""A disk that is full or fails: what was reported as failed is not there, and what is there was reported."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event as Flag

import apsw
import pytest

from adapters.storage import schema, sqlite
from adapters.storage.jobs import Health
from adapters.storage.reader import JournalReader
from adapters.storage.record import RecoveredPosition
from adapters.storage.sqlite import SqliteJournal
from albra.status import journal_rows
from messages.status import troubles
from messages.types import PositionState
from tests.storage.disk import Disk, disk
from tests.storage.steps import PATIENCE_S, Answer, append, changed, fill, replay, step


@pytest.fixture
def ill() -> Iterator[Disk]:
    with disk() as made:
        yield made


def full(operation: str, file: str) -> None:
    if (operation, file) == ("xWrite", "-wal"):
        raise apsw.FullError("no space left on device")


def sync_fails(operation: str, file: str) -> None:
    if (operation, file) == ("xSync", "-wal"):
        raise apsw.IOError("fsync failed")


def every_sync_fails(operation: str, _file: str) -> None:
    if operation == "xSync":
        raise apsw.IOError("fsync failed")


def once(fault: Callable[[str, str], None], ill: Disk) -> Callable[[str, str], None]:
    """Fails the first time, and is well from then on."""

    def failing(operation: str, file: str) -> None:
        try:
            fault(operation, file)
        except apsw.Error:
            ill.fault = lambda _operation, _file: None
            raise

    return failing


def durable(directory: Path) -> dict[int, int]:
    """ordinal -> version, as a reader that knows nothing else finds it."""
    with JournalReader(directory) as reader:
        assert reader.verify().damage == ()
        found = list(reader.recover())
    assert all(isinstance(each, RecoveredPosition) for each in found)
    return {each.ordinal: each.version for each in found if isinstance(each, RecoveredPosition)}


@pytest.mark.parametrize("fault", [full, sync_fails, every_sync_fails])
def test_a_failed_commit_is_reported_and_leaves_nothing_behind(
    tmp_path: Path, ill: Disk, fault: Callable[[str, str], None]
) -> None:
    journal = SqliteJournal.open(tmp_path, vfs=ill.name)
    assert append(journal, step(1, 1, snapshot=b"one")) is None
    ill.fault = fault
    why = append(journal, step(1, 2, changed(PositionState.CLOSED), snapshot=b"two"), step(2, 1))
    assert why
    ill.fault = lambda _operation, _file: None
    replayed = replay(journal, 1)
    # A snapshot that a withdrawn one had replaced is not brought back: the events say the same.
    assert (replayed.snapshot, replayed.events) in ((b"one", ()), (None, (fill(1),)))
    assert replayed.damage == ""
    assert replay(journal, 2).events == ()
    assert durable(tmp_path) == {1: 1}
    assert append(journal, step(1, 2), step(2, 1)) is None, "a disk that is well again is used again"
    assert durable(tmp_path) == {1: 2, 2: 1}
    assert journal.close()


@pytest.mark.parametrize("fault", [full, sync_fails, every_sync_fails])
def test_each_append_hears_the_truth_when_the_disk_fails_once(
    tmp_path: Path, ill: Disk, fault: Callable[[str, str], None]
) -> None:
    """After a failed sync the steps may be there nevertheless: then, and only then, they are said to be."""
    journal = SqliteJournal.open(tmp_path, vfs=ill.name)
    assert append(journal, step(1, 1)) is None
    ill.fault = once(fault, ill)
    why = append(journal, step(1, 2))
    assert durable(tmp_path) == {1: 1 if why else 2}
    assert append(journal, step(1, 3 if why is None else 2)) is None
    assert journal.close()


def test_nothing_is_written_while_the_disk_stays_ill_and_everybody_is_told(tmp_path: Path, ill: Disk) -> None:
    journal = SqliteJournal.open(tmp_path, vfs=ill.name)
    ill.fault = every_sync_fails
    assert all(append(journal, step(ordinal, 1)) for ordinal in range(1, 4))
    assert journal.counters().failures == 3
    assert journal.counters().commits == 0
    ill.fault = lambda _operation, _file: None
    assert append(journal, step(9, 1)) is None
    assert durable(tmp_path) == {9: 1}
    assert journal.close()


def test_a_failed_sync_is_followed_by_a_new_file_handle_and_never_by_the_same_sync(tmp_path: Path, ill: Disk) -> None:
    journal = SqliteJournal.open(tmp_path, vfs=ill.name)
    append(journal, step(1, 1))
    opened: list[str] = []
    ill.fault = once(sync_fails, ill)
    ill.opened = opened.append
    append(journal, step(1, 2))
    assert "main" in opened, "the file was not opened anew"
    assert journal.close()


def test_a_journal_that_was_ill_is_whole_for_the_next_supervisor(tmp_path: Path, ill: Disk) -> None:
    journal = SqliteJournal.open(tmp_path, vfs=ill.name)
    append(journal, step(1, 1))
    ill.fault = every_sync_fails
    assert append(journal, step(1, 2))
    ill.fault = lambda _operation, _file: None
    assert journal.close()
    again = SqliteJournal.open(tmp_path)
    # The step was reported as failed; should it have come back with the file, its intent is asked after.
    version = len(replay(again, 1).events)
    assert version in (1, 2)
    assert append(again, step(1, version + 1)) is None
    assert durable(tmp_path) == {1: version + 1}
    assert again.close()


@pytest.mark.parametrize("operation", ["xSync", "xWrite"])
def test_whichever_operation_fails_what_was_acknowledged_is_there(tmp_path: Path, ill: Disk, operation: str) -> None:
    """Each n-th operation fails in turn, once, until a run meets no failure."""
    for nth in range(200):
        directory = tmp_path / str(nth)
        ill.fault = lambda _operation, _file: None
        journal = SqliteJournal.open(directory, vfs=ill.name)
        left = nth
        failed = False

        def fault(called: str, _file: str) -> None:
            nonlocal left, failed
            if called != operation or failed:
                return
            failed, left = left == 0, left - 1
            if failed:
                raise apsw.IOError(f"{operation} failed")

        ill.fault = fault
        heard = {1: 0, 2: 0}
        for _ in range(4):
            for ordinal, version in heard.items():
                if append(journal, step(ordinal, version + 1, snapshot=b"s" * 5_000)) is None:
                    heard[ordinal] += 1
        ill.fault = lambda _operation, _file: None
        assert durable(directory) == {ordinal: version for ordinal, version in heard.items() if version}
        assert journal.close()
        assert durable(directory) == {ordinal: version for ordinal, version in heard.items() if version}
        if not failed:
            assert nth > 5
            return
    pytest.fail("a run of eight appends needs fewer operations than that")


def test_the_pause_after_failures_ends_when_the_journal_closes(tmp_path: Path, ill: Disk) -> None:
    journal = SqliteJournal.open(tmp_path, vfs=ill.name)
    ill.fault = every_sync_fails
    answers: list[Answer[str | None]] = [Answer() for _ in range(3)]
    for ordinal, answer in enumerate(answers, 1):
        assert append(journal, step(ordinal, 1))
        journal.append((step(ordinal + 10, 1),), answer)
    assert journal.close(20_000)
    assert all(answer.get() for answer in answers)


def test_a_lock_of_another_program_is_a_trouble_while_it_lasts_and_none_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_BUSY_TIMEOUT_MS", 1)
    monkeypatch.setattr(sqlite, "_FILE_EVERY_S", 0.01)
    journal = SqliteJournal.open(tmp_path)
    well = Flag()
    journal.watch(lambda health, _why: well.set() if health is Health.WELL else None)
    other = apsw.Connection(str(journal.path))
    other.execute("BEGIN IMMEDIATE")
    assert append(journal, step(1, 1)) is not None
    assert [str(each.name) for each in troubles(journal_rows(journal))] == ["disk"]
    other.execute("ROLLBACK")
    other.close()
    assert well.wait(PATIENCE_S), "no further commit is needed to notice"
    assert journal.counters().failures == 1
    assert troubles(journal_rows(journal)) == ()
    assert append(journal, step(1, 1)) is None
    journal.close()
