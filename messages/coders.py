"""Generates one encoder and one decoder per dataclass from its type hints.

`dataclasses.asdict` costs 14 µs per message, a generic walk over the hints about the same, a generated function 1 µs.
The code checks every value's type in both directions: a value that could be written but not read back would be a
damaged record.

A record is an array `[tag, version, field …]` of plain msgpack values, the fields in the order of `dataclasses.fields`;
a nested dataclass is a record of its own.
"""

import enum
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from functools import partial
from typing import Any, NewType, Union, get_args, get_origin

from messages import statement
from messages.statement import Statement
from messages.text import Markup, Shown, block, trusted

Encoder = Callable[[Any], "tuple[Any, ...]"]
Decoder = Callable[["list[Any]"], Any]
_Expression = Callable[["_Source", Any, str, str], str]

_PLAIN: Mapping[type, str] = {str: "str", int: "int", bool: "bool", bytes: "bytes"}
_SHOWN: Mapping[type, Callable[[str], str]] = {Shown: block, Markup: trusted}
"""Text types with escaping; on the wire they are plain text."""
HEADER_LENGTH = 2


class EncodeError(ValueError):
    """A value that its declared type does not allow, or a class without a tag: a bug of the caller."""


class DecodeError(ValueError):
    """The bytes are no known message: damaged, of a newer version, or foreign."""


class _Source:
    """The source of one function under construction, with the objects it names."""

    def __init__(self, **names: object) -> None:
        self.names: dict[str, object] = {"Decimal": Decimal, "bad": _refuse, "text": _plain_text, **names}

    def name(self, value: object) -> str:
        label = f"k{len(self.names)}"
        self.names[label] = value
        return label

    def compile(self, lines: list[str], filename: str) -> Callable[[Any], Any]:
        exec(compile("\n".join(lines), filename, "exec"), self.names)  # noqa: S102 - our own text, no input in it
        return typing.cast("Callable[[Any], Any]", self.names["convert"])


def _plain_text(value: object, expected: str) -> str:
    """Return a `Shown` or `Markup` as plain text, which any text field accepts."""
    return str(value) if type(value) in _SHOWN or type(value) is Statement else _refuse(value, expected)


def _refuse(value: object, expected: str) -> Any:
    raise TypeError(f"{type(value).__name__} {value!r:.80} where {expected} belongs")


def build_encoder(cls: type, tag: int, version: int, encoders: Mapping[type, Encoder]) -> Encoder:
    """Generate the function that turns an instance of `cls` into a record.

    `encoders` maps any class at run time. Raises TypeError when a field's hint has no wire form.
    """
    source = _Source(encoders=encoders)
    hints = typing.get_type_hints(cls)
    lines = ["def convert(m):"]
    parts = [repr(tag), repr(version)]
    for index, field in enumerate(fields(cls)):
        lines.append(f"    f{index} = m.{field.name}")
        parts.append(_encoding(source, hints[field.name], f"f{index}", f"{cls.__name__}.{field.name}"))
    lines.append(f"    return ({', '.join(parts)},)")
    return source.compile(lines, f"<encoder of {cls.__name__}>")


def build_decoder(cls: type, version: int, record: Decoder, upgrade: Decoder) -> Decoder:
    """Generate the function that turns a record of `cls` into an instance.

    `record` decodes any record; `upgrade` converts one of another version to this one, or raises DecodeError.
    """
    source = _Source(record=record, upgrade=upgrade, cls=cls, new=object.__new__)
    hints = typing.get_type_hints(cls)
    count = len(fields(cls))
    source.names["other_length"] = partial(_decode_other_length, cls, record, source.names)
    locals_ = [f"f{index}" for index in range(count)]
    values = [
        _decoding(source, hints[field.name], local, f"{cls.__name__}.{field.name}")
        for field, local in zip(fields(cls), locals_, strict=True)
    ]
    lines = [
        "def convert(w):",
        f"    if w[1] != {version}: w = upgrade(w)",
        f"    if len(w) != {count + HEADER_LENGTH}: return other_length(w)",
        f"    {', '.join(['_', '_', *locals_])} = w",
        *_construction(source, cls, values),
    ]
    return source.compile(lines, f"<decoder of {cls.__name__}>")


def _construction(source: _Source, cls: type, values: list[str]) -> list[str]:
    """Return the construction: setting slots takes half the time of a frozen `__init__`; a class with `__post_init__`
    keeps it.
    """
    names = [field.name for field in fields(cls)]
    slots = [getattr(cls, name, None) for name in names]
    members = [slot for slot in slots if isinstance(slot, types.MemberDescriptorType)]
    if hasattr(cls, "__post_init__") or len(members) < len(names):
        arguments = ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
        return [f"    return cls({arguments})"]
    lines = ["    o = new(cls)"]
    for slot, value in zip(members, values, strict=True):
        lines.append(f"    {source.name(slot.__set__)}(o, {value})")
    return [*lines, "    return o"]


