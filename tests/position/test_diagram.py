"""docs/states.md tells what is: its transitions are those that occur, its cells those of the table."""

from pathlib import Path

from actors.position.diagram import MEANING, TRANSITIONS, render
from actors.position.table import STATES, TABLE
from tests.position.witnesses import SEEDS, life, seen_in_cells

DOCUMENT = Path(__file__).parents[2] / "docs" / "states.md"


def test_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render(), "python -m actors.position.diagram > docs/states.md"


def test_every_declared_transition_occurs_and_no_other() -> None:
    """That no other occurs is checked at every step of every test here; this one finds each declared one."""
    seen = seen_in_cells()
    for seed in SEEDS:
        seen |= life(seed).story.transitions
    assert seen == TRANSITIONS, "python -m tests.position.witnesses looks for them anew"


def test_terminal_states_are_left_only_by_the_word_of_the_venue() -> None:
    by = {message for before, message, _ in TRANSITIONS if before.terminal}
    assert by <= {"FillReport", "FillsFetched", "OrderReport", "OrderAccepted"}


def test_every_state_is_reached_left_or_terminal_and_explained() -> None:
    for state in STATES:
        assert MEANING[state]
        assert any(after is state for _, _, after in TRANSITIONS) or state is STATES[0]
        assert any(before is state for before, _, _ in TRANSITIONS), "none is a trap"


def test_every_message_and_every_reason_is_in_the_document() -> None:
    text = render()
    for message, row in TABLE.items():
        assert f"**{message.__name__}**" in text
        for cell in row.values():
            assert cell.why in text
