"""What is believed and reported is compared and acted on by its facts; a record of text alone decides nothing."""

from dataclasses import replace
from decimal import Decimal

import pytest

from actors.language.words import Words
from actors.reconciler.comparison_input import Finding, alike, contains, signed
from actors.reconciler.policy import Policy
from actors.reconciler.resolve import repair
from adapters.locales import load
from messages import codec
from messages.base import Event
from messages.commands import AcknowledgeDiscrepancy, Reconcile
from messages.discrepancy_type import Action, DiscrepancyType
from messages.reconciliation import (
    DiscrepancyDetected,
    DiscrepancyEnded,
    DiscrepancyEscalated,
    DiscrepancyGone,
    Outcome,
    PositionSilent,
    RepairAttempted,
)
from messages.statement import NOTHING, Statement, verbatim, word
from messages.types import PositionSide, Severity, Silence
from messages.wording import Reconciler
from messages.wording.common import Common, also
from tests.reconciler.test_resolve import case, situation
from tests.reconciler.world import BTC, D, Play, acting, command, row, view

T = DiscrepancyType
LONG_ONE = Reconciler.LONG(quantity=D(1))


def test_statements_are_alike_by_their_facts_and_not_by_their_digits() -> None:
    assert alike(LONG_ONE, Reconciler.LONG(quantity=D("1.00")))
    assert not alike(LONG_ONE, Reconciler.LONG(quantity=D("1.01")))
    assert not alike(LONG_ONE, Reconciler.SHORT(quantity=D(1)))
    listed = Reconciler.EACH(each=(LONG_ONE, word("flat")))
    assert alike(listed, Reconciler.EACH(each=(Reconciler.LONG(quantity=D("1.0")), word("flat"))))
    assert not alike(listed, Reconciler.EACH(each=(LONG_ONE,)))


def test_text_is_like_the_same_text_and_like_no_statement_that_reads_the_same() -> None:
    assert alike(verbatim("504"), verbatim("504"))
    assert alike(verbatim("504"), "504")
    for text in (verbatim("long 1"), "long 1"):
        assert not alike(text, LONG_ONE)
        assert not alike(LONG_ONE, text)


def test_a_statement_contains_its_parts_whether_they_are_ours_or_a_venues() -> None:
    until = Reconciler.UNTIL(cause=verbatim("504"), moment="20:31:05")
    unread = also((Common.NO_ANSWER(), Reconciler.OPEN_ORDERS_UNREAD(cause=until)))
    assert contains(unread, until)
    assert contains(unread, verbatim("504"))
    assert not contains(unread, verbatim("50"))
    assert not contains(unread, Reconciler.NOT_REACHABLE())


@pytest.mark.parametrize("number", [0, 1, 2, 3, 2_000])
def test_any_number_of_parts_is_one_statement_that_the_journal_can_hold(number: int) -> None:
    parts = [Reconciler.CANCEL(order=f"web_{n}") for n in range(number)]
    whole = also(parts)
    assert whole == "; ".join(parts)[:16_384] + ("…" if number > 1_000 else "")
    ended = DiscrepancyEnded(discrepancy_id="d1", outcome=Outcome.RESOLVED, why=whole)
    assert codec.decode(codec.encode(ended)) == ended


def test_both_sides_of_a_record_keep_their_numbers_through_the_journal() -> None:
    play = Play(views={1: view(1, "1")})
    play.at_venue(row("0.4"))
    play.run(20)
    (detected,) = (event for event in play.events if isinstance(event, DiscrepancyDetected))
    again = codec.decode(codec.encode(detected))
    assert isinstance(again, DiscrepancyDetected)
    found = again.discrepancy
    assert [dict(each.args) for each in (found.believed, found.reported)] == [
        {"quantity": D(1)},
        {"quantity": D("0.4")},
    ]
    assert (found.believed.code, found.reported.code) == ("reconciler.long", "reconciler.long")


def test_leverage_is_set_back_to_a_number_and_never_to_one_that_is_not_known() -> None:
    finding, views = situation(T.LEVERAGE_MISMATCH)
    (effect,) = repair(case(finding, views, Action.UPDATE_EXCHANGE)).effects
    assert getattr(effect.message, "leverage", None) == 5
    read = replace(finding, believed=verbatim("5x"), wanted_leverage=None)
    done = repair(case(read, views, Action.UPDATE_EXCHANGE))
    assert (done.effects, bool(done.escalate)) == ((), True)


def as_before(event: Event) -> Event:
    """As an earlier version wrote it: text alone."""
    match event:
        case DiscrepancyDetected(discrepancy=found):
            believed, reported = verbatim(str(found.believed)), verbatim(str(found.reported))
            written = replace(found, believed=believed, reported=reported, evidence=verbatim(str(found.evidence)))
            return replace(event, discrepancy=written)
        case RepairAttempted():
            return replace(event, what=verbatim(str(event.what)))
        case DiscrepancyEscalated() | DiscrepancyEnded():
            return replace(event, why=verbatim(str(event.why)))
        case _:
            return event


