"""Kinds of input values: their parsing and their description.

A command's fields name their kind by their type (`Symbol`, `PositionSide`) or by an alias at the end of this module
(`Price`, `Quantity`). Parsing is strict: an ambiguous price is refused. Pure.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar, get_args

from messages.ids import parse_position_id
from messages.types import (
    CALLBACK_LEAST,
    CALLBACK_MOST,
    CALLBACK_STEP,
    AccountId,
    Attribution,
    CommandId,
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

T = TypeVar("T")
Schema = Mapping[str, Any]


class FieldError(ValueError):
    """A field has an invalid value; `field` is its name, where known."""

    def __init__(self, expected: str, found: object, field: str = "") -> None:
        super().__init__(expected, found, field)
        self.expected = expected
        self.found = _shown(found)
        self.field = field

    def __str__(self) -> str:
        name = f"{self.field}: " if self.field else ""
        return f"{name}expected {self.expected}, found {self.found}"


class Kind(Generic[T]):
    """One kind of value. Calling it parses a text or a JSON value, and raises FieldError.

    `schema`: its JSON Schema, which accepts exactly the parsed forms. `noun`: used for a missing value. `metavar`: its
    command-line placeholder. `example`: a valid value.
    """

    def __init__(
        self, read: Callable[[object], T], schema: Schema, *, example: object, noun: str, metavar: str, name: str = ""
    ) -> None:
        self.read = read
        self.schema = schema
        self.example = example
        self.noun = noun
        self.metavar = metavar
        self.name = name or read.__name__
        KINDS[self.name] = self

    def __call__(self, value: object) -> T:
        return self.read(value)

    def __repr__(self) -> str:
        return self.name


KINDS: dict[str, Kind[Any]] = {}
"""Every kind by its name."""


def kind(
    schema: Schema, *, example: object, noun: str, metavar: str = ""
) -> Callable[[Callable[[object], T]], Kind[T]]:
    """Return a decorator that makes a kind of its parsing function."""
    return lambda read: Kind(read, schema, example=example, noun=noun, metavar=metavar)


def text_schema(pattern: str, description: str) -> Schema:
    return {"type": "string", "pattern": f"^(?:{pattern})$", "description": description}


def _number_of(least: int, description: str, *, most: int = 10**15 - 1, text: str = _NUMBER.pattern) -> Schema:
    """Return the schema of plain digits as text or a whole number; a JSON fraction is accepted without an exponent."""
    not_zero = "(?!0*\\.?0*$)" if least else ""
    return {
        "description": f"{description}; plain digits, no sign, no exponent",
        "anyOf": [
            {"type": "string", "pattern": f"^{not_zero}(?:{text})$"},
            {"type": "integer", "minimum": least, "maximum": most},
        ],
    }


def _whole_of(least: int, most: int, description: str) -> Schema:
    return {
        "description": description,
        "anyOf": [
            {"type": "integer", "minimum": least, "maximum": most},
            {"type": "string", "pattern": "^(?:[1-9][0-9]{0,2}|1000)$" if most == 1000 else "^[0-9]{1,18}$"},
        ],
    }


@kind(
    text_schema(
        "[A-Za-z0-9]{5,30}|[A-Za-z0-9]{1,20}/[A-Za-z0-9]{2,10}:[A-Za-z0-9]{2,10}",
        "a perpetual's symbol such as BTCUSDT or BTC/USDT:USDT, in any case",
    ),
    example="BTCUSDT",
    noun="a symbol",
    metavar="SYMBOL",
)
def symbol(text: object) -> Symbol:
    """Parse `BTCUSDT` or `BTC/USDT:USDT`, in any case, to `BTCUSDT`. Raises FieldError."""
    upper = text.upper() if isinstance(text, str) and text.isascii() else ""
    unified = _UNIFIED_SYMBOL.fullmatch(upper)
    if unified is not None and unified[2] == unified[3]:
        return Symbol(unified[1] + unified[2])
    if _PLAIN_SYMBOL.fullmatch(upper):
        return Symbol(upper)
    raise FieldError("a perpetual's symbol such as BTCUSDT or BTC/USDT:USDT", text)


def _plain(text: object, expected: str) -> Decimal:
    """Parse plain digits; accepts a JSON integer, and a JSON fraction as its text."""
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise FieldError(expected, text)
    return Decimal(text)


@kind(_number_of(1, "a number above zero"), example="1.5", noun="a number", metavar="N")
def positive(text: object) -> Decimal:
    """Parse a positive number in plain digits: no sign, exponent, separators, or NaN. Raises FieldError."""
    number = _plain(text, "a positive number in plain digits such as 0.01")
    if not number:
        raise FieldError("a number above zero", text)
    return number


@kind(_number_of(0, "a number, or 0"), example="0", noun="a number, or 0", metavar="N")
def not_negative(text: object) -> Decimal:
    """Parse as `positive`, zero included."""
    return _plain(text, "a number in plain digits such as 58000.5, or 0")


price = Kind(
    positive.read, _number_of(1, "a price above zero"), example="58000.5", noun="a price", metavar="P", name="price"
)
price_or_zero = Kind(
    not_negative.read,
    _number_of(0, "a price, or 0, which removes it"),
    example="0",
    noun="a price, or 0",
    metavar="P",
    name="price_or_zero",
)
quantity = Kind(
    positive.read,
    _number_of(1, "a quantity above zero in base units"),
    example="0.01",
    noun="a quantity",
    metavar="QTY",
    name="quantity",
)


@kind(
    _number_of(1, "a percentage above 0 and up to 100", most=100, text=_PERCENT),
    example="40",
    noun="a percentage",
    metavar="P",
)
def percent(text: object) -> Decimal:
    number = positive(text)
    if number > 100:
        raise FieldError("a percentage above 0 and up to 100", text)
    return number


@kind(
    _number_of(1, "a trailing stop's callback rate in percent, 0.1 to 20", most=20, text=_RATE),
    example="1.5",
    noun="a callback rate",
    metavar="PERCENT",
)
def callback_rate(text: object) -> Decimal:
    """Parse a trailing stop's callback rate, in percent. Raises FieldError."""
    number = positive(text)
    if not CALLBACK_LEAST <= number <= CALLBACK_MOST or number % CALLBACK_STEP:
        raise FieldError("a callback rate in percent from 0.1 to 20, in steps of 0.01", text)
    return number


