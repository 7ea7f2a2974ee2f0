"""A full disk traps nobody: openings are refused with the numbers, closing is written from the reserve."""

from dataclasses import replace
from pathlib import Path
from threading import Event as Flag

import pytest

from adapters.storage.errors import JournalLocked
from adapters.storage.high_water_mark import HighWaterMark
from adapters.storage.jobs import Health
from adapters.storage.lock import DirectoryLock
from adapters.storage.reserve import PIECES, Reserve
from adapters.storage.sqlite import SqliteJournal
from albra.loopback.discovery import LOCK_FILE
from messages.journal import AppendStep
from messages.types import JournalId
from tests.storage.steps import PATIENCE_S, append, replay, step

RESERVE = 1 << 20
DISK = 4 << 20


def closing(ordinal: int, version: int) -> AppendStep:
    return replace(step(ordinal, version), reducing=True)


class Watch:
    """Notes every change of the disk's health, and waits for one."""

    def __init__(self) -> None:
        self.said: list[tuple[Health, str]] = []
        self._well = Flag()

    def __call__(self, health: Health, why: str) -> None:
        self.said.append((health, why))
        if health is Health.WELL:
            self._well.set()

    def wait_until_well(self) -> None:
        assert self._well.wait(PATIENCE_S), self.said


def fill_up(directory: Path) -> Path:
    """Somebody else writes until nothing is left."""
    ballast = directory / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return ballast


def opened(directory: Path) -> SqliteJournal:
    return SqliteJournal.open(directory, reserve=Reserve(directory, RESERVE))


def test_on_a_full_disk_openings_are_refused_and_closing_goes_on(small: Path) -> None:
    journal, watch = opened(small), Watch()
    journal.watch(watch)
    assert append(journal, step(1, 1)) is None
    ballast = fill_up(small)
    versions, refused = {1: 1}, 0
    for number in range(2, 400):
        if (why := append(journal, step(number, 1))) is None:
            versions[number] = 1  # the log had blocks left
            continue
        refused += 1
        assert "the disk is full" in why
        assert str(small) in why
        assert append(journal, closing(1, versions[1] + 1)) is None
        versions[1] += 1
    assert refused > 300
    assert journal.reserve_held() < RESERVE
    assert [health for health, _ in watch.said] == [Health.SHORT], "said once"
    assert "closing goes on" in watch.said[0][1]
    ballast.unlink()
    watch.wait_until_well()
    assert journal.reserve_held() == RESERVE
    assert append(journal, step(1_000, 1)) is None
    assert journal.close()
    again = opened(small)
    assert len(replay(again, 1).events) == versions[1]
    assert again.lost_steps == 0
    with again.reader() as reader:
        assert reader.verify().damage == ()
    assert again.close()


def test_openings_and_closings_of_one_group_are_told_apart(small: Path) -> None:
    journal = opened(small)
    fill_up(small)
    while append(journal, step(1, len(replay(journal, 1).events) + 1)) is None:
        pass
    answers: dict[int, list[str | None]] = {ordinal: [] for ordinal in range(10, 20)}
    read = Flag()
    for ordinal, heard in answers.items():
        journal.append((replace(step(ordinal, 1), reducing=ordinal % 2 == 0),), heard.append)
    journal.history(1, lambda _records: read.set())
    assert read.wait(PATIENCE_S)
    assert {ordinal: heard[0] is None for ordinal, heard in answers.items()} == {
        ordinal: ordinal % 2 == 0 for ordinal in answers
    }
    assert journal.close()


def test_a_supervisor_starts_and_closes_positions_on_a_disk_that_is_full(small: Path) -> None:
    journal = opened(small)
    assert append(journal, step(1, 1)) is None
    assert journal.close()
    fill_up(small)
    journal = opened(small)
    assert append(journal, closing(1, 2)) is None
    assert append(journal, step(2, 1)) is not None
    assert journal.close()


def test_the_reserve_serves_hundreds_of_closings(small: Path) -> None:
    journal = opened(small)
    for ordinal in range(1, 101):
        assert append(journal, step(ordinal, 1)) is None
    fill_up(small)
    done = 0
    while done < 1_500 and append(journal, closing(done % 100 + 1, done // 100 + 2)) is None:
        done += 1
    assert done == 1_500, "1 MiB of reserve, not even 1,500 steps"
    assert journal.close()


def test_a_reserve_that_is_used_up_is_said_and_heals(small: Path) -> None:
    journal, watch = opened(small), Watch()
    journal.watch(watch)
    version = 0
    ballast = small / "ballast"
    while journal.health()[0] is not Health.FAILING:
        fill_up(small)  # whoever fills the disk takes the pieces, too
        version += append(journal, closing(1, version + 1)) is None
    assert "used up" in journal.health()[1]
    assert append(journal, closing(1, version + 1)) is not None
    ballast.unlink()
    while append(journal, closing(1, version + 1)) is not None:
        pass
    watch.wait_until_well()
    assert Health.SHORT in [health for health, _ in watch.said]
    assert journal.close()


def test_a_start_on_a_full_disk_is_given_room_for_its_other_files(small: Path) -> None:
    reserve = Reserve(small, RESERVE)
    assert reserve.fill()
    reserve.make_room()
    assert reserve.held == RESERVE, "there is room"
    fill_up(small)
    reserve.make_room()
    (small / "control.json").write_bytes(b"x" * 1_000)
    assert RESERVE // 2 < reserve.held < RESERVE


def test_a_reserve_is_given_back_in_pieces_and_filled_only_where_space_is_left(tmp_path: Path) -> None:
    free = 100 * RESERVE
    reserve = Reserve(tmp_path, RESERVE, free=lambda _directory: free)
    assert reserve.fill()
    assert reserve.path.stat().st_blocks * 512 >= RESERVE, "blocks, not a hole"
    assert [reserve.give() for _ in range(PIECES + 1)] == [True] * PIECES + [False]
    free = RESERVE
    assert not reserve.fill()
    assert reserve.held == 0
    free = 2 * RESERVE
    assert reserve.fill()


def test_a_disk_with_too_little_space_from_the_start_opens_nothing_and_says_so(tmp_path: Path) -> None:
    free = RESERVE - 1
    journal = SqliteJournal.open(tmp_path, reserve=Reserve(tmp_path, RESERVE, free=lambda _directory: free))
    watch = Watch()
    assert "the disk is full, 1023 KiB are free" in str(append(journal, step(1, 1)))
    journal.watch(watch)
    assert [health for health, _ in watch.said] == [Health.SHORT]
    assert append(journal, closing(1, 1)) is None
    free = 2 * RESERVE
    watch.wait_until_well()
    assert append(journal, step(2, 1)) is None
    assert journal.close()


def test_a_full_disk_keeps_nobody_from_taking_the_lock(small: Path) -> None:
    fill_up(small)
    lock = DirectoryLock(small)
    with pytest.raises(JournalLocked):
        DirectoryLock(small)
    lock.release()
    assert (small / LOCK_FILE).stat().st_size == 0, "not even the pid fits: the lock works without it"


def test_a_mark_on_a_full_disk_is_silent(small: Path) -> None:
    fill_up(small)
    mark = HighWaterMark(small, JournalId("abc"))
    mark.write(7)
    assert mark.lost(0) in (0, 7)
    mark.close()