@pytest.mark.parametrize("plain", [False, True])
def test_what_was_acknowledged_and_cannot_be_compared_is_told_again(*, plain: bool) -> None:
    play = Play(views={1: view(1, "1")}, policy=acting(Action.MANUAL_INTERVENTION))
    play.at_venue(row("0.4"))
    play.run(60)
    (record,) = play.records
    play.tell(AcknowledgeDiscrepancy(**command("a1"), discrepancy_id=record.discrepancy_id))
    play.run(200)
    assert [each.outcome for each in play.records] == [Outcome.ACKNOWLEDGED]
    play.events = [as_before(event) if plain else event for event in play.events]
    play.restart()
    play.run(300)
    told = [Outcome.ACKNOWLEDGED, Outcome.ESCALATED] if plain else [Outcome.ACKNOWLEDGED]
    assert [each.outcome for each in play.records] == told
    assert sum(isinstance(event, DiscrepancyGone) for event in play.events) == plain


@pytest.mark.parametrize("plain", [False, True])
def test_a_repair_whose_record_holds_text_alone_goes_on_until_it_is_asked(*, plain: bool) -> None:
    """Both sides differ now. Whether that is another change is not known, so its attempts are counted on."""
    play = Play(views={1: view(1, "1")}, policy=Policy(attempts=2))
    play.at_venue(row("0.4"))
    play.deaf = True
    while not any(isinstance(event, RepairAttempted) for event in play.events):
        play.run(0.1)
    play.events = [as_before(event) if plain else event for event in play.events]
    play.restart()
    play.hold(view(1, "2", version=9))
    play.at_venue(row("0.7"))
    play.run(200)
    first, *others = play.records
    ended = [event.why.code for event in play.events if isinstance(event, DiscrepancyEnded)]
    assert (first.attempts, ended[:1]) == ((2, ["reconciler.resized"]) if plain else (1, ["reconciler.changed"]))
    assert [each.outcome for each in others] == [Outcome.ESCALATED]


def test_what_is_said_of_a_damaged_history_names_the_record_that_retires_it() -> None:
    play = Play(views={1: view(1, "1")})
    name = play.views[1].position_id
    play.tell(PositionSilent(position_id=name, why=verbatim("its history is damaged: record 5"), state=Silence.DAMAGED))
    play.at_venue(row("1"))
    play.run(60)
    told = [notice.text for notice in play.notices if "--break-glass" in notice.text]
    assert told
    assert all("albra discrepancies --ack d1 retires it" in text for text in told)


def test_whose_it_was_is_asked_with_the_records_id_in_each_language() -> None:
    play = Play(views={1: view(1, "1", strategy="a"), 2: view(2, "1", strategy="b")})
    play.at_venue(row("1.5"))
    play.run(20)
    (asked,) = [notice.text for notice in play.notices if notice.text.code == Reconciler.NEEDS_YOU.code]
    assert "choose with albra discrepancies --ack d1 --apply" in asked
    english, korean = (Words(language=each, catalog=load(each)).say(asked) for each in ("en", "ko"))
    assert "choose with /ack d1 apply=pro_rata or apply=newest_first" in english
    assert korean.startswith("d1 BTCUSDT 수량 불일치: 직접 확인이 필요합니다. 시스템 롱 2, 거래소 롱 1.5. b 1, a 1 중")
    assert "/ack d1 apply=pro_rata 또는 apply=newest_first 로 정합니다" in korean


def test_why_a_check_is_incomplete_is_a_statement_of_each_account() -> None:
    play = Play(views={1: view(1, "1")})
    play.at_venue(row("1"))
    play.run(5)
    play.refuse_reads = True
    play.tell(Reconcile(**command("ask")))
    play.run(30)
    (answer,) = (each for each in play.answers if getattr(each, "failed", NOTHING))
    failed: Statement = getattr(answer, "failed", NOTHING)
    assert (failed.code, dict(failed.args)) == ("reconciler.at_account", {"account": "main", "why": "504"})


def test_a_finding_that_says_the_same_in_other_digits_is_the_same() -> None:
    finding = Finding(
        type=T.SIZE_MISMATCH,
        symbol=BTC,
        side=PositionSide.LONG,
        severity=Severity.WARNING,
        believed=signed(Decimal("1.0")),
        reported=signed(Decimal(0)),
    )
    assert alike(finding.believed, signed(Decimal(1)))
    assert (finding.believed, finding.reported) == ("long 1.0", "flat")
