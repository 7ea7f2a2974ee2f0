"""Decimals as text, without an exponent: for wires, ids, logs and people."""

from decimal import Decimal


def plain(number: Decimal) -> str:
    """Every digit as it was given, zeros at the end included: `1.50`, `100`."""
    text = str(number)
    # `f` costs three times as much as `str`, and nearly always says the same.
    return format(number, "f") if "E" in text else text


def trimmed(number: Decimal) -> str:
    """Without zeros at the end: equal numbers have equal texts. `1.5`, `100`."""
    text = plain(number)
    return text.rstrip("0").rstrip(".") if "." in text else text
