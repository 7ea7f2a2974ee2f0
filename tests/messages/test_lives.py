"""No client order id is given twice, however much of the journal is lost: each start has a life of its own."""

from pathlib import Path

import pytest

from adapters.storage.memory import Image, MemoryJournal
from adapters.storage.sqlite import SqliteJournal
from messages.ids import NO_LIFE, Names, client_order_id, parse_client_order_id
from messages.types import JournalId, Life

JOURNAL = JournalId("journal0")
FIRST, SECOND = Life("aaaaaa"), Life("bbbbbb")


def test_the_same_order_of_two_lives_has_two_ids_that_say_the_same_of_it() -> None:
    ids = [client_order_id(JOURNAL, 7, 3, life) for life in (NO_LIFE, FIRST, SECOND)]
    assert len(set(ids)) == len(ids)
    assert len({parse_client_order_id(name) for name in ids}) == 1
    assert all(Names(current=JOURNAL).own(name) for name in ids)
    assert max(len(name) for name in ids) <= 28, "the narrowest venue takes no more"


@pytest.mark.parametrize(
    "text", ["abjournal000000070003aaaaa", "abjournal000000070003aaaaaaa", "abjournal000000070003AAAAAA"]
)
def test_what_has_no_whole_life_is_no_id_of_ours(text: str) -> None:
    assert parse_client_order_id(text) is None


def test_a_life_is_six_characters() -> None:
    with pytest.raises(ValueError, match="life 'abc' is not"):
        client_order_id(JOURNAL, 7, 3, Life("abc"))


def test_every_opening_of_a_journal_is_another_life(tmp_path: Path) -> None:
    lives = []
    for _ in range(3):
        journal = SqliteJournal.open(tmp_path)
        lives.append(journal.life)
        assert journal.close()
    image = Image()
    lives += [MemoryJournal(image).life for _ in range(3)]
    assert len(set(lives)) == len(lives)
    assert all(parse_client_order_id(client_order_id(JOURNAL, 1, 1, life)) for life in lives)
