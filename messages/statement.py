"""Sentences as data: a code with arguments, rendered where a person reads it. Pure.

A `Wording` is one table of templates; calling a member makes a `Statement`. A statement travels as its code and
arguments, and each reader renders it in its language. As a string it is English, for logs and programs that pass it on.
Outside text (a venue's, an earlier version's) is a statement without a code.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Never, Self, Union

from messages.decimals import plain
from messages.text import Shown, shown

Argument = Union[str, int, Decimal, "Statement", tuple["Argument", ...]]
"""An argument of a template. A plain `str` is an identifier or outside text; our own words are `Statement`s."""
_PLACE = re.compile(r"\{(\w+)\}")
_NONE: Mapping[str, Argument] = MappingProxyType({})
_TABLES: dict[str, type["Wording"]] = {}
_LOOKED_AT = (Enum, Shown, tuple)
"""Types of arguments that need conversion."""
_WORD = "word."
_NUMBER, _SEVERAL = "=", "*"
"""Prefixes of a decimal and of a tuple on the wire; a code contains a dot, so it is neither."""


class Statement(Shown):
    """One sentence, phrase or word. `code` is empty where the text has no facts behind it."""

    __slots__ = ("args", "code")
    code: str
    args: Mapping[str, Argument]

    def __new__(cls, _: Never) -> Self:
        raise TypeError("call a Wording, or use verbatim() or word()")

    @property
    def key(self) -> str:
        """Return the code within its table: `close_refused`."""
        return self.code.rpartition(".")[2]

    def __reduce__(self) -> tuple[Callable[..., "Statement"], tuple[Any, ...]]:
        return from_wire, (to_wire(self),)


class Wording(Enum):
    """A table of templates: a member's name is its code within the table, its value the English with `{places}`."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        _TABLES[cls.__name__.lower()] = cls

    def __init__(self, template: str) -> None:
        self.code = f"{type(self).__name__.lower()}.{self._name_.lower()}"
        """`position.close_refused`: stable once it was released, as journals hold it."""
        self._places = places(template)
        self._template = template

    def __call__(self, **args: Argument | Enum) -> Statement:
        """Return the sentence with these arguments. Raises TypeError for a missing or an unknown argument."""
        if args.keys() != self._places:
            raise TypeError(f"{self.code} takes {sorted(self._places)}, not {sorted(args)}")
        kept: dict[str, Argument] = {
            name: _argument(value) if isinstance(value, _LOOKED_AT) else value for name, value in args.items()
        }
        return _made(self.code, self._template, kept)


def verbatim(text: object) -> Statement:
    """Return outside text as a statement, escaped."""
    return text if isinstance(text, Statement) else _kept("", shown(text), _NONE)


def word(name: object) -> Statement:
    """Return a name of the code (a state, a side, a purpose) as a statement, which catalogs translate."""
    return _kept(f"{_WORD}{name}", shown(name), _NONE)


@lru_cache(maxsize=2_048)
def places(template: str) -> frozenset[str]:
    return frozenset(_PLACE.findall(template))


def template_of(code: str) -> str:
    """Return the English template of a code; empty when this version does not know it."""
    if code.startswith(_WORD):
        return code.removeprefix(_WORD)
    table, _, name = code.partition(".")
    members = _TABLES[table].__members__ if table in _TABLES else {}
    found = members.get(name.upper())
    return str(found.value) if found is not None else ""


def wordings() -> Iterator[Wording]:
    """Yield every member of every loaded table."""
    for table in _TABLES.values():
        yield from table


def render(statement: str, translate: Callable[[str], str]) -> Shown:
    """Render a sentence; `translate` maps an English template to the reader's, also for nested statements."""
    if not isinstance(statement, Statement) or not statement.code:
        return shown(statement)
    template = template_of(statement.code)
    if not template:
        return statement
    return shown(_filled(translate(template), {n: _text(v, translate) for n, v in statement.args.items()}))


def to_wire(statement: str) -> Any:
    """Return plain values for msgpack: the text alone, or `[code, {place: value}]`."""
    if not isinstance(statement, Statement) or not statement.code:
        return str(statement)
    return [statement.code, {name: _value_to_wire(value) for name, value in statement.args.items()}]


