"""Rows that cannot be what they say: absurd numbers, and what cannot be read."""

import json

from adapters.paper.faults import Fault


def malformed_row(fault: Fault, row: object) -> object:
    """Raises ValueError for a `value` that is no JSON."""
    value = json.loads(fault.value) if fault.value else None
    if not fault.key:
        return value
    if not isinstance(row, dict):
        return row
    kept = {name: told for name, told in row.items() if name != fault.key}
    return kept | {fault.key: value} if fault.value else kept


_NUMBERS = frozenset({"executedQty", "actualQty", "qty", "z", "l", "aq"})
"""How much was executed, as rows and events name it."""


def absurd(fault: Fault, body: object) -> object:
    """Orders and trades whose executed quantities cannot be: `fault.body` in their place, or a trillion."""
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
