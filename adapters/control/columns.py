"""Rows of answers, declared once: what each field holds, and its JSON Schema. Pure.

A field that a message has follows from its type there; decimals are strings, `…_ns` are moments in UTC.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from messages.decimals import plain
from messages.statement import facts_of

Json = dict[str, Any]
Source = TypeVar("Source")

TEXT: Json = {"type": "string"}
FLAG: Json = {"type": "boolean"}
COUNT: Json = {"type": "integer", "minimum": 0}
NUMBER: Json = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
MOMENT: Json = {"type": "string", "format": "date-time"}
FACT: Json = {"$ref": "#/components/schemas/Fact"}


@dataclass(frozen=True, slots=True)
class Column(Generic[Source]):
    """One field of a row. `unknown` stands there where a row is made without its source."""

    name: str
    schema: Json
    value: Callable[[Source], Any]
    unknown: Any = None


def column(cls: type, name: str, of: str = "", *, known: bool = False, **more: Any) -> Column[Any]:
    """The attribute `of` (else `name`) of `cls`. What is not `known` of every row may be null.

    `more` is said of its schema besides.
    """
    attribute = of or name
    found = getattr(cls, attribute, None)
    schema = _schema(get_type_hints(found.fget)["return"] if isinstance(found, property) else _hints(cls)[attribute])
    moment = attribute.endswith("_ns")
    schema = {**(MOMENT if moment else schema), **more}
    return Column(
        name=name,
        schema=schema if known else nullable(schema),
        value=lambda source: _moment(getattr(source, attribute)) if moment else json_of(getattr(source, attribute)),
        unknown=[] if schema.get("type") == "array" else None,
    )


def fact_column(name: str, of: str) -> Column[Any]:
    """Code and arguments of a text."""
    return Column(name=name, schema=nullable(FACT), value=lambda source: facts_of(getattr(source, of)))


def row(columns: Iterable[Column[Source]], source: Source) -> dict[str, Any]:
    return {each.name: each.value(source) for each in columns}


def unknown(columns: Iterable[Column[Any]]) -> dict[str, Any]:
    """A row of which nothing is known."""
    return {each.name: each.unknown for each in columns}


def schema_of(columns: Iterable[Column[Any]]) -> Json:
    """All of these fields; later versions may add some, and a client must bear it."""
    properties = {each.name: each.schema for each in columns}
    return {"type": "object", "required": list(properties), "properties": properties}


def class_schema(cls: type) -> Json:
    """Of `json_of` an instance of this dataclass."""
    return schema_of(column(cls, each.name, known=True) for each in fields(cls))


def nullable(schema: Json) -> Json:
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    if "enum" in schema:
        if None in schema["enum"]:
            return schema
        return {"enum": [*schema["enum"], None]}
    return schema if isinstance(schema["type"], list) else {**schema, "type": [schema["type"], "null"]}


def json_of(value: Any) -> Any:
    """Numbers as strings, exactly."""
    match value:
        case Enum():
            return value.value
        case Decimal():
            return plain(value)
        case tuple():
            return [json_of(each) for each in value]
        case _ if is_dataclass(value):
            return {each.name: json_of(getattr(value, each.name)) for each in fields(value)}
        case _:
            return value


def instant(time_ns: int) -> str:
    """`2026-01-31T12:00:00.123456Z`: UTC with microseconds, computed in whole numbers."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000, tzinfo=None)
    return moment.isoformat(timespec="microseconds") + "Z"


_hints = cache(get_type_hints)


def _moment(time_ns: int) -> str | None:
    return instant(time_ns) if time_ns else None


_SCHEMAS: Mapping[Any, Json] = {bool: FLAG, int: COUNT, Decimal: NUMBER}


def _schema(hint: Any) -> Json:
    """Of a message's field, by its type; what is a text to Python is a text in JSON."""
    parts = get_args(hint)
    if get_origin(hint) is UnionType or NoneType in parts:
        return nullable(_schema(next(part for part in parts if part is not NoneType)))
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _schema(parts[0])}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [each.value for each in hint]}
    if is_dataclass(hint):
        return class_schema(hint)  # type: ignore[arg-type]
    return _SCHEMAS.get(hint, TEXT)
