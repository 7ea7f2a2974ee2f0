"""What people read, in both languages, as files that a person has looked at."""

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pytest

from actors.language.words import signed
from adapters.locales import LANGUAGES
from tests.telegram.golden.transcript import path, transcript

_HANGUL = re.compile("[가-힣]")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_conversation_reads_as_it_was_looked_at(language: str) -> None:
    assert transcript(language) == path(language).read_text(encoding="utf-8")


def test_every_answer_to_a_korean_holds_korean_and_none_to_an_english_reader_does() -> None:
    english, korean = (path(language).read_text(encoding="utf-8").split("\n\n> ") for language in LANGUAGES)
    assert len(english) == len(korean)
    assert not any(_HANGUL.search(scene) for scene in english)
    records = ("/history #1", "/logs")  # shown as they were written
    assert [scene for scene in korean if not _HANGUL.search(scene) and not scene.startswith(records)] == []


def test_a_number_reads_the_same_whatever_rounding_a_library_left_in_the_context() -> None:
    with localcontext(rounding=ROUND_HALF_UP):
        assert signed(Decimal("-149.625")) == "-149.62"
    assert signed(Decimal("-149.625")) == "-149.62"
