"""Hypothesis strategies for messages, derived from the same type hints that the codec reads."""

import enum
import types
import typing
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from typing import Any, NewType, Union, get_args, get_origin

from hypothesis import strategies as st

from messages import events
from messages.base import Event, Message
from messages.statement import Statement, Wording, places, verbatim, word, wordings
from messages.types import Side


class _Said(Wording):
    """A sentence with a sentence in it."""

    PART = "as {part}"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False) | st.builds(
    lambda sign, digits, exponent: Decimal((sign, tuple(digits), exponent)),
    st.integers(0, 1),
    st.lists(st.integers(0, 9), min_size=1, max_size=12),
    st.integers(-30, 30),
)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**63), 2**64 - 1),
    bool: st.booleans(),
    bytes: st.binary(max_size=20),
    Decimal: DECIMALS,
    Statement: st.deferred(lambda: TEXT.map(verbatim) | STATEMENTS),
    # Any message may stand where a Message does; two of each kind show that it is found again.
    Message: st.deferred(lambda: _either(events.OrderAcknowledged, events.PositionRequested)),
    Event: st.deferred(lambda: _either(events.OrderFilled, events.StateChanged)),
}


ARGUMENTS = st.recursive(
    TEXT | st.integers(-(2**63), 2**64 - 1) | DECIMALS | TEXT.map(verbatim) | st.sampled_from(Side).map(word),
    lambda parts: st.lists(parts, max_size=3).map(tuple) | parts.map(lambda part: _Said.PART(part=part)),
    max_leaves=4,
)
STATEMENTS: st.SearchStrategy[Statement] = st.sampled_from(list(wordings())).flatmap(
    lambda wording: st.fixed_dictionaries(dict.fromkeys(places(wording.value), ARGUMENTS)).map(
        lambda args: wording(**args)
    )
)


def _either(*classes: type) -> st.SearchStrategy[Any]:
    return st.one_of([of(cls) for cls in classes])


@cache
def of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type hint, all fields of a dataclass given."""
    while isinstance(hint, NewType):
        hint = hint.__supertype__
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return st.builds(hint, **{field.name: of(hints[field.name]) for field in fields(hint)})
    return _composite(get_origin(hint), get_args(hint))


def _composite(origin: Any, arguments: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if origin in (Union, types.UnionType):
        return st.one_of([st.none() if member is type(None) else of(member) for member in arguments])
    if origin is tuple and arguments[-1] is not Ellipsis:
        return st.tuples(*[of(member) for member in arguments])
    if origin is tuple:
        return st.lists(of(arguments[0]), max_size=3).map(tuple)
    assert origin is frozenset, origin
    return st.frozensets(of(arguments[0]), max_size=3)
