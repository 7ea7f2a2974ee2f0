"""Many seeds over several worker processes, in the order of their numbers, with a line of progress now and then."""

import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from tests.simulation.coverage import Cells
from tests.simulation.mutants import planted
from tests.simulation.outcome import Outcome
from tests.simulation.world import simulate

TELL_EVERY_S = 10


@dataclass(slots=True)
class Sum:
    """What many seeds came to."""

    seeds: int = 0
    simulated_ms: int = 0
    deaths: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    cells: Cells = field(default_factory=Counter)
    failed: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.simulated_ms += outcome.simulated_ms
        self.deaths += outcome.deaths
        self.faults.update(outcome.faults)
        self.cells.update(outcome.cells)
        if outcome.violation is not None:
            self.failed.append(outcome)


def cores() -> int:
    return len(os.sched_getaffinity(0))


def run(
    seeds: Sequence[int],
    *,
    size: str,
    jobs: int,
    mutant: str = "",
    on_outcome: Callable[[Outcome], bool] = lambda _outcome: True,
    say: Callable[[str], None] = lambda _line: None,
) -> Sum:
    """Simulate each seed. `on_outcome` hears of each in turn; when it returns False, no more is begun."""
    total, began_s = Sum(), time.monotonic()
    told_s = began_s
    with _outcomes(seeds, size, jobs, mutant) as outcomes:
        for outcome in outcomes:
            total.add(outcome)
            goes_on = on_outcome(outcome)
            now_s = time.monotonic()
            if now_s - told_s > TELL_EVERY_S or total.seeds == len(seeds):
                told_s = now_s
                say(_progress(total, len(seeds), now_s - began_s))
            if not goes_on:
                break
    return total


def _progress(total: Sum, seeds: int, passed_s: float) -> str:
    return (
        f"{total.seeds} of {seeds} seeds, {total.seeds / max(passed_s, 0.001):.1f} seeds/s, "
        f"{total.faults.total()} faults injected, {total.simulated_ms / 3_600_000:.1f} simulated hours, "
        f"{total.deaths} restarts, {len(total.failed)} failed"
    )


@contextmanager
def _outcomes(seeds: Sequence[int], size: str, jobs: int, mutant: str) -> Iterator[Iterator[Outcome]]:
    work = partial(_work, size=size, mutant=mutant)
    if jobs <= 1 or len(seeds) == 1:
        yield map(work, seeds)
        return
    with multiprocessing.get_context("spawn" if sys.platform == "darwin" else "fork").Pool(jobs) as pool:
        yield pool.imap(work, seeds, chunksize=2)


def _work(seed: int, *, size: str, mutant: str) -> Outcome:
    with planted(mutant):
        return simulate(seed, size=size)
