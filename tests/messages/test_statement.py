"""A sentence of ours travels as a code with arguments, and is made again by each reader."""

import copy
import pickle
from decimal import Decimal
from enum import StrEnum

import pytest

from messages.statement import (
    NOTHING,
    Statement,
    Wording,
    from_wire,
    render,
    to_jsonable,
    to_wire,
    verbatim,
    word,
)


class Kind(StrEnum):
    STOP = "stop"


class Tried(Wording):
    """A table for these tests."""

    REFUSED = "{name}: {purpose} refused ({why}); {left} left, try {number}"
    UNKNOWN = "the outcome is unknown"
    AMONG = "one of {which}"


GERMAN = {
    "{name}: {purpose} refused ({why}); {left} left, try {number}": (
        "{number}. Versuch: {purpose} von {name} abgelehnt ({why}); Rest {left}"
    ),
    "the outcome is unknown": "der Ausgang ist unbekannt",
    "one of {which}": "eines von {which}",
    "stop": "Stopp",
}


def said() -> Statement:
    return Tried.REFUSED(name="stop", purpose=Kind.STOP, why=Tried.UNKNOWN(), left=Decimal("1E+1"), number=3)


def german(statement: Statement) -> str:
    return render(statement, lambda template: GERMAN.get(template, template))


def test_as_text_it_is_its_english_and_it_keeps_its_facts() -> None:
    assert said() == "stop: stop refused (the outcome is unknown); 10 left, try 3"
    assert said().code == "tried.refused"
    assert said().args["left"] == Decimal(10)


def test_words_of_ours_are_translated_and_what_comes_from_outside_is_not() -> None:
    assert german(said()) == "3. Versuch: Stopp von stop abgelehnt (der Ausgang ist unbekannt); Rest 10"
    assert german(Tried.AMONG(which=(word("stop"), "stop"))) == "eines von Stopp, stop"
    assert german(verbatim("the outcome is unknown")) == "the outcome is unknown"


@pytest.mark.parametrize(
    "statement",
    [
        said(),
        NOTHING,
        verbatim("a venue's words"),
        word("stop"),
        Tried.AMONG(which=(Tried.UNKNOWN(), 3, Decimal("0.10"))),
    ],
)
def test_it_survives_the_wire_a_copy_and_a_pickle(statement: Statement) -> None:
    for again in (from_wire(to_wire(statement)), copy.copy(statement), pickle.loads(pickle.dumps(statement))):
        assert (again, again.code, dict(again.args)) == (statement, statement.code, dict(statement.args))
        assert type(again) is Statement


def test_a_text_of_an_earlier_version_and_a_code_of_a_later_one_are_readable() -> None:
    assert from_wire("closed by command") == "closed by command"
    later = from_wire(["tried.later", {"name": "x", "n": ["=", "1.50"]}])
    assert later == "tried.later: name x, n 1.50"
    assert from_wire(to_wire(later)) == later
    assert from_wire(["tried.refused", {"name": "x"}]).startswith("x: {purpose} refused")


def test_programs_get_code_and_arguments() -> None:
    assert to_jsonable(said()) == {
        "code": "tried.refused",
        "args": {
            "name": "stop",
            "purpose": {"code": "word.stop", "args": {}, "text": "stop"},
            "why": {"code": "tried.unknown", "args": {}, "text": "the outcome is unknown"},
            "left": "10",
            "number": 3,
        },
    }


def test_a_value_with_braces_fills_no_other_place() -> None:
    assert Tried.AMONG(which="{name}") == "one of {name}"
    assert german(Tried.AMONG(which="{which}\x1b")) == "eines von {which}\\x1b"


def test_a_missing_argument_and_one_without_a_place_are_errors_where_it_is_made() -> None:
    with pytest.raises(TypeError, match=r"tried\.among takes \['which'\], not \[\]"):
        Tried.AMONG()
    with pytest.raises(TypeError, match=r"tried\.unknown takes"):
        Tried.UNKNOWN(why="x")
    with pytest.raises(TypeError):
        Statement("x")  # type: ignore[arg-type]


@pytest.mark.parametrize("wire", [7, ["a"], ["a", "b", "c"], [1, {}], ["a.b", []]])
def test_what_is_no_statement_is_refused(wire: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        from_wire(wire)
