"""Decimals as text: exact, without an exponent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages.decimals import plain, trimmed

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=None)


@pytest.mark.parametrize(
    ("number", "every_digit", "without_zeros"),
    [("1.50", "1.50", "1.5"), ("1E+2", "100", "100"), ("100", "100", "100"), ("1E-9", "0.000000001", "0.000000001"),
     ("0E-8", "0.00000000", "0"), ("0.00", "0.00", "0")],
)  # fmt: skip
def test_examples(number: str, every_digit: str, without_zeros: str) -> None:
    assert (plain(Decimal(number)), trimmed(Decimal(number))) == (every_digit, without_zeros)


@given(NUMBERS)
def test_no_digit_is_lost_and_no_exponent_is_written(number: Decimal) -> None:
    for text in (plain(number), trimmed(number)):
        assert Decimal(text) == number
        assert "E" not in text


@given(NUMBERS, st.integers(0, 6))
def test_equal_numbers_have_equal_texts_once_trimmed(number: Decimal, zeros: int) -> None:
    longer = Decimal(f"{plain(number)}{'' if '.' in plain(number) else '.'}{'0' * zeros}")
    assert trimmed(longer) == trimmed(number)
