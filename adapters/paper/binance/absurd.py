"""Corrupts rows: impossible numbers and unreadable fields."""

import json

from adapters.paper.faults import Fault


def malformed_row(fault: Fault, row: object) -> object:
    """Return the row with the fault's value in it. Raises ValueError when `value` is no JSON."""
    value = json.loads(fault.value) if fault.value else None
    if not fault.key:
        return value
    if not isinstance(row, dict):
        return row
    kept = {name: cell for name, cell in row.items() if name != fault.key}
    return kept | {fault.key: value} if fault.value else kept


_NUMBERS = frozenset({"executedQty", "actualQty", "qty", "z", "l", "aq"})
"""Fields of executed quantities in rows and events."""


def absurd(fault: Fault, body: object) -> object:
    """Return orders and trades with impossible executed quantities: `fault.body`, or a trillion."""
    value = json.loads(fault.body) if fault.body else "1000000000000"
    return _with_numbers(body, value)


def _with_numbers(body: object, value: object) -> object:
    if isinstance(body, list):
        return [_with_numbers(row, value) for row in body]
    if not isinstance(body, dict):
        return body
    spoiled_ = dict.fromkeys(body.keys() & _NUMBERS, value)
    inner = {"o": _with_numbers(body["o"], value)} if isinstance(body.get("o"), dict) else {}
    return body | spoiled_ | inner
