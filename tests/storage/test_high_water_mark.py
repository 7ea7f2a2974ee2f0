"""The mark beside the journal: acknowledged steps that are missing at its end are counted and said."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from shutil import copy

import pytest

from adapters.storage import high_water_mark, schema
from adapters.storage.high_water_mark import HighWaterMark
from adapters.storage.sqlite import SqliteJournal
from messages.types import JournalId
from tests.storage.steps import append, replay, step

STEPS = 12


@pytest.fixture
def running(tmp_path: Path) -> Path:
    """The files of a journal that runs and has twelve steps in its log, as a kill would leave them."""
    live, left = tmp_path / "live", tmp_path / "left"
    left.mkdir()
    journal = SqliteJournal.open(live)
    for version in range(1, STEPS + 1):
        assert append(journal, step(1, version)) is None
    for name in (schema.FILE_NAME, f"{schema.FILE_NAME}-wal", high_water_mark.FILE_NAME):
        copy(live / name, left / name)
    assert journal.close()
    return left


def lost(directory: Path) -> tuple[int, int]:
    """Steps that the journal says are missing, and steps that are there."""
    journal = SqliteJournal.open(directory)
    try:
        return journal.lost_steps, len(replay(journal, 1).events)
    finally:
        assert journal.close()


def test_after_a_kill_nothing_is_missing(running: Path) -> None:
    assert lost(running) == (0, STEPS)


@pytest.mark.parametrize("seed", range(12))
def test_a_flipped_bit_in_the_log_is_said_with_the_number_of_steps_it_cost(running: Path, seed: int) -> None:
    log = running / f"{schema.FILE_NAME}-wal"
    content = bytearray(log.read_bytes())
    random = Random(seed)
    content[random.randrange(32, len(content))] ^= 1 << random.randrange(8)
    log.write_bytes(content)
    missing, there = lost(running)
    assert missing + there == STEPS
    assert missing > 0, "every frame of the log belongs to an acknowledged step"


def test_a_log_that_was_removed_is_missed(running: Path) -> None:
    (running / f"{schema.FILE_NAME}-wal").unlink()
    missing, there = lost(running)
    assert missing == STEPS - there > 0


def test_what_was_missing_is_said_until_the_journal_goes_on(running: Path) -> None:
    (running / f"{schema.FILE_NAME}-wal").unlink()
    first = lost(running)
    assert lost(running) == first
    journal = SqliteJournal.open(running)
    assert append(journal, step(1, first[1] + 1)) is None
    assert journal.close()
    assert lost(running) == (0, first[1] + 1)


def test_an_older_copy_put_back_is_missed_too(tmp_path: Path) -> None:
    journal = SqliteJournal.open(tmp_path)
    append(journal, step(1, 1))
    assert journal.close()
    copy(tmp_path / schema.FILE_NAME, tmp_path / "backup")
    journal = SqliteJournal.open(tmp_path)
    append(journal, step(1, 2))
    assert journal.close()
    copy(tmp_path / "backup", tmp_path / schema.FILE_NAME)
    assert lost(tmp_path) == (1, 1)


def test_a_journal_that_begins_anew_beside_the_mark_of_one_that_is_gone_says_so(running: Path) -> None:
    (running / schema.FILE_NAME).unlink()
    (running / f"{schema.FILE_NAME}-wal").unlink()
    assert lost(running) == (STEPS, 0)


def test_another_journal_put_in_place_is_not_held_against_the_mark(running: Path, tmp_path: Path) -> None:
    other = SqliteJournal.open(tmp_path / "other")
    assert append(other, step(1, 1)) is None
    assert other.close()
    (running / f"{schema.FILE_NAME}-wal").unlink()
    copy(tmp_path / "other" / schema.FILE_NAME, running / schema.FILE_NAME)
    assert lost(running) == (0, 1)


def emptied(content: bytes) -> bytes:
    return content[:0]


def flipped(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


def cut(content: bytes) -> bytes:
    return content[:20]


@pytest.mark.parametrize("alter", [emptied, flipped, cut, bytes.swapcase])
def test_a_damaged_mark_says_nothing_and_stops_nobody(running: Path, alter: Callable[[bytes], bytes]) -> None:
    path = running / high_water_mark.FILE_NAME
    path.write_bytes(alter(path.read_bytes()))
    assert lost(running) == (0, STEPS)


def test_a_mark_goes_down_as_well_as_up(tmp_path: Path) -> None:
    made = HighWaterMark(tmp_path, JournalId("abc"))
    for seq in (9, 1_000_000, 8):
        made.write(seq)
        assert made.lost(seq - 1) == 1
    made.close()
    assert HighWaterMark(tmp_path, JournalId("other")).lost(1) == 0


def test_a_mark_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """One line of three words, which a journal without a loss has still."""
    made = HighWaterMark(tmp_path, JournalId("abc"))
    made.write(12)
    assert made.path.read_text().split() == ["abc", "12", "1a74ea888e514809"]
    made.close()
    made.path.write_text(made.path.read_text().strip().ljust(63) + "\n")
    assert HighWaterMark(tmp_path, JournalId("abc")).lost(10) == 2


def test_a_mark_keeps_the_latest_losses_in_one_line(tmp_path: Path) -> None:
    made = HighWaterMark(tmp_path, JournalId("a" * 8))
    large = 10**15
    made.write(large)
    for seq in range(large - 9, large - 1):
        assert made.opened(seq) > 0
        made.write(large)
    made.close()
    assert made.path.stat().st_size == high_water_mark._LINE_BYTES
    assert HighWaterMark(tmp_path, JournalId("a" * 8)).lost(large - 1) == 1
