"""What only the journal on a real file can show: groups, locks, bindings, and what is wrong with a directory."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from adapters.storage import errors, schema
from adapters.storage.reader import JournalReader
from adapters.storage.sqlite import SqliteJournal
from albra.loopback.discovery import holder
from messages.types import AccountId, JournalId
from tests.storage.disk import Disk, disk
from tests.storage.steps import Answer, append, step

MAIN = AccountId("main")


@pytest.fixture
def counted() -> Iterator[Disk]:
    with disk() as made:
        yield made


def hold(journal: SqliteJournal) -> tuple[threading.Event, threading.Event]:
    """Keep the writer busy until the second event is set; the first says that it is."""
    busy, free = threading.Event(), threading.Event()

    def wait(_records: object) -> None:
        busy.set()
        free.wait(20)

    journal.history(0, wait)
    assert busy.wait(20)
    return busy, free


def test_what_waits_shares_one_commit_and_one_fsync(tmp_path: Path, counted: Disk) -> None:
    journal = SqliteJournal.open(tmp_path, vfs=counted.name)
    _, free = hold(journal)
    answers: list[Answer[str | None]] = [Answer() for _ in range(100)]
    for ordinal, answer in enumerate(answers, 1):
        journal.append((step(ordinal, 1),), answer)
    before = counted.syncs("-wal")
    free.set()
    assert [answer.get() for answer in answers] == [None] * 100
    assert (journal.counters().commits, journal.counters().steps) == (1, 100)
    assert counted.syncs("-wal") - before <= 2, "one for the commit, one more where the log is new"
    assert journal.close()


def test_a_group_is_bounded(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    _, free = hold(journal)
    answers: list[Answer[str | None]] = [Answer() for _ in range(1_200)]
    for ordinal, answer in enumerate(answers, 1):
        journal.append((step(ordinal, 1),), answer)
    free.set()
    assert {answer.get() for answer in answers} == {None}
    assert journal.counters().commits == 3
    assert journal.close()


def test_one_who_waits_alone_is_committed_alone_and_synced(tmp_path: Path, counted: Disk) -> None:
    journal = SqliteJournal.open(tmp_path, vfs=counted.name)
    for version in range(1, 11):
        before = counted.syncs("-wal")
        assert append(journal, step(1, version)) is None
        assert counted.syncs("-wal") > before, "acknowledged without a sync"
    assert journal.counters().commits == 10
    assert journal.close()


def test_a_second_supervisor_is_refused_by_the_pid_of_the_first(tmp_path: Path) -> None:
    hold_lock = (
        "import sys, pathlib; from adapters.storage.lock import DirectoryLock\n"
        "held = DirectoryLock(pathlib.Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", hold_lock, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert first.stdin is not None
    assert first.stdout is not None
    try:
        assert first.stdout.readline() == b"held\n"
        assert holder(tmp_path) == first.pid
        with pytest.raises(errors.JournalLocked, match=str(first.pid)) as refusal:
            SqliteJournal.open(tmp_path)
        assert refusal.value.pid == first.pid
        assert str(tmp_path / "lock") in str(refusal.value)
    finally:
        first.kill()
        first.wait()
        first.stdin.close()
        first.stdout.close()
    assert holder(tmp_path) is None
    assert SqliteJournal.open(tmp_path).close(), "a dead holder holds nothing"


def test_a_new_data_directory_is_its_owners_only(tmp_path: Path) -> None:
    made = tmp_path / "var"
    assert SqliteJournal.open(made).close()
    assert made.stat().st_mode & 0o077 == 0


def test_the_lock_says_our_pid_while_open_and_is_free_after_close(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    assert holder(tmp_path) == os.getpid()
    assert journal.close()
    assert holder(tmp_path) is None


def test_a_journal_keeps_its_id_and_two_have_different_ones(tmp_path: Path) -> None:
    ids = []
    for directory in (tmp_path / "a", tmp_path / "a", tmp_path / "b"):
        journal = SqliteJournal.open(directory)
        ids.append(journal.journal_id)
        assert journal.close()
    assert ids[0] == ids[1] != ids[2]
    assert all(len(each) == 8 and each.isalnum() and each == each.lower() for each in ids)


def test_a_journal_bound_to_one_venue_account_refuses_another(tmp_path: Path) -> None:
    assert SqliteJournal.open(tmp_path, bindings={MAIN: "binanceusdm/fapi.binance.com/1"}).close()
    with pytest.raises(errors.JournalBoundElsewhere) as refusal:
        SqliteJournal.open(tmp_path, bindings={AccountId("new"): "x", MAIN: "binanceusdm/testnet/1"})
    assert "binanceusdm/fapi.binance.com/1" in str(refusal.value)
    assert "binanceusdm/testnet/1" in str(refusal.value)
    journal = SqliteJournal.open(tmp_path, bindings={MAIN: "binanceusdm/fapi.binance.com/1", AccountId("sub"): "y"})
    assert dict(journal.meta.bindings) == {MAIN: "binanceusdm/fapi.binance.com/1", "sub": "y"}
    assert journal.close()


def test_an_account_that_left_the_configuration_stays_bound(tmp_path: Path) -> None:
    assert SqliteJournal.open(tmp_path, bindings={MAIN: "one"}).close()
    assert SqliteJournal.open(tmp_path, bindings={}).close()
    with pytest.raises(errors.JournalBoundElsewhere):
        SqliteJournal.open(tmp_path, bindings={MAIN: "two"})


def test_a_storage_path_that_is_a_file_is_said_to_be_one(tmp_path: Path) -> None:
    file = tmp_path / "var"
    file.write_text("not a directory")
    for path in (file, file / "below"):
        with pytest.raises(errors.JournalNotADirectory, match="not a directory"):
            SqliteJournal.open(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_directory_without_write_permission_is_said_to_be_one(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(errors.JournalNotWritable, match="cannot be written"):
        SqliteJournal.open(tmp_path)


def test_a_directory_that_nobody_can_write_to_is_said_to_be_one() -> None:
    with pytest.raises(errors.JournalNotWritable, match="cannot be written"):
        SqliteJournal.open(Path("/proc/albra"))


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / schema.FILE_NAME
    path.write_bytes(b"dear diary, " * 500)
    with pytest.raises(errors.JournalNotADatabase, match="no database"):
        SqliteJournal.open(tmp_path)
    assert path.read_bytes() == b"dear diary, " * 500


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    other = apsw.Connection(str(tmp_path / schema.FILE_NAME))
    other.execute("CREATE TABLE diary(text)")
    other.close()
    with pytest.raises(errors.JournalNotADatabase, match="something else"):
        SqliteJournal.open(tmp_path)


def test_a_newer_format_is_refused_by_both_numbers(tmp_path: Path) -> None:
    assert SqliteJournal.open(tmp_path).close()
    newer = apsw.Connection(str(tmp_path / schema.FILE_NAME))
    newer.pragma("user_version", schema.FORMAT + 1)
    newer.close()
    with pytest.raises(errors.JournalTooNew, match=f"format {schema.FORMAT + 1}.*up to {schema.FORMAT}"):
        SqliteJournal.open(tmp_path)


def test_a_refused_opening_frees_the_lock(tmp_path: Path) -> None:
    (tmp_path / schema.FILE_NAME).write_bytes(b"x" * 4096)
    with pytest.raises(errors.JournalNotADatabase):
        SqliteJournal.open(tmp_path)
    assert holder(tmp_path) is None


def test_every_error_says_where_and_what_to_do(tmp_path: Path) -> None:
    found = [
        errors.JournalMissing(tmp_path),
        errors.JournalLocked(tmp_path, 7),
        errors.JournalLocked(tmp_path, None),
        errors.JournalBoundElsewhere(tmp_path, "main", "a", "b"),
        errors.JournalNotADirectory(tmp_path),
        errors.JournalNotWritable(tmp_path, "why"),
        errors.JournalTooNew(tmp_path, 2, 1),
        errors.JournalNotADatabase(tmp_path, "why"),
        errors.JournalUnreadable(tmp_path, "why"),
    ]
    for error in found:
        assert str(tmp_path) in str(error)
        assert str(error).count(". ") >= 1, "what happened, then what to do"


def test_reading_where_there_is_no_journal_creates_none(tmp_path: Path) -> None:
    with pytest.raises(errors.JournalMissing):
        JournalReader(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_works_beside_the_writer_and_sees_what_is_durable(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path, journal_id=lambda: JournalId("abcd1234"))
    append(journal, step(1, 1))
    with JournalReader(tmp_path) as reader:
        assert reader.meta().journal_id == "abcd1234"
        assert reader.verify().events == 1
        append(journal, step(1, 2))
        assert reader.verify().events == 2
    assert journal.close()


def test_a_closed_journal_answers_that_it_is(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    assert journal.close()
    assert append(journal, step(1, 1)) == "the journal is closed"
    answer: Answer[object] = Answer()
    journal.replay(1, answer)
    assert "closed" in str(answer.get())
    assert journal.close(), "twice is no error"


def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    _, free = hold(journal)
    answers: list[Answer[str | None]] = [Answer() for _ in range(20)]
    for ordinal, answer in enumerate(answers, 1):
        journal.append((step(ordinal, 1),), answer)
    free.set()
    assert journal.close()
    assert [answer.get() for answer in answers] == [None] * 20
    with JournalReader(tmp_path) as reader:
        assert len(list(reader.recover())) == 20


def test_a_callable_that_raises_does_not_stop_the_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr("adapters.storage.sqlite.excepthook", shown.append)
    journal = SqliteJournal.open(tmp_path)
    journal.append((step(1, 1),), lambda _why: 1 / 0)  # type: ignore[arg-type]
    assert append(journal, step(1, 2)) is None
    assert len(shown) == 1
    assert journal.close()
