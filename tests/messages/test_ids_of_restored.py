"""After a restore: which orders of before are this journal's own, and which are those of whoever went on."""

import pytest

from messages.ids import Names, client_order_id
from messages.types import JournalId

OLD, NEW, ALIEN = JournalId("old00000"), JournalId("new00000"), JournalId("alien000")
NAMES = Names(current=NEW, former=((OLD, 7),), known=frozenset({client_order_id(OLD, 5, 1)}), open_then=frozenset({5}))


@pytest.mark.parametrize(
    ("name", "own"),
    [
        (client_order_id(NEW, 9, 1), True),
        (client_order_id(OLD, 5, 1), True),  # of an open position, and in its history
        (client_order_id(OLD, 5, 2), False),  # sent after the backup
        (client_order_id(OLD, 3, 9), True),  # of a position that was over: a late fill finds it
        (client_order_id(OLD, 8, 1), False),  # of a position opened after the backup
        (client_order_id(ALIEN, 5, 1), False),
        ("web_123", False),
    ],
)
def test_an_order_is_own_as_far_as_the_backup_knew_it(name: str, own: bool) -> None:  # noqa: FBT001
    assert NAMES.own(name) is own


def test_a_journal_that_was_never_restored_owns_what_bears_its_id() -> None:
    assert Names(current=NEW).own(client_order_id(NEW, 1, 1))
    assert not Names(current=NEW).own(client_order_id(OLD, 1, 1))
