"""Declarations of configuration keys, and what derives from them: JSON Schema (draft 2020-12) and typed values.

Beyond the standard, `expects` describes a pattern in plain words, and `secret` marks values that are never shown. A
JSON Schema validator understands the rest; `document.py` walks the same data.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeVar

JsonSchema = dict[str, Any]
_ADDRESS = r"^https?://\S+$"
T = TypeVar("T")
_NO_GROUPS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """`at`: the key's path in the file, below its group; `take` converts the file's value."""

    schema: JsonSchema
    at: tuple[str, ...]
    take: Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """A group of keys that is a dataclass. `groups`: descriptions of subgroups without a dataclass."""

    description: str
    groups: Mapping[str, str]
    without: tuple[str, ...]


def key(schema: JsonSchema, *, at: str = "", take: Callable[[Any], Any] | None = None) -> Any:
    """Declare a field as a key of this schema: by its name, or `at` a path such as `webhook.url`."""
    return field(metadata={"key": _Key(schema=schema, at=tuple(at.split(".")) if at else (), take=take)})


def section(description: str, *, without: tuple[str, ...] = (), **groups: str) -> Any:
    """Declare a field that is a dataclass of keys, except those in `without`; `groups` describes its subgroups."""
    return field(metadata={"key": _Section(description=description, groups=groups, without=without)})


def schema_of(
    cls: Any, description: str, groups: Mapping[str, str] = _NO_GROUPS, without: tuple[str, ...] = ()
) -> JsonSchema:
    """Return the schema of a dataclass's keys, in field order."""
    found: JsonSchema = group(description)
    for name, declared, kind in _declared(cls):
        if name in without:
            continue
        if isinstance(declared, _Section):
            found["properties"][name] = schema_of(kind, declared.description, declared.groups, declared.without)
            continue
        place, (*path, last) = found, declared.at or (name,)
        for part in path:
            place = place["properties"].setdefault(part, group(groups.get(part, "")))
        place["properties"][last] = declared.schema
    return found


def build(cls: type[T], tree: Mapping[str, Any], **given: Any) -> T:
    """Build the dataclass from a valid tree of plain values; `given` are fields without a key."""
    values: dict[str, Any] = {}
    for name, declared, kind in _declared(cls):
        if isinstance(declared, _Section):
            values[name] = build(kind, tree[name])
            continue
        found: Any = tree
        for part in declared.at or (name,):
            found = found[part]
        values[name] = found if declared.take is None else declared.take(found)
    return cls(**values, **given)


def _declared(cls: Any) -> Iterator[tuple[str, _Key | _Section, Any]]:
    return ((each.name, each.metadata["key"], each.type) for each in fields(cls) if "key" in each.metadata)


def group(description: str, /, **properties: JsonSchema) -> JsonSchema:
    return {
        "type": ["object", "null"],
        "description": description,
        "additionalProperties": False,
        "properties": properties,
        "default": {},
    }


def integer(description: str, default: int, *, minimum: int, maximum: int) -> JsonSchema:
    return {
        "type": "integer",
        "description": description,
        "minimum": minimum,
        "maximum": maximum,
        "default": default,
    }


def seconds(description: str, default: int) -> JsonSchema:
    return {
        "type": "number",
        "description": description,
        "exclusiveMinimum": 0,
        "maximum": 86_400,
        "default": default,
    }


def limit(description: str) -> JsonSchema:
    return {"type": ["number", "null"], "description": description, "exclusiveMinimum": 0, "default": None}


def choice(description: str, default: str, *values: str) -> JsonSchema:
    return {"type": "string", "description": description, "enum": list(values), "default": default}


def optional(description: str, *values: str) -> JsonSchema:
    return text(description, f"^({'|'.join(values)})$", "one of " + ", ".join(values))


def share(description: str, default: str) -> JsonSchema:
    return {"type": "number", "description": description, "minimum": 0, "maximum": 1, "default": Decimal(default)}


def amount(description: str, default: int) -> JsonSchema:
    return {"type": "number", "description": description, "minimum": 0, "default": default}


def flag(description: str, *, default: bool) -> JsonSchema:
    return {"type": "boolean", "description": description, "default": default}


def secret(description: str) -> JsonSchema:
    return {
        "type": ["string", "null"],
        "description": description,
        "minLength": 1,
        "secret": True,
        "default": None,
    }


def named(
    description: str, names: str, expects: str, value: JsonSchema, default: JsonSchema | None = None
) -> JsonSchema:
    """Return the schema of values by name; `names` is the names' pattern."""
    return {
        "type": ["object", "null"],
        "description": description,
        "propertyNames": {"pattern": names, "expects": expects},
        "additionalProperties": value,
        "default": {} if default is None else default,
    }


def address(description: str) -> JsonSchema:
    """Return the schema of an address; it may contain a secret, so it is never shown."""
    return {**secret(description), "pattern": _ADDRESS, "expects": "http://… or https://…"}


def text(description: str, pattern: str, expects: str) -> JsonSchema:
    """Return the schema of an optional text."""
    return {
        "type": ["string", "null"],
        "description": description,
        "pattern": pattern,
        "expects": expects,
        "default": None,
    }


def text_or(default: str, description: str, pattern: str, expects: str) -> JsonSchema:
    return {
        "type": "string",
        "description": description,
        "pattern": pattern,
        "expects": expects,
        "default": default,
    }


def types(schema: JsonSchema) -> tuple[str, ...]:
    """Return the JSON types of a schema."""
    kind = schema["type"]
    return (kind,) if isinstance(kind, str) else tuple(kind)


def default(schema: JsonSchema) -> Any:
    """Return the default of a schema; groups take their keys' defaults."""
    value = schema.get("default")
    if "object" not in types(schema):
        return tuple(value) if isinstance(value, list) else value
    if "properties" in schema:
        return {key: default(child) for key, child in schema["properties"].items()}
    return {key: default(schema["additionalProperties"]) for key in value or {}}