@kind(
    _number_of(
        0, "a trailing stop's callback rate in percent, 0.1 to 20, or 0, which removes it", most=20, text=f"0|{_RATE}"
    ),
    example="0",
    noun="a callback rate, or 0",
    metavar="PERCENT",
)
def callback_rate_or_zero(text: object) -> Decimal:
    return callback_rate(text) if not_negative(text) else Decimal(0)


@kind(_whole_of(1, LEVERAGE_MAX, "leverage"), example=5, noun="a leverage", metavar="N")
def leverage(text: object) -> int:
    return _whole(text, 1, LEVERAGE_MAX, f"a whole number from 1 to {LEVERAGE_MAX}")


@kind({"type": "boolean", "description": "true or false"}, example=True, noun="true or false")
def flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise FieldError("true or false", value)


@kind({"type": "string", "enum": list(_SWITCHES), "description": "1 or true, 0 or false"}, example="1", noun="1 or 0")
def switch(text: object) -> bool:
    """Parse a query's flag, whose value is text; a name without a value is off."""
    if isinstance(text, str) and text in _SWITCHES:
        return text in ("1", "true")
    raise FieldError("1, true, 0 or false", text)


@kind(_whole_of(0, 2**63 - 1, "nanoseconds since the epoch, or 0 for never"), example=0, noun="a moment", metavar="NS")
def instant_ns(text: object) -> int:
    return _whole(text, 0, 2**63 - 1, "nanoseconds since the epoch, or 0 for never")


@kind(
    text_schema("[Ll][Oo][Nn][Gg]|[Ss][Hh][Oo][Rr][Tt]", "long or short"),
    example="long",
    noun="long or short",
    metavar="long|short",
)
def side(text: object) -> PositionSide:
    if isinstance(text, str) and text.lower() in ("long", "short"):
        return PositionSide(text.lower())
    raise FieldError("long or short", text)


