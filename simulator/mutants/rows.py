"""Planted bugs in how rows of the venue are read (row 34 of the faults)."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from typing import Any

from adapters.exchange import rows
from adapters.exchange.binance import normalize, reader
from adapters.exchange.binance.reader import Reader
from adapters.exchange.rows import MalformedError
from adapters.paper.faults import Fault, FaultKind, FaultPlan
from simulator.environment.network import START_MS
from simulator.environment.plan import Act, Plan
from simulator.mutants.planting import Mutant, calm, mutant, patch


def _a_bad_position_voids_the_list(stack: ExitStack) -> None:
    def strict(value: object, settings: Any) -> normalize.PositionList:
        told = normalize.position_list(value, settings)
        if told.unread:
            raise MalformedError(told.unread[0].why)
        return told

    patch(stack, reader, "position_list", strict)


def _a_bad_order_voids_the_list(stack: ExitStack) -> None:
    plain = Reader._listed_orders

    def strict(self: Reader, items: Any, name: Any, stamp: Any, unread: dict[Any, Any]) -> Any:
        found = plain(self, items, name, stamp, unread)
        if unread:
            raise MalformedError(next(iter(unread.values())).why)
        return found

    patch(stack, Reader, "_listed_orders", strict)


def _what_cannot_be_read_is_flat(stack: ExitStack) -> None:
    def lenient(value: object, settings: Any) -> normalize.PositionList:
        return replace(normalize.position_list(value, settings), unread=())

    patch(stack, reader, "position_list", lenient)


def _a_quantity_needs_no_value(stack: ExitStack) -> None:
    def believing(row: Any, amount: Any, mark: Any) -> None:
        """Whatever the row says of its value."""

    patch(stack, normalize, "_confirm", believing)


def _any_number_is_a_quantity(stack: ExitStack) -> None:
    """Its value would contradict it: both layers are gone."""
    _a_quantity_needs_no_value(stack)
    patch(stack, rows, "LARGEST", Decimal(10) ** 60)


def _absurdly_large() -> Sequence[Plan]:
    """Of the only position the venue says for minutes that it is 1e20."""
    return _said_to_be("1e20")


def _another_quantity() -> Sequence[Plan]:
    """Of the only position the venue says for minutes that it is short by one, or flat; its value is the true one."""
    return [*_said_to_be("-1"), *_said_to_be("0")]


def _said_to_be(quantity: str) -> Sequence[Plan]:
    fault = Fault(
        kind=FaultKind.MALFORMED, method="GET", path="/positionRisk", key="positionAmt", value=f'"{quantity}"', count=0
    )
    lasting = replace(fault, from_ms=START_MS + 10_000, until_ms=START_MS + 200_000)
    opening = Act(at_ms=3_000, do="open", slot=0, symbol="BTCUSDT", strategy="alpha", lots=2, stop_ppm=10_000)
    return [calm(opening, safety_ms=240_000, fast_s=10, faults=FaultPlan(faults=(lasting,)))]


ROWS: Mapping[str, Mutant] = {
    "a bad position voids the list": mutant(_a_bad_position_voids_the_list, "I12", seed=66),
    "a bad order voids the list": mutant(_a_bad_order_voids_the_list, "I12", seed=136),
    "what cannot be read is flat": mutant(_what_cannot_be_read_is_flat, "I2", "I23", seed=66),
    "any number is a quantity": mutant(_any_number_is_a_quantity, "I2", "I23", "I4", "I6", plans=_absurdly_large),
    "a quantity needs no value": mutant(_a_quantity_needs_no_value, "I2", "I23", plans=_another_quantity),
}