def _decode_other_length(cls: type, record: Decoder, names: Mapping[str, Any], wire: list[Any]) -> Any:
    """Decode a longer record of a newer version or a shorter one of an older version: fields are only appended."""
    own = fields(cls)
    if len(wire) > len(own) + HEADER_LENGTH:
        return names["convert"](wire[: len(own) + HEADER_LENGTH])
    present = wire[HEADER_LENGTH:]
    for field in own[len(present) :]:
        if not has_default(field):
            raise DecodeError(f"{cls.__name__} lacks {field.name!r}, which has no default")
    hints = typing.get_type_hints(cls)
    arguments = {}
    for field, value in zip(own, present, strict=False):
        source = _Source(record=record)
        expression = _decoding(source, hints[field.name], "w", f"{cls.__name__}.{field.name}")
        decode = source.compile(["def convert(w):", f"    return {expression}"], "<decoder of one field>")
        arguments[field.name] = decode(value)
    return cls(**arguments)


def has_default(field: "Field[Any]") -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING


def _encoding(source: _Source, hint: Any, x: str, where: str) -> str:
    """Return an expression for the wire form of `x`, an expression without side effects."""
    kind = _resolve(hint)
    expected = f"{where}: {_spelled(kind)}"
    if kind is str:
        return f"({x} if type({x}) is str else text({x}, {expected!r}))"
    if kind in _PLAIN:
        return f"({x} if type({x}) is {_PLAIN[kind]} else bad({x}, {expected!r}))"
    if kind is Statement:
        written = f"{source.name(statement.to_wire)}({x})"
        return f"({written} if isinstance({x}, str) else bad({x}, {expected!r}))"
    if kind in _SHOWN:
        return f"(str({x}) if type({x}) is {source.name(kind)} else bad({x}, {expected!r}))"
    if kind is Decimal:
        return f"(str({x}) if type({x}) is Decimal else bad({x}, {expected!r}))"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return f"({x}._value_ if type({x}) is {source.name(kind)} else bad({x}, {expected!r}))"
    if _is_optional(kind):
        return f"(None if {x} is None else {_encoding(source, _without_none(kind), x, where)})"
    if classes := _dataclasses(kind):
        written = f"encoders[type({x})]({x})"
        return f"({written} if isinstance({x}, {source.name(classes)}) else bad({x}, {expected!r}))"
    return _collection(source, kind, x, where, _encoding, decoding=False)


def _decoding(source: _Source, hint: Any, x: str, where: str) -> str:
    """Return an expression for the value whose wire form is `x`."""
    kind = _resolve(hint)
    expected = f"{where}: {_spelled(kind)}"
    if kind in _PLAIN:
        return f"({x} if type({x}) is {_PLAIN[kind]} else bad({x}, {expected!r}))"
    if kind is Statement:
        return f"{source.name(statement.from_wire)}({x})"
    if kind in _SHOWN:
        return f"({source.name(_SHOWN[kind])}({x}) if type({x}) is str else bad({x}, {expected!r}))"
    if kind is Decimal:
        return f"(Decimal({x}) if type({x}) is str else bad({x}, {expected!r}))"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        members = source.name({member.value: member for member in kind})
        return f"({members}[{x}] if {x} in {members} else bad({x}, {expected!r}))"
    if _is_optional(kind):
        return f"(None if {x} is None else {_decoding(source, _without_none(kind), x, where)})"
    if classes := _dataclasses(kind):
        checked = source.name(lambda value: value if isinstance(value, classes) else _refuse(value, expected))
        return f"{checked}(record({x}))"
    return _collection(source, kind, x, where, _decoding, decoding=True)


def _collection(source: _Source, kind: Any, x: str, where: str, element: _Expression, *, decoding: bool) -> str:
    """Return the expression for a collection; a frozenset is sorted, so that equal messages have equal bytes."""
    origin, arguments = get_origin(kind), get_args(kind)
    expected = f"{where}: {_spelled(kind)}"
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        inner = ", ".join(element(source, member, f"{x}[{i}]", where) for i, member in enumerate(arguments))
        wanted = "list" if decoding else "tuple"
        built = f"({inner},)" if decoding else f"[{inner}]"
        fits = f"type({x}) is {wanted} and len({x}) == {len(arguments)}"
        return f"({built} if {fits} else bad({x}, {expected!r}))"
    if origin not in (tuple, frozenset):
        raise TypeError(f"{where} has no wire form: {_spelled(kind)}")
    y = f"y{len(source.names)}"
    source.names[y] = None  # reserves the name: a collection inside this one needs another
    inner = f"[{element(source, arguments[0], y, where)} for {y} in {x}]"
    if decoding:
        return f"({origin.__name__}({inner}) if type({x}) is list else bad({x}, {expected!r}))"
    ordered = f"sorted({inner})" if origin is frozenset else inner
    return f"({ordered} if type({x}) is {origin.__name__} else bad({x}, {expected!r}))"


def _resolve(hint: Any) -> Any:
    while isinstance(hint, NewType):
        hint = hint.__supertype__
    return hint


def _is_optional(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType) and type(None) in get_args(kind)


def _without_none(kind: Any) -> Any:
    rest = tuple(argument for argument in get_args(kind) if argument is not type(None))
    return rest[0] if len(rest) == 1 else Union[rest]  # noqa: UP007 - the members are known at run time only


def _dataclasses(kind: Any) -> tuple[type, ...]:
    """Return the dataclasses of a hint; () for any other hint."""
    members = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return members if all(isinstance(member, type) and is_dataclass(member) for member in members) else ()


def _spelled(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)
