"""The venue refuses to take an order off the book: what rests is shown, and in whose words it stays."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from actors.position.evolve import fold
from actors.position.state import blank
from actors.position.view import view
from adapters.control import wire
from messages import commands as c
from messages import events as e
from messages.statement import verbatim
from messages.types import JournalId, OrderPurpose, OrderStatus
from tests.position.story import Story, active, dec

STOP, TARGET = OrderPurpose.STOP, OrderPurpose.TARGET
WORDS = "400 -4999 not now"
WANTED = {STOP: "stop_loss", TARGET: "take_profit"}
AT = {STOP: dec(90), TARGET: dec(120)}


def removed(purpose: OrderPurpose) -> Story:
    """It is taken away, and the venue keeps it."""
    asked: dict[str, Any] = {WANTED[purpose]: AT[purpose]}
    story = active(**asked)
    taken: dict[str, Any] = {WANTED[purpose]: dec(0), **story.own()}
    story.tell(c.ModifyPosition(**taken))
    assert story.order(purpose).cancel_intended
    return story


def refuse(story: Story, purpose: OrderPurpose, words: str = WORDS, *, answered: bool = True) -> None:
    story.tell(replace(story.unknown(story.order(purpose), cancel=True), cause=verbatim(words), answered=answered))


def row(story: Story) -> dict[str, Any]:
    return wire.position(view(story.position), None)


@pytest.mark.parametrize("purpose", [STOP, TARGET])
def test_what_rests_is_shown_where_nothing_is_wanted_any_more_and_why_it_stays(purpose: OrderPurpose) -> None:
    story = removed(purpose)
    refuse(story, purpose)
    shown = row(story)
    assert shown[WANTED[purpose]] == str(AT[purpose])
    assert shown["reason"].endswith(f"its {purpose} is not canceled yet, the venue refused that: {WORDS}")
    story.tell(story.report(story.order(purpose), OrderStatus.CANCELED))
    shown = row(story)
    assert (shown[WANTED[purpose]], "not canceled" in shown["reason"]) == (None, False)


def test_the_same_words_are_kept_once_and_others_take_their_place() -> None:
    story = removed(STOP)
    for words in (WORDS, WORDS, "400 -4998 nor now"):
        refuse(story, STOP, words)
        story.tell(story.report(story.order(STOP), OrderStatus.WORKING))
    assert [event.words for event in story.events if isinstance(event, e.CancelRefused)] == [WORDS, "400 -4998 nor now"]
    assert "-4998" in row(story)["reason"]


def _lost(story: Story) -> None:
    refuse(story, STOP, "timeout", answered=False)


def _not_canceled_at_all(story: Story) -> None:
    story.tell(replace(story.unknown(story.order(STOP), cancel=True), cause=verbatim(WORDS), answered=True))


@pytest.mark.parametrize(
    ("made", "do"), [(lambda: removed(STOP), _lost), (lambda: active(stop_loss=dec(90)), _not_canceled_at_all)]
)
def test_what_the_venue_did_not_say_and_what_nobody_cancels_has_no_reason(
    made: Callable[[], Story], do: Callable[[Story], None]
) -> None:
    story = made()
    do(story)
    assert not [event for event in story.events if isinstance(event, e.CancelRefused)]
    assert "not canceled" not in row(story)["reason"]


def test_it_outlives_the_process() -> None:
    story = removed(STOP)
    refuse(story, STOP)
    p = story.position
    again = fold(blank(p.key, p.ordinal, JournalId("")), tuple(story.events))
    assert view(again).reason == view(p).reason
