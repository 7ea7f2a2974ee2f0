"""Operations that callers may request, declared on their message classes.

`@operation("settle", "end every doubt about a position")` above a command's class defines its entry points: HTTP body
and errors, the API's description, and the command line follow from the class's fields. A field's type names its kind
(`messages.fields`); `Annotated[…, Written(…)]` overrides how it is written. Pure.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from messages.fields import Kind, kind_of

if TYPE_CHECKING:
    from messages.commands import Command

Class = TypeVar("Class", bound="type[Command]")


@dataclass(frozen=True, slots=True)
class Written:
    """How a field is written. `option`: its command-line name in place of the field's (empty: none).

    `help`: its description.
    """

    help: str = ""
    option: str | None = None


FILLED_IN = Written()
"""Marks a field that the supervisor fills in and callers do not write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One field of an operation. `option`: its command-line name, empty for none."""

    name: str
    kind: Kind[Any]
    required: bool
    option: str
    help: str


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation. With several classes, the given fields select one.

    `filled`: required fields that the edge fills when missing. `exclusive`: at most one of each pair is given.
    `any_of`: expected beside the required fields; empty: nothing. `terminal`: whether it has a command-line command.
    `done`: the output for an answer without text, with argument names as places and `answered` for the answer's
    position.
    """

    name: str
    summary: str
    classes: "tuple[type[Command], ...]"
    filled: tuple[str, ...] = ()
    exclusive: tuple[tuple[str, str], ...] = ()
    any_of: str = ""
    terminal: bool = True
    done: str = ""

    @cached_property
    def parameters(self) -> Mapping[str, Parameter]:
        """Return parameters by name: required ones first, then in field order."""
        alone = len(self.classes) == 1
        found: dict[str, Parameter] = {}
        for cls in self.classes:
            for name, needed in _fields_of(cls).items():
                required = needed and alone and name not in self.filled
                found.setdefault(name, _parameter(cls, name, required=required))
        return {each.name: each for each in sorted(found.values(), key=lambda each: not each.required)}

    @property
    def required(self) -> tuple[Parameter, ...]:
        return tuple(each for each in self.parameters.values() if each.required)

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the field that selects each class, in order; empty for a class without one."""
        found = (next((name for name, needed in _fields_of(cls).items() if needed), "") for cls in self.classes)
        return tuple(found) if len(self.classes) > 1 else ()

    def names_of(self, cls: "type[Command]") -> frozenset[str]:
        """Return the parameters of this class."""
        return frozenset(_fields_of(cls))


_OPERATIONS: dict[str, Operation] = {}


def operations() -> Mapping[str, Operation]:
    """Return every operation by name."""
    import messages.commands  # noqa: F401 - which declares them

    return _OPERATIONS


def operation(name: str, summary: str = "", **more: Any) -> Callable[[Class], Class]:
    """Return a decorator that declares a class as the operation `name`, or as a further class of it."""

    def declare(cls: Class) -> Class:
        known = _OPERATIONS.get(name)
        if known is None:
            _OPERATIONS[name] = Operation(name=name, summary=summary, classes=(cls,), **more)
        else:
            _OPERATIONS[name] = replace(known, classes=(*known.classes, cls))
        return cls

    return declare


_ENVELOPE = frozenset({"correlation_id", "causation_id", "command_id", "reply_to"})


def _fields_of(cls: "type[Command]") -> Mapping[str, bool]:
    """Return name -> whether it is required, for each field that callers may write."""
    return {
        field.name: field.default is MISSING
        for field in fields(cls)
        if field.name not in _ENVELOPE and kind_of(field.type) is not None and _written(field.type) is not FILLED_IN
    }


def _written(hint: Any) -> Written:
    return next((each for each in getattr(hint, "__metadata__", ()) if isinstance(each, Written)), _AS_NAMED)


_AS_NAMED = Written(help="")


def _parameter(cls: "type[Command]", name: str, *, required: bool) -> Parameter:
    hint = next(field.type for field in fields(cls) if field.name == name)
    kind, written = kind_of(hint), _written(hint)
    assert kind is not None
    option = name if written.option is None else written.option
    return Parameter(name=name, kind=kind, required=required, option=option, help=written.help)
