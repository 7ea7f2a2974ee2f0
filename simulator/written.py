"""Plans as JSON, so that a small one can be kept, read, changed by hand and run again.

Only what differs from a field's default is written. Reading goes by the types that the fields declare.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from simulator.environment.plan import Plan


def write(path: Path, plan: Plan) -> None:
    path.write_text(f"{json.dumps(to_json(plan), indent=1)}\n")


def read(path: Path) -> Plan:
    """Raises OSError for a file that cannot be read, ValueError for one that holds no plan."""
    try:
        found = from_json(Plan, json.loads(path.read_text()))
    except KeyError as error:
        raise ValueError(f"no plan has a field {error}") from None
    except (TypeError, ArithmeticError, RecursionError) as error:
        raise ValueError(str(error) or repr(error)) from None
    if not isinstance(found, Plan):
        raise ValueError(f"expected a JSON object, found {json.dumps(found)[:40]}")  # noqa: TRY004 - as documented
    return found


def to_json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: to_json(getattr(value, each.name))
            for each in fields(value)
            if each.default is MISSING or getattr(value, each.name) != each.default
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple | list | frozenset):
        return [to_json(each) for each in value]
    return value


def from_json(kind: Any, value: Any) -> Any:
    """A value of this type. Raises KeyError for a field that the type does not have, TypeError for a wrong value."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType or NoneType in arguments:
        return None if value is None else from_json(next(each for each in arguments if each is not NoneType), value)
    if origin is tuple:
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(from_json(each, part) for each, part in zip(kinds, value, strict=True))
    if is_dataclass(kind) and isinstance(value, Mapping):
        hints = get_type_hints(kind)
        make: Any = kind
        return make(**{name: from_json(hints[name], part) for name, part in value.items()})
    if isinstance(kind, type) and issubclass(kind, Enum | Decimal):
        return kind(value)
    if kind in (int, str, bool) and type(value) is not kind:
        raise TypeError(f"expected {kind.__name__}, found {json.dumps(value)[:40]}")
    return value
