"""The book keeps a bounded number of terminal positions at hand, the youngest."""

import dataclasses

from actors.position.view import view
from actors.supervisor.registry import TERMINAL_KEPT, Book
from messages.ids import position_id
from messages.reports import PositionView
from messages.types import PositionState
from tests.position.story import protected

LIVE = view(protected().position)
LIVE_KEY = protected().position.key


def seen(ordinal: int, state: PositionState) -> PositionView:
    return dataclasses.replace(LIVE, ordinal=ordinal, state=state, position_id=position_id(LIVE_KEY, ordinal))


def test_the_oldest_terminal_positions_beyond_what_is_kept_are_let_go_once() -> None:
    book = Book()
    for ordinal in range(1, TERMINAL_KEPT + 4):
        book.update(seen(ordinal, PositionState.CLOSED))
    assert book.overflow() == (1, 2, 3)
    assert book.overflow() == ()
    assert min(book.views) == 4
    assert set(book.finished) >= {1, 2, 3}


def test_live_positions_are_never_let_go_however_many() -> None:
    book = Book()
    for ordinal in range(1, TERMINAL_KEPT + 100):
        book.update(seen(ordinal, PositionState.ACTIVE))
    assert book.overflow() == ()


def test_a_position_that_lives_again_counts_as_terminal_no_more() -> None:
    book = Book()
    for ordinal in range(1, TERMINAL_KEPT + 2):
        book.update(seen(ordinal, PositionState.CLOSED))
    book.update(seen(1, PositionState.CLOSING))
    assert book.overflow() == ()
    assert book.views[1].state is PositionState.CLOSING
