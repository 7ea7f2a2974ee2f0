from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages import fields
from messages.fields import FieldError


@pytest.mark.parametrize("text", ["BTCUSDT", "btcusdt", "BTC/USDT:USDT", "btc/usdt:usdt", "BtcUsdt"])
def test_a_symbol_in_any_accepted_form_is_the_plain_one(text: str) -> None:
    assert fields.symbol(text) == "BTCUSDT"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BTC",
        "BTC/USDT",
        "BTC/USD:BTC",
        "BTC-USDT",
        "BTC USDT",
        "BTCUSDT;",
        "BTCUSDT\n",
        "ＢＴＣＵＳＤＴ",
        "../x",
        None,
        7,
    ],
)
def test_anything_else_is_no_symbol(text: object) -> None:
    with pytest.raises(FieldError, match="expected a perpetual's symbol such as BTCUSDT"):
        fields.symbol(text)


@pytest.mark.parametrize(("text", "number"), [("0.01", "0.01"), ("1", "1"), (".5", "0.5"), ("5.", "5"), (3, "3")])
def test_plain_digits_are_a_number_exactly(text: object, number: str) -> None:
    assert fields.positive(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    ["", "0", "0.0", "-1", "+1", "nan", "inf", "Infinity", "1e5", "1e999", "1,000", "1_000", "1.000,5", "0x10", "٣",
     " 1", "1 ", ".", "1.2.3", "9" * 16, True, None, 1.5, [], "sNaN"],
)  # fmt: skip
def test_what_could_be_misread_is_no_number(text: object) -> None:
    with pytest.raises(FieldError):
        fields.positive(text)


@given(st.text())
def test_no_text_whatever_raises_anything_but_a_field_error(text: str) -> None:
    parsers = (fields.symbol, fields.positive, fields.not_negative, fields.percent, fields.leverage, fields.instant_ns,
               fields.side, fields.strategy, fields.account, fields.command_id, fields.position_id)  # fmt: skip
    for parse in parsers:
        try:
            parse(text)
        except FieldError:
            continue
        assert text.isascii(), "what passes is plain text"


def test_percent_and_leverage_have_their_bounds() -> None:
    assert fields.percent("100") == 100
    assert fields.leverage("125") == 125
    for parse, text in ((fields.percent, "100.1"), (fields.leverage, "0"), (fields.leverage, "1.5")):
        with pytest.raises(FieldError):
            parse(text)


def test_a_name_with_a_dot_is_meant_as_a_position() -> None:
    assert fields.names_position("main.BTCUSDT.long.manual.1")
    assert not fields.names_position("BTC/USDT:USDT")
    with pytest.raises(FieldError, match="a position id such as"):
        fields.position_id("main.BTCUSDT.up.manual.1")
