"""The fast `replace` says what the standard library's says."""

import dataclasses
from typing import Any

import pytest

from actors.copying import replace, stamp
from actors.position.state import Order, Position
from messages.statement import verbatim
from messages.types import OrderPurpose
from tests.position.story import dec, protected


@pytest.mark.parametrize("changes", [{}, {"version": 99}, {"quantity": dec(3), "reason": "so", "orders": ()}])
def test_a_copy_equals_that_of_the_standard_library(changes: dict[str, Any]) -> None:
    position = protected().position
    assert replace(position, **changes) == dataclasses.replace(position, **changes)


def test_the_original_stays_as_it_was() -> None:
    order = protected().order(OrderPurpose.STOP)
    before = dataclasses.replace(order)
    changed = replace(order, number=order.number + 1)
    assert order == before
    assert changed != before
    assert type(changed) is Order


def test_a_copy_is_frozen_like_its_original() -> None:
    made = replace(protected().position, version=1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.version = 2  # type: ignore[misc]  # that it cannot be set is what is shown


def test_a_stamp_changes_what_was_just_made_and_nothing_else() -> None:
    position = protected().position
    made = replace(position, reason=verbatim("new"))
    assert stamp(made, version=99) is made
    assert made == dataclasses.replace(position, reason=verbatim("new"), version=99)
    assert position.version != 99


def test_a_field_that_there_is_not_is_an_error() -> None:
    with pytest.raises(TypeError, match="Position has no field 'qantity'"):
        replace(protected().position, qantity=dec(1))


def test_what_could_not_be_copied_slot_by_slot_is_turned_away() -> None:
    @dataclasses.dataclass(frozen=True)
    class Loose:
        number: int = 1

    with pytest.raises(AssertionError, match="no slots"):
        replace(Loose(), number=2)
    assert isinstance(protected().position, Position)
