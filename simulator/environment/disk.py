"""A disk of virtual time: commits take their time, may fail, and what was not synced is lost with the power."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from adapters.storage.batch import Batch
from adapters.storage.high_water_mark import going_on, missing
from adapters.storage.jobs import Counters, Health
from adapters.storage.memory import MemoryJournal, _Append
from simulator.environment.damage import Commit, LoggedImage

US, MS = 1_000, 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskWeather:
    """Chances in thousandths; times in microseconds."""

    commit_most_us: int = 3_000
    slow: int = 0
    slow_most_us: int = 1_500_000
    failing: int = 0
    full: bool = False
    locked: bool = False
    """Another program holds the journal, from now on."""
    locks: tuple[tuple[int, int], ...] = ()
    """Spans of wall time, in ms, in which another program holds the journal (fault 36)."""


STEADY = DiskWeather()
BUSY_MS = 3_000
"""So long a commit waits for whoever holds the journal."""


class DiskHealth:
    """What the disk is like now: as planned, ill for a while, well at last."""

    def __init__(self, planned: DiskWeather, *, later: Callable[[int, Callable[[], None]], object]) -> None:
        self.weather = self._planned = planned
        self._later = later
        self._ills = Counter[str]()
        self._peace = False

    def sicken(self, what: str, for_ms: int) -> None:
        """`full`, `failing`, `slow` or `locked`; what is planned comes back. Raises KeyError for any other."""
        ills: dict[str, dict[str, Any]] = {
            "full": {"full": True},
            "failing": {"failing": 1000},
            "slow": {"slow": 1000},
            "locked": {"locked": True},
        }
        ill = ills[what]
        self._ills[what] += 1
        self.weather = replace(self.weather, **ill)

        def recover() -> None:
            self._ills[what] -= 1
            if not self._peace and not self._ills[what]:
                self.weather = replace(self.weather, **{name: getattr(self._planned, name) for name in ill})

        self._later(for_ms * MS, recover)

    def make_peace(self) -> None:
        self._peace, self.weather = True, STEADY


class SimulatedDisk(MemoryJournal):
    """One process's journal on an image that outlives it."""

    image: LoggedImage

    def __init__(
        self,
        image: LoggedImage,
        *,
        later: Callable[[int, Callable[[], None]], object],
        time_ns: Callable[[], int],
        weather: Callable[[], DiskWeather],
        random: Random,
        count: Callable[[str], None],
    ) -> None:
        super().__init__(image, later=self._wait, fault=self._fails, time_ns=time_ns)
        # An attribute, as the journal on SQLite has it.
        self.meta = MemoryJournal.meta(self)  # type: ignore[method-assign, assignment]
        self.path = Path("journal.sqlite3")
        self.lost_behind = len(image.steps)
        self.lost_steps = missing(image.mark, image.losses, self.lost_behind)
        self._losses = going_on(image.losses, self.lost_behind, self.lost_steps)
        self.started = False
        """Until then, at the start of a process, an append is answered at once."""
        self._call_later, self._wall_ns = later, time_ns
        self._weather = weather
        self._random = random
        self._count = count

    @contextmanager
    def reader(self) -> Iterator["SimulatedDisk"]:
        yield self

    def counters(self) -> Counters:
        return Counters(commits=self.commits)

    def health(self) -> tuple[Health, str]:
        return Health.WELL, ""

    def reserve_held(self) -> int:
        return 0

    def lose_power(self, *, power: bool = False) -> None:
        """The process is gone. A commit under way may have become durable; with the power any prefix of what waits."""
        waiting = [_unheard(job) for job in self._queue if isinstance(job, _Append)]
        kept = self._random.randrange(len(waiting) + 1) if power else self._random.randrange(2) * len(waiting)
        if power and kept:
            self._count("unanswered commit kept")
        self._queue[:] = waiting[:kept]
        self._work()
        self.crash()

    def _locked_ms(self) -> int:
        """How long another program will still hold the journal; 0: none does."""
        if self._weather().locked:
            return BUSY_MS
        now_ms = self._wall_ns() // MS
        return max((until - now_ms for since, until in self._weather().locks if since <= now_ms < until), default=0)

    def _wait(self, call: Callable[[], None]) -> None:
        weather = self._weather()
        if not self.started:
            call()
            return
        if held_ms := self._locked_ms():
            self._count("journal locked")
            self._call_later(min(held_ms, BUSY_MS) * MS, call)
            return
        delay_us = self._random.randrange(100, weather.commit_most_us)
        if self._random.randrange(1000) < weather.slow:
            self._count("slow disk")
            delay_us += self._random.randrange(weather.slow_most_us)
        self._call_later(delay_us * US, call)

    def _commit(self, group: Sequence[_Append]) -> None:
        self.short = self._weather().full
        if self.short and group:
            self._count("disk full")
        super()._commit(group)

    def _keep(self, batch: Batch) -> None:
        image = self.image
        image.log.append(
            Commit(
                steps=len(image.steps),
                positions={ordinal: image.positions.get(ordinal) for ordinal in batch.positions},
                snapshots={ordinal: image.snapshots.get(ordinal) for ordinal in batch.snapshots},
            )
        )
        super()._keep(batch)
        image.mark, image.losses = len(image.steps), self._losses

    def _fails(self) -> str | None:
        if self._locked_ms():
            return "database is locked"
        if self._random.randrange(1000) < self._weather().failing:
            self._count("failed commit")
            return "no space left on device"
        return None


def _unheard(job: _Append) -> _Append:
    return replace(job, done=lambda _why: None)
