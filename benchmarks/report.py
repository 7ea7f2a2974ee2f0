"""Rows of a measurement, and how they are printed."""

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure: the median of its runs and their range. `ratio` is to what `against` names, in the same run."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    ratio: float | None = None
    against: str = ""
    target: str = ""


def row(
    name: str,
    runs: Sequence[float],
    unit: str,
    *,
    ratio: float | None = None,
    against: str = "",
    target: str = "",
) -> Row:
    """Condense runs into a row."""
    return Row(
        name=name,
        value=statistics.median(runs),
        unit=unit,
        low=min(runs),
        high=max(runs),
        ratio=ratio,
        against=against,
        target=target,
    )


def environment(*packages: str) -> str:
    """Name the machine and the versions that figures belong to."""
    cpu = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    system = f"{platform.system()} {platform.release()}"
    return f"{cpu}, {os.cpu_count()} cores, {system}, Python {platform.python_version()}, {versions}"


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def print_rows(rows: Iterable[Row]) -> None:
    for one in rows:
        spread = f"[{_number(one.low)} … {_number(one.high)}]"
        ratio = "" if one.ratio is None else f"{_number(one.ratio)} × {one.against}"
        target = f"(wanted {one.target})" if one.target else ""
        print(f"{one.name:<68} {_number(one.value):>12} {one.unit:<8} {spread:<26} {ratio} {target}".rstrip())
