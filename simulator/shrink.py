"""A failing plan made small: faults go first, then what people do, then time, as long as the same invariant fails.

Delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002): of each list the
largest part that can go goes, in halves, quarters and so on. Every attempt is one run; there are at most `RUNS_MOST`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simulator.environment.disk import STEADY
from simulator.environment.network import CALM
from simulator.environment.plan import Plan
from simulator.world import simulate

RUNS_MOST = 300
QUIET_MS = 2_000
"""Left after the last thing that happens; what is too late for it is found in peace."""

Runs = Callable[[Plan], str]
"""Runs a plan, and says which invariant does not hold; empty: all do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
    """The smallest plan found, which invariant it violates, and how many runs that took."""

    plan: Plan
    invariant: str
    runs: int


@dataclass(frozen=True, slots=True)
class _List:
    """One list of a plan, at a path of field names."""

    path: tuple[str, ...]

    def of(self, plan: Plan) -> tuple[Any, ...]:
        value: Any = plan
        for name in self.path:
            value = getattr(value, name) if value is not None else ()
        return tuple(value or ())

    def put(self, plan: Plan, items: Sequence[Any]) -> Plan:
        found = _put(plan, self.path, tuple(items))
        assert isinstance(found, Plan)
        return found


LISTS = (
    _List(("faults", "faults")),
    _List(("weather", "windows")),
    _List(("traps",)),
    _List(("kills",)),
    _List(("intrusions",)),
    _List(("chat", "outages")),
    _List(("chat", "says")),
    _List(("acts",)),
)
"""In the order in which they are made shorter: what goes wrong, then what people do."""

MEASURES = ("faults", "acts", "ms")


def size_of(plan: Plan) -> tuple[int, int, int]:
    """Faults of every kind, acts, and milliseconds: what shrinking makes smaller."""
    faults = sum(len(each.of(plan)) for each in LISTS[:6])
    acts = sum(len(each.of(plan)) for each in LISTS[6:])
    return faults, acts, plan.safety_ms


def violated(plan: Plan) -> str:
    """Run it as it is."""
    found = simulate(plan.seed, plan=plan).violation
    return found.invariant if found is not None else ""


def shrink(plan: Plan, runs: Runs = violated, most: int = RUNS_MOST) -> Shrunk:
    """Raises ValueError for a plan that violates nothing."""
    return _Shrinking(plan, runs, most).run()


class _Shrinking:
    def __init__(self, plan: Plan, runs: Runs, most: int) -> None:
        self._run = runs
        self._left = most
        self._most = most
        self._best = plan
        self._invariant = ""

    def run(self) -> Shrunk:
        self._left -= 1
        self._invariant = self._run(self._best)
        if not self._invariant:
            raise ValueError(f"plan {self._best.seed} violates nothing")
        before = None
        while before != self._best and self._left > 0:  # what one list needed may not be needed without another
            before = self._best
            for candidate in _calmer(self._best):
                self._try(candidate(self._best))
            for each in LISTS:
                self._fewer(each)
            self._sooner()
        return Shrunk(plan=self._best, invariant=self._invariant, runs=self._most - self._left)

    def _try(self, candidate: Plan) -> bool:
        """Keep it if the same invariant still fails."""
        if candidate == self._best or self._left <= 0:
            return False
        self._left -= 1
        if self._run(candidate) != self._invariant:
            return False
        self._best = candidate
        return True

    def _fewer(self, which: _List) -> None:
        """Take parts away: all of it, halves, quarters, down to single items."""
        length = len(which.of(self._best))
        part = length
        while part > 0:
            start = 0
            while start < len(items := which.of(self._best)):
                if not self._try(which.put(self._best, (*items[:start], *items[start + part :]))):
                    start += part
            part = part // 2 if part > 1 else 0

    def _sooner(self) -> None:
        """A shorter day: up to the last thing that happens, and then by halves."""
        last_ms = max((getattr(act, "at_ms", 0) for act in self._best.acts), default=0)
        self._try(replace(self._best, safety_ms=min(self._best.safety_ms, last_ms + QUIET_MS)))
        while self._try(replace(self._best, safety_ms=self._best.safety_ms // 2)):
            pass


def _calmer(plan: Plan) -> Iterator[Callable[[Plan], Plan]]:
    """What can be taken away as a whole."""
    yield lambda p: replace(p, chat=None)
    yield lambda p: replace(p, chat=p.chat.calm() if p.chat is not None else None)
    yield lambda p: replace(p, disk=STEADY)
    yield lambda p: replace(p, weather=replace(CALM, windows=p.weather.windows))
    yield lambda p: replace(p, volatility_ppm=0)
    yield lambda p: replace(p, second="") if all(act.account == "main" for act in p.acts) else p
    yield lambda p: replace(p, faults=replace(p.faults, quirks=type(p.faults.quirks)()))


def _put(value: Any, path: tuple[str, ...], items: tuple[Any, ...]) -> Any:
    if not path:
        return items
    inner = getattr(value, path[0])
    return value if inner is None else replace(value, **{path[0]: _put(inner, path[1:], items)})
