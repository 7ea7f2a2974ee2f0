"""A volume that takes no writes: nothing starts on it, everything on it can be read, and the words say what to do."""

import errno
import subprocess
from pathlib import Path

import pytest

from adapters.storage import errors, schema
from adapters.storage.errors import explained
from adapters.storage.reader import JournalReader
from adapters.storage.record import RecoveredPosition
from adapters.storage.reserve import Reserve
from adapters.storage.restore import restore
from adapters.storage.sqlite import SqliteJournal
from tests.storage.steps import append, step


def written(directory: Path) -> Path:
    journal = SqliteJournal.open(directory, reserve=Reserve(directory, 65_536))
    assert append(journal, step(1, 1)) is None
    assert journal.close()
    return directory


def remount(directory: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(directory)], check=True)


def ordinals(directory: Path) -> list[int]:
    with JournalReader(directory) as reader:
        assert reader.verify().damage == ()
        return [found.ordinal for found in reader.recover() if isinstance(found, RecoveredPosition)]


def test_nothing_starts_on_a_read_only_volume_and_the_reason_is_said(small: Path) -> None:
    written(small)
    before = (small / schema.FILE_NAME).read_bytes()
    remount(small, "ro")
    with pytest.raises(errors.JournalNotWritable, match="Read-only file system"):
        SqliteJournal.open(small)
    remount(small, "rw")
    assert (small / schema.FILE_NAME).read_bytes() == before
    journal = SqliteJournal.open(small, reserve=Reserve(small, 65_536))
    assert append(journal, step(1, 2)) is None
    assert journal.close()


def test_a_journal_on_a_read_only_volume_is_read_verified_and_restored_from(small: Path, tmp_path: Path) -> None:
    written(small)
    remount(small, "ro")
    assert ordinals(small) == [1]
    restore(small, tmp_path / "var")
    assert ordinals(tmp_path / "var") == [1]


@pytest.mark.parametrize(("number", "words"), [(errno.ENOSPC, "is full"), (errno.EROFS, "is read-only")])
def test_a_start_that_fails_for_the_disk_says_what_to_do(number: int, words: str) -> None:
    said = explained(OSError(number, "as the system has it", "/var/albra/logs"), Path("/var/albra"))
    assert f"the disk under /var/albra {words} (/var/albra/logs)" in said
    assert "flatten --break-glass" in said
    assert explained(ValueError("something else"), Path("/")) == "something else"
