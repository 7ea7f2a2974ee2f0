"""Power goes at a random call, and what was not synced is dropped or torn: no acknowledged step is lost.

A seed decides the steps and what each loss takes; how steps share commits is the machine's pace, so that
a failing seed is likely to fail again, and not certain to.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from shutil import copy

import apsw
import pytest

from adapters.storage import high_water_mark, schema
from adapters.storage.errors import JournalError
from adapters.storage.reader import JournalReader
from adapters.storage.record import RecoveredPosition
from adapters.storage.reserve import Reserve
from adapters.storage.sqlite import SqliteJournal
from tests.storage.power import PowerDisk, power_disk
from tests.storage.steps import PATIENCE_S, Answer, append, fill, step

SEEDS = range(12)
IMAGES = 8
ROUNDS = 25
POSITIONS = 4
CALLS = 250
"""About as many as one life has; images are drawn among them."""


@dataclass(slots=True)
class Life:
    """What one supervisor was told, and the images of its disk with what it had been told by then."""

    directory: Path
    random: Random
    disk: PowerDisk
    acknowledged: dict[int, int] = field(default_factory=dict)
    images: list[tuple[Path, dict[int, int]]] = field(default_factory=list)

    def maybe_lose_power(self) -> None:
        """On the writer's thread, so that nothing is acknowledged meanwhile."""
        if len(self.images) < IMAGES and self.random.random() < IMAGES / CALLS:
            self.lose_power()

    def lose_power(self) -> None:
        where = self.directory.with_name(f"image{len(self.images)}")
        self.disk.image(where, self.random)
        if (self.directory / high_water_mark.FILE_NAME).exists():
            copy(self.directory / high_water_mark.FILE_NAME, where)
        self.images.append((where, dict(self.acknowledged)))

    def wait_for(self, journal: SqliteJournal) -> None:
        """Until all that was appended is answered."""
        read: Answer[tuple[bytes, ...]] = Answer()
        journal.history(1, read)
        read.get()

    def told(self, ordinal: int, version: int) -> Callable[[str | None], None]:
        def hear(why: str | None) -> None:
            assert why is None, why
            self.acknowledged[ordinal] = version

        return hear


def opened(directory: Path, vfs: str | None = None) -> SqliteJournal:
    return SqliteJournal.open(directory, vfs=vfs, reserve=Reserve(directory, 4_096))


def lived(directory: Path, seed: int, *, careful: bool = True) -> Life:
    """Not `careful`: the directory is not synced after the journal was made."""
    random = Random(seed)
    with power_disk() as disk, pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "sync_directory", lambda _: disk.sync_directory() if careful else None)
        life = Life(directory, random, disk)
        disk.before = life.maybe_lose_power
        journal = opened(directory, disk.name)
        for version in range(1, ROUNDS + 1):
            for ordinal in range(1, POSITIONS + 1):
                snapshot = b"state" * random.randrange(1, 1_000) if random.random() < 0.2 else None
                journal.append((step(ordinal, version, snapshot=snapshot),), life.told(ordinal, version))
            if random.random() < 0.7:
                life.wait_for(journal)
        life.wait_for(journal)
        life.lose_power()
        disk.before = lambda: None
        assert journal.close(int(PATIENCE_S * 1_000))
    return life


def lost(image: Path, acknowledged: dict[int, int]) -> list[str]:
    """What a machine that comes back with this image misses; everything else about it is asserted."""
    journal = opened(image)
    with JournalReader(image) as reader:
        assert reader.verify().damage == ()
        found = {each.ordinal: each for each in reader.recover() if isinstance(each, RecoveredPosition)}
    missing = [f"{journal.lost_steps} steps by the mark"] if journal.lost_steps else []
    for ordinal, each in found.items():
        expected = tuple(fill(number) for number in range(each.snapshot_version + 1, each.version + 1))
        assert each.events == expected
        assert append(journal, step(ordinal, each.version + 1)) is None, "it goes on"
    assert journal.close()
    there = {ordinal: each.version for ordinal, each in found.items()}
    return missing + [
        f"position {ordinal}: version {there.get(ordinal, 0)} of {version}"
        for ordinal, version in acknowledged.items()
        if there.get(ordinal, 0) < version
    ]


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is folded into the file many times in a life."""
    monkeypatch.setattr(schema, "CHECKPOINT_PAGES", 12)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed-{seed}")
def test_no_acknowledged_step_is_lost_with_the_power(tmp_path: Path, seed: int) -> None:
    life = lived(tmp_path / "live", seed)
    assert life.acknowledged == dict.fromkeys(range(1, POSITIONS + 1), ROUNDS)
    for image, acknowledged in life.images:
        assert lost(image, acknowledged) == [], f"seed {seed}, {image.name}"


@pytest.mark.parametrize("level", ["off", "normal"])
def test_a_journal_that_does_not_sync_its_commits_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    """The planted bug that no kill can show. At most a few seeds are needed."""
    connect = schema.connect

    def careless(path: Path, *, vfs: str | None = None) -> apsw.Connection:
        connection = connect(path, vfs=vfs)
        connection.pragma("synchronous", level if vfs else "full")
        return connection

    monkeypatch.setattr(schema, "connect", careless)
    assert caught(tmp_path, careful=True)


def test_a_directory_that_is_not_synced_is_caught(tmp_path: Path) -> None:
    """The rollback journal of the very first write comes back, and takes the whole file with it."""
    assert caught(tmp_path, careful=False)


def caught(tmp_path: Path, *, careful: bool) -> bool:
    for seed in range(3):
        life = lived(tmp_path / f"{seed}" / "live", seed, careful=careful)
        for image, acknowledged in life.images:
            try:
                missing = lost(image, acknowledged)
            except (AssertionError, JournalError, apsw.Error):
                return True  # a torn file is as much of a catch
            if missing:
                return True
    return False