@kind(
    text_schema(_STRATEGY.pattern, "a strategy's name"), example="trend", noun="a strategy's name", metavar="STRATEGY"
)
def strategy(text: object) -> StrategyId:
    if isinstance(text, str) and _STRATEGY.fullmatch(text):
        return StrategyId(text)
    raise FieldError("a strategy's name, 1 to 32 of letters, digits and _", text)


@kind(text_schema(_ACCOUNT.pattern, "an account's name"), example="main", noun="an account's name", metavar="ACCOUNT")
def account(text: object) -> AccountId:
    if isinstance(text, str) and _ACCOUNT.fullmatch(text):
        return AccountId(text)
    raise FieldError("an account's name, 1 to 32 of a-z, 0-9 and _", text)


@kind(
    text_schema(_COMMAND_ID.pattern, "an id of your own: repeated with the same one, a command has one effect"),
    example="c1",
    noun="an id of your own; a repeated one has one effect",
    metavar="ID",
)
def command_id(text: object) -> CommandId:
    if isinstance(text, str) and _COMMAND_ID.fullmatch(text):
        return CommandId(text)
    raise FieldError("an id of your own, 1 to 64 of letters, digits and _.:-", text)


@kind(
    text_schema(r"[a-z0-9_]+\.[A-Z0-9]+\.(long|short)\.[A-Za-z0-9_]+\.[0-9]{1,18}", "as `open` answered it"),
    example="main.BTCUSDT.long.manual.1",
    noun="a position id",
    metavar="POSITION_ID",
)
def position_id(text: object) -> PositionId:
    if isinstance(text, str) and parse_position_id(text) is not None:
        return PositionId(text)
    raise FieldError("a position id such as main.BTCUSDT.long.manual.1", text)


@kind(
    text_schema(_DISCREPANCY_ID.pattern, "as `albra discrepancies` shows it"),
    example="d17",
    noun="a discrepancy's id",
    metavar="ID",
)
def discrepancy_id(text: object) -> str:
    if isinstance(text, str) and _DISCREPANCY_ID.fullmatch(text):
        return text
    raise FieldError("a discrepancy's id such as d17", text)


@kind(_whole_of(1, DISCREPANCIES_MAX, "how many, the latest"), example="5", noun="a number", metavar="N")
def how_many(text: object) -> int:
    return _whole(text, 1, DISCREPANCIES_MAX, f"a whole number from 1 to {DISCREPANCIES_MAX}")


@kind(
    text_schema("pro_rata|newest_first", "how a reduction is shared out to strategies"),
    example="pro_rata",
    noun="pro_rata or newest_first",
    metavar="HOW",
)
def attribution(text: object) -> Attribution:
    """Whose a reduction is; `ask` is what the human is being asked."""
    if text in (Attribution.PRO_RATA.value, Attribution.NEWEST_FIRST.value):
        return Attribution(str(text))
    raise FieldError("pro_rata or newest_first", text)


def names_position(text: str) -> bool:
    """Return whether a `SYMBOL|POSITION_ID` argument is a position id: no symbol has a dot."""
    return "." in text


Price = Annotated[Decimal, price]
PriceOrZero = Annotated[Decimal, price_or_zero]
Quantity = Annotated[Decimal, quantity]
Percent = Annotated[Decimal, percent]
CallbackRate = Annotated[Decimal, callback_rate]
CallbackRateOrZero = Annotated[Decimal, callback_rate_or_zero]
Leverage = Annotated[int, leverage]
ExpiryNs = Annotated[int, instant_ns]
DiscrepancyId = Annotated[str, discrepancy_id]
_BY_TYPE: Mapping[Any, Kind[Any]] = {
    Symbol: symbol,
    PositionSide: side,
    StrategyId: strategy,
    AccountId: account,
    PositionId: position_id,
    Attribution: attribution,
    bool: flag,
}


def kind_of(hint: Any) -> Kind[Any] | None:
    """Return the kind of a field's type, plain or `X | None`; None for a type that is not input."""
    said = [each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Kind)]
    if said:
        return said[0]
    if hint in _BY_TYPE:
        return _BY_TYPE[hint]
    return next((found for part in get_args(hint) if (found := kind_of(part)) is not None), None)


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
