"""What a run has to say beyond pass and fail: with xdist only this conftest is loaded where the summary is written."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.e2e.histogram import faults, histogram

settings.register_profile("albra", deadline=None)
"""A machine that is busy with something else makes no example wrong."""
settings.load_profile("albra")


_ROOMS = {
    "cli": "server", "contract": "server", "binance": "server", "control": "server", "exchange": "server",
    "listening": "server",
    "edges": "server", "fuzz": "server", "logs": "server", "paper": "server",
    "e2e": "process", "power_loss": "kill", "simulation": "simulation", "strength": "simulation",
}  # fmt: skip
"""What tests of a folder need; the others are units, but for files that say so by name."""
_FILES = {
    "e2e": "process",
    "live": "process",
    "client": "server",
    "webhook": "server",
    "human": "process",
    "interleavings": "exhaustive",
    "call": "exhaustive",
    "disk": "exhaustive",
    "properties": "exhaustive",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(_needs(item.path))


def _needs(path: Path) -> str:
    """The marker of a test file."""
    if "kill" in path.stem:
        return "kill"
    named = next((marker for word, marker in _FILES.items() if word in path.stem.split("_")), None)
    return named or _ROOMS.get(path.parent.name, "unit")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    found = recorded(terminalreporter, "kills")
    if found:
        terminalreporter.section("SIGKILL: where it fell")
        for line in (*histogram(found), "", *faults(recorded(terminalreporter, "faults"))):
            terminalreporter.write_line(line)


def recorded(terminalreporter: Any, wanted: str) -> list[Any]:
    """What tests have recorded under that name."""
    return [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == wanted
    ]
