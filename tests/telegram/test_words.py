"""Languages, markup and long texts."""

import re

from hypothesis import given
from hypothesis import strategies as st

from actors.language.markup import LIMIT, split, units, untagged
from actors.language.words import Words, escape, money, signed
from adapters.locales import load
from messages.statement import verbatim
from messages.text import trusted
from messages.wording import Position
from tests.telegram.catalogs import in_source, translated
from tests.telegram.server import check_text

KO = Words(language="ko", catalog=load("ko"))
_PLACE = re.compile(r"\{\w+\}|</?[a-z]+>")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def test_every_message_of_the_source_is_translated_and_none_is_stale() -> None:
    known = translated()
    assert sorted(known) == sorted(in_source())
    assert [message for message, korean in known.items() if not korean] == []
    assert translated("en").keys() <= known.keys()


def test_a_translation_keeps_places_and_tags() -> None:
    """Places may be moved, tags as well; none may be lost or invented."""
    for message, told in (*translated().items(), *translated("en").items()):
        expected, found = set(_PLACE.findall(message)), set(_PLACE.findall(told))
        assert found <= expected, message
        assert _tags(expected) == _tags(found), message


def _tags(places: set[str]) -> set[str]:
    return {place for place in places if place.startswith("<")}


def test_what_other_actors_say_in_english_is_said_again_in_korean() -> None:
    said = Position.CLOSE_REFUSED_AGAIN(name="main.BTCUSDT.long.manual.1", why="margin", stop=Position.STOP_MISSING())
    assert KO.say(said) == (
        "main.BTCUSDT.long.manual.1: 청산 주문이 거부되었습니다 (margin). 다시 시도합니다. 손절 없이 보유 중입니다"
    )


def test_a_text_without_a_code_is_told_as_it_is() -> None:
    assert KO.say(verbatim("closed by command")) == "closed by command"


@given(TEXT)
def test_text_from_outside_neither_breaks_nor_forges_markup(text: str) -> None:
    said = KO("{account}: no answer <b>{x}</b>", account=text, x=text)
    check_text(said, "HTML")
    assert "<b>" in said
    assert said.replace("<code>", "").replace("</code>", "").count("<") == 2


@given(TEXT)
def test_braces_in_a_value_are_only_braces(text: str) -> None:
    assert KO("{found} is one word too many.", found="{found}" + text).startswith("{found}")


@given(st.lists(st.tuples(st.sampled_from(["b", "i", "code", "pre", ""]), TEXT), max_size=30), st.integers(150, 600))
def test_a_long_text_is_cut_into_parts_that_are_whole(pieces: list[tuple[str, str]], limit: int) -> None:
    text = "\n".join(f"<{tag}>{escape(body)}</{tag}>" if tag else escape(body) for tag, body in pieces)
    parts = split(trusted(text), limit)
    for part in parts:
        assert units(part) <= limit
        if untagged(part).strip():
            check_text(part, "HTML")
    squeezed = "".join("".join(untagged(part).split()) for part in parts)
    if len(parts) < 20:
        assert squeezed == "".join(untagged(text).split())


def test_a_text_at_the_limit_stays_whole_and_one_beyond_it_does_not() -> None:
    assert split(trusted("x" * LIMIT)) == ("x" * LIMIT,)
    assert len(split(trusted("x" * (LIMIT + 1)))) == 2
    assert len(split(trusted("😀" * (LIMIT // 2 + 1)))) == 2  # two units each, as Telegram counts


def test_money_is_exact_and_a_rounded_nothing_has_no_sign() -> None:
    from decimal import Decimal

    assert money(Decimal("1234567.891")) == "1 234 567.89"
    assert signed(Decimal("-0.001")) == "0.00"
    assert signed(Decimal("0.001")) == "0.00"
    assert signed(Decimal(5)) == "+5.00"
