"""What strangers send: absurd values, and good rows that are spoiled. Shared by every room that reads from outside."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

Document = dict[str, Any]

_ABSURD = """
1e20 1e40 -1e40 1e400 1e-40 1e999999999 1e16 1e15 99999999999999999999 0.00000000000000000000000000001
-0 -0.000 -1 -0.001 NaN sNaN -nan Infinity -inf 1e5 1E5 0x10 1_000 1,000 +1 .5 5. . - + e5 １２ ١٢ true None
"""
ABSURD_NUMBERS = st.sampled_from(_ABSURD.split())
LONG_DIGITS = st.integers(20, 4000).map(lambda count: "9" * count) | st.integers(20, 400).map(
    lambda count: "0." + "3" * count
)
SCALARS: st.SearchStrategy[Any] = st.one_of(
    ABSURD_NUMBERS,
    LONG_DIGITS,
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30, 10**300]),
    st.floats(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(["", " ", "\n", "\x00", "\x1b[31m", "\u202e", "🙂", "BTCUSDT", "btcusdt", "x" * 100_000, "\ud800"]),
)
"""One value as JSON can carry it, and as libraries make of it."""
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def spoiled(draw: st.DrawFn, good: Mapping[str, Any], values: st.SearchStrategy[Any] = ANYTHING) -> Document:
    """A good row with one to three fields replaced, missing or added, in any order."""
    row = dict(good)
    for name in draw(st.lists(st.sampled_from(sorted(good)), min_size=1, max_size=3, unique=True)):
        if draw(st.integers(0, 3)):
            row[name] = draw(values)
        else:
            del row[name]
    if draw(st.booleans()):
        row[draw(st.text(max_size=8))] = draw(values)
    return shuffled(row, draw(st.randoms(use_true_random=False)))


def shuffled(row: Mapping[str, Any], random: Any) -> Document:
    names = list(row)
    random.shuffle(names)
    return {name: row[name] for name in names}


@st.composite
def spoiled_deeply(draw: st.DrawFn, good: Any) -> Any:
    """The same somewhere inside of a document."""
    if isinstance(good, Mapping) and good and draw(st.integers(0, 5)):
        name = draw(st.sampled_from(sorted(good)))
        inside = draw(spoiled_deeply(good[name]))
        return {**good, name: inside} if draw(st.integers(0, 5)) else draw(spoiled(good))
    if isinstance(good, list) and good and draw(st.integers(0, 5)):
        which = draw(st.integers(0, len(good) - 1))
        return [*good[:which], draw(spoiled_deeply(good[which])), *good[which + 1 :]]
    return draw(ANYTHING)


@st.composite
def lists_of(draw: st.DrawFn, good: Sequence[Mapping[str, Any]], bad: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """A list with all the good rows, some of them twice, one to three spoiled ones; and it in another order."""
    strangers = draw(st.lists(spoiled(bad) | ANYTHING, min_size=1, max_size=3))
    again = draw(st.lists(st.sampled_from(list(good)), max_size=2)) if good else []
    rows = [*good, *again, *strangers]
    random = draw(st.randoms(use_true_random=False))
    one, other = list(rows), list(rows)
    random.shuffle(one)
    random.shuffle(other)
    return one, [shuffled(row, random) if isinstance(row, Mapping) else row for row in other]


def bounded(value: object, most: int = 10_000) -> bool:
    """Whether what came of it is of a size that a journal, a log and a screen can bear."""
    return len(repr(value)) <= most


def traded(number: Decimal) -> bool:
    """Whether arithmetic on it stays exact enough, and of this world."""
    return number.is_finite() and abs(number) <= Decimal(10) ** 15
