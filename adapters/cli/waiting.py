"""Decides when an opening or a close is done, from position rows, so that it survives a restart of the supervisor."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

Row = Mapping[str, Any]

_TERMINAL = frozenset({"CLOSED", "FAILED", "CANCELLED", "RETIRED"})
_HELD = frozenset({"ACTIVE", "MODIFIED", "PAUSED"})


class Progress(Enum):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


def opening(row: Row, *, protection_asked: bool) -> Progress:
    """Return the progress of an opening: done when held and, where requested, protected at the venue."""
    if row["state"] in _TERMINAL:
        return Progress.FAILED
    if row["state"] in _HELD and not row["in_doubt"] and (row["protected"] or not protection_asked):
        return Progress.DONE
    return Progress.WAITING


def rests(row: Row) -> bool:
    """Return whether an entry, or a part of it, rests at the venue and nothing about it is unknown."""
    return row["state"] == "OPENING" and not row["in_doubt"] and Decimal(row.get("resting") or 0) > 0


def limit_of(row: Row) -> str:
    """Return the entry's limit price."""
    entries = (o for o in row["orders"] if o["purpose"] == "entry" and o["phase"] == "working")
    return next((str(order["price"]) for order in entries if order["price"] is not None), "its limit")


@dataclass(slots=True, kw_only=True)
class Closing:
    """Watches one close. A partial one is done when its goal was seen, was reached, and is gone."""

    command_id: str
    whole: bool
    goal: Decimal | None = None

    def progress(self, row: Row) -> Progress:
        if row["state"] == "FAILED":
            return Progress.FAILED
        if row["state"] in _TERMINAL:
            return Progress.DONE
        if self.command_id not in row["command_ids"]:
            return Progress.WAITING  # The view precedes our command.
        if row["goal_quantity"] is not None:
            self.goal = Decimal(row["goal_quantity"])
            return Progress.WAITING
        if row["state"] in ("CLOSING", "MODIFYING", "RECONCILING") and not self._reached(row):
            return Progress.WAITING
        goal = Decimal(0) if self.whole else self.goal
        if goal is not None and Decimal(row["quantity"]) > goal:
            return Progress.FAILED  # Abandoned: the goal is gone without being reached.
        return Progress.WAITING if self.whole else Progress.DONE

    def _reached(self, row: Row) -> bool:
        """Return whether the goal is reached, whatever else is in progress: a stop that fired is not the close's."""
        if self.whole or row["in_doubt"] or row["state"] == "RECONCILING":
            return False
        if self.goal is None:
            return bool(row["state"] == "CLOSING")  # nothing is left to close: its goal came and went unseen
        return Decimal(row["quantity"]) <= self.goal
