"""What a run has to say beyond pass and fail: with xdist only this conftest is loaded where the summary is written."""

from typing import Any

from hypothesis import settings

from tests.e2e.histogram import faults, histogram

settings.register_profile("albra", deadline=None)
"""A machine that is busy with something else makes no example wrong."""
settings.load_profile("albra")


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
