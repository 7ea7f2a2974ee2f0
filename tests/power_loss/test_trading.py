"""A supervisor comes back with what power loss left of its journal: nothing acknowledged is missing, no intent has a
second order at the venue, which knows all that had left before, and belief is the venue's truth in the end.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import apsw
import pytest

from adapters.storage import schema, sqlite
from adapters.storage.errors import JournalError
from simulator.environment.transport import simulated_transport
from tests.e2e.process import Truth
from tests.power_loss.world import LOSSES, World

SEEDS = range(16)
PLANTED = range(12)
"""Seeds within which a planted bug has to show."""
TWICE = range(48, 72)
"""A second order at the venue is rare: openings wait where belief and venue differ."""


def traded(path: Path, seed: int, *, strict: bool = True) -> tuple[World, Truth]:
    """One seed on simulated time, the journal's included: what a seed does, it does again."""
    path.mkdir(exist_ok=True)
    world = World(path, seed, strict=strict)
    with simulated_transport(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "time_ns", world.scheduler.clock.time_ns)
        patch.setattr(schema, "sync_directory", world.sync_directory)
        patch.setattr(schema, "CHECKPOINT_PAGES", 12)  # folded into the file many times in a life
        return world, world.run()


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed-{seed}")
def test_a_supervisor_on_what_power_loss_left_of_its_journal_loses_and_doubles_nothing(
    tmp_path: Path, seed: int
) -> None:
    world, truth = traded(tmp_path / "disk", seed)
    assert world.images == LOSSES
    assert truth.trades


def test_a_seed_does_the_same_again(tmp_path: Path) -> None:
    """Though the journal has a thread of its own."""
    (one, truth), (other, again) = (traded(tmp_path / name, 0) for name in ("one", "other"))
    assert one.acknowledged == other.acknowledged
    assert truth.orders == again.orders


@pytest.mark.parametrize("level", ["off", "normal"])
def test_a_journal_that_does_not_sync_its_commits_is_caught_by_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    plant(monkeypatch, level)
    assert first_failure(tmp_path, lambda _: True, strict=True)


@pytest.mark.parametrize("level", ["off", "normal"])
def test_a_journal_that_does_not_sync_its_commits_is_caught_by_a_second_order_at_the_venue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    """Where nobody looks at what the image misses."""
    plant(monkeypatch, level)
    assert first_failure(tmp_path, lambda why: "I1" in why, strict=False, seeds=TWICE)


def plant(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    """The bug that no kill can show."""
    connect = schema.connect

    def careless(path: Path, *, vfs: str | None = None) -> apsw.Connection:
        connection = connect(path, vfs=vfs)
        connection.pragma("synchronous", level)
        return connection

    monkeypatch.setattr(schema, "connect", careless)


def first_failure(path: Path, wanted: Callable[[str], bool], *, strict: bool, seeds: Iterable[int] = PLANTED) -> str:
    """What is wrong with the first seed that is wrong in that way; empty where none is."""
    for seed in seeds:
        try:
            traded(path / str(seed), seed, strict=strict)
        except (AssertionError, JournalError, apsw.Error) as error:
            if wanted(str(error)):
                return str(error)
    return ""
