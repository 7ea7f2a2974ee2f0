"""Amounts shared out by weight: in whole steps, and exactly."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from actors.shares import by_weight, within

STEP = Decimal("0.001")


@given(
    quantities=st.lists(st.integers(1, 10_000), min_size=1, max_size=6),
    permille=st.integers(1, 1000),
    crumb=st.sampled_from(["0", "0.0003"]),
)
def test_parts_within_what_is_held_add_up_exactly(quantities: list[int], permille: int, crumb: str) -> None:
    has = {i: STEP * quantity for i, quantity in enumerate(quantities)}
    total = sum(has.values(), Decimal(0))
    amount = min(total, STEP * (sum(quantities) * permille // 1000) + Decimal(crumb))
    parts = within(amount, has, STEP)
    assert sum(parts.values(), Decimal(0)) == amount
    assert all(0 < part <= has[name] for name, part in parts.items())


def test_what_rounding_leaves_goes_to_the_largest_first_and_then_to_the_first_of_equals() -> None:
    held = {"a": Decimal(1), "b": Decimal(2), "c": Decimal(2)}
    assert within(Decimal(4), held, Decimal(1)) == {"b": Decimal(2), "c": Decimal(2)}
    assert within(Decimal(2), dict.fromkeys("ab", Decimal(1)) | {"c": Decimal(1)}, Decimal(1)) == {
        "a": Decimal(1),
        "b": Decimal(1),
    }
    assert within(Decimal("1.5"), {"a": Decimal(1), "b": Decimal(1)}, Decimal(1)) == {
        "a": Decimal(1),
        "b": Decimal("0.5"),
    }


def test_weights_of_both_signs_pay_each_other() -> None:
    parts = by_weight(Decimal("-0.01"), {1: Decimal(3), 2: Decimal(-1)}, STEP)
    assert parts == {1: Decimal("-0.015"), 2: Decimal("0.005")}
    assert by_weight(Decimal(1), {1: Decimal(1), 2: Decimal(-1)}, STEP) == {}


def test_the_largest_weight_bears_what_rounding_leaves() -> None:
    assert by_weight(Decimal("0.1"), {1: Decimal(1), 2: Decimal(1), 3: Decimal(1)}, STEP) == {
        1: Decimal("0.034"),
        2: Decimal("0.033"),
        3: Decimal("0.033"),
    }
