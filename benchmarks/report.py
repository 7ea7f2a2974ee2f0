"""Rows of a measurement: medians with their range, each beside what was promised of it."""

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A bound on a row's ratio where it has one, otherwise on its value."""

    bound: float
    most: bool

    def met_by(self, figure: float) -> bool:
        return figure <= self.bound if self.most else figure >= self.bound


def at_least(bound: float) -> Target:
    return Target(bound=bound, most=False)


def at_most(bound: float) -> Target:
    return Target(bound=bound, most=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure: the median of its runs and their range. `ratio` is to what `against` names, in the same run."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    runs: int
    ratio: float | None = None
    against: str = ""
    target: Target | None = None

    @property
    def met(self) -> bool | None:
        """None where nothing was promised."""
        if self.target is None:
            return None
        return self.target.met_by(self.value if self.ratio is None else self.ratio)


def row(
    name: str,
    runs: Sequence[float],
    unit: str,
    *,
    ratio: float | None = None,
    against: str = "",
    target: Target | None = None,
) -> Row:
    """Condense runs into a row."""
    return Row(
        name=name,
        value=statistics.median(runs),
        unit=unit,
        low=min(runs),
        high=max(runs),
        runs=len(runs),
        ratio=ratio,
        against=against,
        target=target,
    )


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Taken pair by pair: the two of a pair ran a moment apart, in the same mood of a shared machine."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


def quantile(runs: Sequence[float], share: float) -> float:
    """The observation below which this share of them lies."""
    return sorted(runs)[min(int(len(runs) * share), len(runs) - 1)]


def environment(*packages: str) -> str:
    """Name the machine and the versions that figures belong to."""
    cpu = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    system = f"{platform.system()} {platform.release()}"
    return f"{cpu}, {os.cpu_count()} cores, {system}, Python {platform.python_version()}, {versions}"


def load() -> str:
    """How busy the machine is with everything, ourselves included: runnable threads over 1 and 5 minutes."""
    one, five, _ = os.getloadavg()
    return f"load {one:.1f} over 1 minute, {five:.1f} over 5"


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def print_rows(rows: Iterable[Row]) -> None:
    """One line each: name, median, range, ratio, target, whether it is met."""
    for one in rows:
        spread = f"{number(one.low)} … {number(one.high)} ({one.runs})" if one.runs > 1 else ""
        ratio = "" if one.ratio is None else f"{number(one.ratio)} × {one.against}"
        print(
            f"{one.name:<70} {number(one.value):>9} {one.unit:<9} {spread:<27} {ratio:<32} {_verdict(one)}".rstrip(),
            flush=True,
        )


def _verdict(one: Row) -> str:
    if one.target is None:
        return ""
    sign = "≤" if one.target.most else "≥"
    unit = "×" if one.ratio is not None else one.unit
    return f"{sign} {number(one.target.bound)} {unit}: {'met' if one.met else 'MISSED'}"


def document(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows as JSON values; `met` is null where nothing was promised."""
    return [{**asdict(one), "met": one.met} for one in rows]
