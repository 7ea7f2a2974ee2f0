"""Log lines of actors: one per step, one per hop of a message."""

from collections.abc import Callable
from typing import Any

from adapters.logs.writing import Logs
from messages.addresses import ordinal_of
from messages.base import Message
from messages.commands import ListPositions, ReadHistory, ReadStatus
from messages.reconciliation import DiscrepanciesAnswer, ListDiscrepancies
from messages.reports import HistoryAnswer, PositionsAnswer, PositionView, StatusAnswer

READS = (
    ListPositions, ReadStatus, ReadHistory, ListDiscrepancies,
    PositionsAnswer, StatusAnswer, HistoryAnswer, DiscrepanciesAnswer,
)  # fmt: skip
"""Queries and answers are not logged: they change nothing, and may be frequent."""


def line_writer(logs: Logs) -> Callable[..., None]:
    """Return the actors' line writer; it leaves out empty fields."""

    def write(level: str, event: str, /, **fields: str) -> None:
        logs.step(level, event, event=event, **{name: value for name, value in fields.items() if value})

    return write


def hop_writer(logs: Logs) -> Callable[[str, object, int, int], None]:
    """Return the writer of one line per actor that a correlated message passes; positions write their own, fuller
    lines.
    """

    def write(address: str, message: object, started_ns: int, finished_ns: int) -> None:
        if not isinstance(message, Message) or not message.correlation_id or isinstance(message, PositionView):
            return
        if ordinal_of(address) is not None:
            return
        about: Any = message
        logs.step(
            "DEBUG" if isinstance(message, READS) else "INFO",
            type(message).__name__,
            actor=address,
            correlation_id=message.correlation_id,
            position_id=getattr(about, "position_id", None) or "",
            symbol=getattr(about, "symbol", None) or "",
            took_us=(finished_ns - started_ns) // 1000,
        )

    return write
