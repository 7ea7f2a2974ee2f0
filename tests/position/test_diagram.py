"""docs/states.md tells what is: it is drawn from the table and the declared transitions."""

from pathlib import Path

from actors.position.diagram import render
from actors.position.table import STATES, TABLE
from actors.position.transitions import MEANING, TRANSITIONS

DOCUMENT = Path(__file__).parents[2] / "docs" / "states.md"


def test_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render(), "python -m actors.position.diagram > docs/states.md"


def test_every_state_and_every_transition_is_in_the_document() -> None:
    text = render()
    for before, row in TRANSITIONS.items():
        assert MEANING[before] in text
        for after, transition in row.items():
            assert f"| {before} | {after} |" in text
            assert transition.when in text


def test_every_message_and_every_reason_is_in_the_document() -> None:
    text = render()
    for message, row in TABLE.items():
        assert f"**{message.__name__}**" in text
        for state in STATES:
            assert row[state].why in text