def from_wire(wire: Any) -> Statement:
    """Return the statement that `to_wire` wrote, or an earlier version's text.

    Raises TypeError, ValueError or ArithmeticError for anything else.
    """
    if isinstance(wire, str):
        return verbatim(wire)
    code, args = wire
    if not isinstance(code, str) or not isinstance(args, dict):
        raise TypeError(f"{wire!r:.80} where a statement belongs")
    values = {str(name): _value_from_wire(value) for name, value in args.items()}
    template = template_of(code)
    if not template:
        said = ", ".join(f"{name} {_english(value)}" for name, value in values.items())
        template = f"{code}: {said}".replace("{", "(").replace("}", ")") if said else code
    return _made(code, template, values)


def to_jsonable(statement: Statement) -> Mapping[str, Any]:
    """Return `code` and `args` for programs; decimals are strings."""
    return {"code": statement.code, "args": {n: _value_to_jsonable(v) for n, v in statement.args.items()}}


def facts_of(text: object) -> Mapping[str, Any] | None:
    """Return `code` and `args` of our own sentence; None for other text."""
    return to_jsonable(text) if isinstance(text, Statement) and text.code else None


def fact(name: str, text: object) -> dict[str, Any]:
    """Return `{name_fact: {code, args}}` to accompany a text in JSON; {} for a text without a code."""
    found = facts_of(text)
    return {} if found is None else {f"{name}_fact": found}


def _made(code: str, template: str, args: dict[str, Argument]) -> Statement:
    """Make a statement; takes ownership of `args`."""
    said = {name: value if type(value) is str else _english(value) for name, value in args.items()}
    return _kept(code, shown(_filled(template, said)), MappingProxyType(args))


def _kept(code: str, text: Shown, args: Mapping[str, Argument]) -> Statement:
    made = str.__new__(Statement, text)
    made.code, made.args = code, args
    return made


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Fill a template. Not str.format: braces in a translation must not fail. An unknown place stays."""
    parts = [*_split(template)]
    for place in range(1, len(parts), 2):
        name = parts[place]
        parts[place] = values.get(name, f"{{{name}}}")
    return "".join(parts)


@lru_cache(maxsize=2_048)
def _split(template: str) -> tuple[str, ...]:
    """Return text and place names, alternating."""
    return tuple(_PLACE.split(template))


def _argument(value: Argument | Enum) -> Argument:
    """Convert an argument; a statement without a code becomes a plain string, as on the wire."""
    match value:
        case Enum():
            return word(value.value)
        case Statement() if value.code:
            return value
        case str():
            return str(value)
        case tuple():
            return tuple(_argument(each) for each in value)
        case _:
            return value


def _english(value: Argument) -> str:
    """Return an argument's English; a nested statement is rendered already."""
    if isinstance(value, tuple):
        return ", ".join(_english(each) for each in value)
    return plain(value) if isinstance(value, Decimal) else str(value)


def _text(value: Argument, translate: Callable[[str], str]) -> str:
    match value:
        case Statement():
            return render(value, translate)
        case Decimal():
            return plain(value)
        case tuple():
            return ", ".join(_text(each, translate) for each in value)
        case _:
            return str(value)


def _value_to_wire(value: Argument) -> Any:
    match value:
        case Statement():
            return to_wire(value)
        case Decimal():
            return [_NUMBER, str(value)]
        case tuple():
            return [_SEVERAL, [_value_to_wire(each) for each in value]]
        case str():
            return value
        case _:
            return int(value)


def _value_from_wire(wire: Any) -> Argument:
    match wire:
        case str() | int():
            return wire
        case [str(kind), str(text)] if kind == _NUMBER:
            return Decimal(text)
        case [str(kind), list(parts)] if kind == _SEVERAL:
            return tuple(_value_from_wire(each) for each in parts)
        case _:
            return from_wire(wire)


def _value_to_jsonable(value: Argument) -> Any:
    match value:
        case Statement():
            return {**to_jsonable(value), "text": str(value)}
        case Decimal():
            return plain(value)
        case tuple():
            return [_value_to_jsonable(each) for each in value]
        case _:
            return value


NOTHING = verbatim("")
"""The empty statement; false."""
