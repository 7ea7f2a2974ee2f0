"""What people and programs write, read strictly: a price that could be misread is refused, not guessed."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from messages.ids import parse_position_id
from messages.reconciliation import Attribution
from messages.types import (
    CALLBACK_LEAST,
    CALLBACK_MOST,
    CALLBACK_STEP,
    AccountId,
    PositionId,
    PositionSide,
    StrategyId,
    Symbol,
)

_PLAIN_SYMBOL = re.compile(r"[A-Z0-9]{5,30}")
_UNIFIED_SYMBOL = re.compile(r"([A-Z0-9]{1,20})/([A-Z0-9]{2,10}):([A-Z0-9]{2,10})")
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{0,18})?|\.[0-9]{1,18}")
_WHOLE = re.compile(r"[0-9]{1,19}")
_STRATEGY = re.compile(r"[A-Za-z0-9_]{1,32}")
_ACCOUNT = re.compile(r"[a-z0-9_]{1,32}")
_DISCREPANCY_ID = re.compile(r"d[0-9]{1,18}")
_COMMAND_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_PERCENT = r"[0-9]{1,2}(\.[0-9]{0,18})?|100"
_RATE = r"0?\.[1-9][0-9]?|1?[1-9](\.[0-9]{1,2})?|10(\.[0-9]{1,2})?|20(\.00?)?"
_SWITCHES = ("0", "1", "false", "true", "")
_SHOWN_MAX = 40
LEVERAGE_MAX = 1000
DISCREPANCIES_MAX = 1000


class FieldError(ValueError):
    """A field holds something else than it should; `field` may be set by whoever knows its name."""

    def __init__(self, expected: str, found: object, field: str = "") -> None:
        super().__init__(expected, found, field)
        self.expected = expected
        self.found = _shown(found)
        self.field = field

    def __str__(self) -> str:
        name = f"{self.field}: " if self.field else ""
        return f"{name}expected {self.expected}, found {self.found}"


def symbol(text: object) -> Symbol:
    """`BTCUSDT` for `BTCUSDT` and `BTC/USDT:USDT` in any case. Raises FieldError for anything else."""
    upper = text.upper() if isinstance(text, str) and text.isascii() else ""
    unified = _UNIFIED_SYMBOL.fullmatch(upper)
    if unified is not None and unified[2] == unified[3]:
        return Symbol(unified[1] + unified[2])
    if _PLAIN_SYMBOL.fullmatch(upper):
        return Symbol(upper)
    raise FieldError("a perpetual's symbol such as BTCUSDT or BTC/USDT:USDT", text)


def positive(text: object) -> Decimal:
    """A positive number in plain digits: no sign, no exponent, no separators, no NaN."""
    number = not_negative(text, "a positive number in plain digits such as 0.01")
    if not number:
        raise FieldError("a number above zero", text)
    return number


def not_negative(text: object, expected: str = "a number in plain digits such as 58000.5, or 0") -> Decimal:
    """The same, zero included. A JSON integer is taken too; a JSON fraction arrives here as its text."""
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise FieldError(expected, text)
    return Decimal(text)


def percent(text: object) -> Decimal:
    number = positive(text)
    if number > 100:
        raise FieldError("a percentage above 0 and up to 100", text)
    return number


def callback_rate(text: object) -> Decimal:
    """Of a trailing stop, as venues take it."""
    number = positive(text)
    if not CALLBACK_LEAST <= number <= CALLBACK_MOST or number % CALLBACK_STEP:
        raise FieldError("a callback rate in percent from 0.1 to 20, in steps of 0.01", text)
    return number


def callback_rate_or_zero(text: object) -> Decimal:
    return callback_rate(text) if not_negative(text) else Decimal(0)


def leverage(text: object) -> int:
    return _whole(text, 1, LEVERAGE_MAX, f"a whole number from 1 to {LEVERAGE_MAX}")


def flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise FieldError("true or false", value)


def switch(text: object) -> bool:
    """A flag of a query, where every value is text; named without a value it is off, as ever."""
    if isinstance(text, str) and text in _SWITCHES:
        return text in ("1", "true")
    raise FieldError("1, true, 0 or false", text)


def instant_ns(text: object) -> int:
    return _whole(text, 0, 2**63 - 1, "nanoseconds since the epoch, or 0 for never")


def side(text: object) -> PositionSide:
    if isinstance(text, str) and text.lower() in ("long", "short"):
        return PositionSide(text.lower())
    raise FieldError("long or short", text)


def strategy(text: object) -> StrategyId:
    if isinstance(text, str) and _STRATEGY.fullmatch(text):
        return StrategyId(text)
    raise FieldError("a strategy's name, 1 to 32 of letters, digits and _", text)


def account(text: object) -> AccountId:
    if isinstance(text, str) and _ACCOUNT.fullmatch(text):
        return AccountId(text)
    raise FieldError("an account's name, 1 to 32 of a-z, 0-9 and _", text)


def command_id(text: object) -> str:
    if isinstance(text, str) and _COMMAND_ID.fullmatch(text):
        return text
    raise FieldError("an id of your own, 1 to 64 of letters, digits and _.:-", text)


def position_id(text: object) -> PositionId:
    if isinstance(text, str) and parse_position_id(text) is not None:
        return PositionId(text)
    raise FieldError("a position id such as main.BTCUSDT.long.manual.1", text)


def discrepancy_id(text: object) -> str:
    if isinstance(text, str) and _DISCREPANCY_ID.fullmatch(text):
        return text
    raise FieldError("a discrepancy's id such as d17", text)


def attribution(text: object) -> Attribution:
    """Whose a reduction is; `ask` is what the human is being asked."""
    if text in (Attribution.PRO_RATA.value, Attribution.NEWEST_FIRST.value):
        return Attribution(str(text))
    raise FieldError("pro_rata or newest_first", text)


def how_many(text: object) -> int:
    return _whole(text, 1, DISCREPANCIES_MAX, f"a whole number from 1 to {DISCREPANCIES_MAX}")


def names_position(text: str) -> bool:
    """Whether a `SYMBOL|POSITION_ID` argument is meant as a position id: no symbol has a dot."""
    return "." in text


def _text(pattern: str, description: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^(?:{pattern})$", "description": description}


def _number_of(least: int, description: str, *, most: int = 10**15 - 1, text: str = _NUMBER.pattern) -> dict[str, Any]:
    """Plain digits as text, or a whole number; a JSON fraction is read too, where no writer put an exponent into it."""
    not_zero = "(?!0*\\.?0*$)" if least else ""
    return {
        "description": f"{description}; plain digits, no sign, no exponent",
        "anyOf": [
            {"type": "string", "pattern": f"^{not_zero}(?:{text})$"},
            {"type": "integer", "minimum": least, "maximum": most},
        ],
    }


def _whole_of(least: int, most: int, description: str) -> dict[str, Any]:
    return {
        "description": description,
        "anyOf": [
            {"type": "integer", "minimum": least, "maximum": most},
            {"type": "string", "pattern": "^(?:[1-9][0-9]{0,2}|1000)$" if most == 1000 else "^[0-9]{1,18}$"},
        ],
    }


SCHEMAS: Mapping[Callable[[object], Any], Mapping[str, Any]] = {
    symbol: _text(
        "[A-Za-z0-9]{5,30}|[A-Za-z0-9]{1,20}/[A-Za-z0-9]{2,10}:[A-Za-z0-9]{2,10}",
        "a perpetual's symbol such as BTCUSDT or BTC/USDT:USDT, in any case",
    ),
    positive: _number_of(1, "a number above zero"),
    not_negative: _number_of(0, "a number, or 0"),
    percent: _number_of(1, "a percentage above 0 and up to 100", most=100, text=_PERCENT),
    callback_rate: _number_of(1, "a trailing stop's callback rate in percent, 0.1 to 20", most=20, text=_RATE),
    callback_rate_or_zero: _number_of(
        0, "a trailing stop's callback rate in percent, 0.1 to 20, or 0", most=20, text=f"0|{_RATE}"
    ),
    flag: {"type": "boolean", "description": "true or false"},
    switch: {"type": "string", "enum": list(_SWITCHES), "description": "1 or true, 0 or false"},
    leverage: _whole_of(1, LEVERAGE_MAX, "leverage"),
    instant_ns: _whole_of(0, 2**63 - 1, "nanoseconds since the epoch, or 0 for never"),
    side: _text("[Ll][Oo][Nn][Gg]|[Ss][Hh][Oo][Rr][Tt]", "long or short"),
    strategy: _text(_STRATEGY.pattern, "a strategy's name"),
    account: _text(_ACCOUNT.pattern, "an account's name"),
    command_id: _text(_COMMAND_ID.pattern, "an id of your own: repeated with the same one, a command has one effect"),
    discrepancy_id: _text(_DISCREPANCY_ID.pattern, "as `albra discrepancies` shows it"),
    attribution: _text("pro_rata|newest_first", "how a reduction is shared out to strategies"),
    how_many: _whole_of(1, DISCREPANCIES_MAX, "how many, the latest"),
    position_id: _text(r"[a-z0-9_]+\.[A-Z0-9]+\.(long|short)\.[A-Za-z0-9_]+\.[0-9]{1,18}", "as `open` answered it"),
}
"""JSON Schema of what each function here reads, for the API's own description: nothing that it refuses for its
form is promised, and nothing that is promised is refused for its form."""


def _whole(text: object, least: int, most: int, expected: str) -> int:
    digits = str(text) if isinstance(text, int) and not isinstance(text, bool) else text
    if not isinstance(digits, str) or not _WHOLE.fullmatch(digits) or not least <= int(digits) <= most:
        raise FieldError(expected, text)
    return int(digits)


def _shown(found: object) -> str:
    if found is None:
        return "nothing"
    text = repr(found)
    return text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "…"
