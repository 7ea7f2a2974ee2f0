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
from typing import TypeVar

from simulator.mutants.catalog import planted
from simulator.outcome import Outcome
from simulator.troubles.coverage import Cell, Cells, reachable
from simulator.troubles.target import draw_target
from simulator.world import simulate

TELL_EVERY_S = 10
T = TypeVar("T")


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
    with _mapped(partial(_work, size=size, mutant=mutant), seeds, jobs) as outcomes:
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


def aim(
    total: Sum,
    first: int,
    *,
    tries: int,
    jobs: int,
    mutant: str = "",
    on_outcome: Callable[[Outcome], bool] = lambda _outcome: True,
    say: Callable[[str], None] = lambda _line: None,
) -> None:
    """Plans of a minute for every reachable cell that `total` has not reached, up to `tries` each; added to it."""
    for seed in range(first, first + tries):
        left = [cell for cell in reachable() if not total.cells.get(cell)]
        if not left:
            return
        say(f"aiming at {len(left)} cells, seed {seed}")
        with _mapped(partial(_target, seed=seed, mutant=mutant), left, jobs) as outcomes:
            for outcome in outcomes:
                total.add(outcome)
                if not on_outcome(outcome):
                    return


def _progress(total: Sum, seeds: int, passed_s: float) -> str:
    return (
        f"{total.seeds} of {seeds} seeds, {total.seeds / max(passed_s, 0.001):.1f} seeds/s, "
        f"{total.faults.total()} faults injected, {total.simulated_ms / 3_600_000:.1f} simulated hours, "
        f"{total.deaths} restarts, {len(total.failed)} failed"
    )


@contextmanager
def _mapped(work: Callable[[T], Outcome], items: Sequence[T], jobs: int) -> Iterator[Iterator[Outcome]]:
    if jobs <= 1 or len(items) == 1:
        yield map(work, items)
        return
    with multiprocessing.get_context("spawn" if sys.platform == "darwin" else "fork").Pool(jobs) as pool:
        yield pool.imap(work, items, chunksize=2)


def _work(seed: int, *, size: str, mutant: str) -> Outcome:
    with planted(mutant):
        return simulate(seed, size=size)


def _target(cell: Cell, *, seed: int, mutant: str) -> Outcome:
    with planted(mutant):
        return simulate(seed, plan=draw_target(seed, cell))
