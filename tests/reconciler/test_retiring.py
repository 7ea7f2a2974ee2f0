"""A position whose history is damaged is retired once the venue has nothing of it; one list alone proves nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from actors.reconciler.comparison_input import OpenOrders
from actors.reconciler.observations import Observations, Suspicion
from actors.reconciler.retiring import Absence, Pace, observed
from actors.supervisor.memory import Restored
from messages import requests as q
from messages.commands import AcknowledgeDiscrepancy, ListPositions, ReadHistory, ReadStatus, RetirePosition
from messages.discrepancy_type import Action, DiscrepancyType
from messages.events import PositionRetired
from messages.ids import Names, client_order_id
from messages.reconciliation import Outcome, PositionSilent
from messages.reports import HistoryAnswer, PositionsAnswer, StatusAnswer
from messages.requests import Reply
from messages.statement import verbatim
from messages.types import NAMELESS, Attribution, CommandId, JournalId, PositionMode, Severity, Silence, Symbol
from tests.reconciler.test_forced import Stage, durable
from tests.reconciler.test_silent import ETH, NAME
from tests.reconciler.world import (
    BTC,
    JOURNAL_ID,
    NOW,
    SECOND,
    SHORT,
    Play,
    acting,
    command,
    compared,
    open_order,
    own_id,
    row,
    view,
)  # fmt: skip
from tests.supervisor.house import EDGE


def damaged() -> PositionSilent:
    return PositionSilent(position_id=NAME, why=verbatim("its history is damaged: record 5"), state=Silence.DAMAGED)


def play_with(*rows: object, **more: object) -> Play:
    play = Play(**more)  # type: ignore[arg-type]
    play.tell(damaged())
    play.at_venue(*rows)  # type: ignore[arg-type]
    return play


def acknowledge(play: Play, name: str = "a", apply: Attribution | None = None) -> str:
    """The refusal; empty where the supervisor is asked to retire it."""
    before, asked = len(play.answers), len(retirements(play))
    play.tell(AcknowledgeDiscrepancy(**command(name), discrepancy_id="d1", apply=apply))
    said = [m for m in play.answers[before:] if isinstance(m, Reply)]
    assert len(said) + len(retirements(play)) - asked == 1
    assert not any(reply.accepted for reply in said)
    return said[0].text if said else ""


def retirements(play: Play) -> list[RetirePosition]:
    return [m for m in play.commands if isinstance(m, RetirePosition)]


def test_while_its_leg_holds_something_it_is_refused_with_what_it_holds() -> None:
    play = play_with(row("1"))
    play.run(120)
    assert "its leg holds long 1" in acknowledge(play)
    assert BTC in play.held


def test_it_is_retired_on_its_owners_word_once_its_leg_was_flat_for_long_enough() -> None:
    play = play_with(row("1"))
    play.run(60)
    play.at_venue()
    play.run(12)
    assert "its leg" in acknowledge(play)
    play.run(15)
    assert "flat for" in acknowledge(play, "b")
    play.run(30)
    assert acknowledge(play, "c") == ""
    (asked,) = retirements(play)
    assert (asked.position_id, asked.discrepancy_id, asked.command_id) == (NAME, "d1", "c")
    assert BTC in play.held, "until that is durable"


def test_a_word_that_came_too_early_has_its_leg_read_at_once() -> None:
    """Nothing else reads it soon: what was escalated long ago is looked at every ten minutes."""
    play = play_with(row("1"))
    play.run(7_000)
    play.at_venue()
    acknowledge(play)
    play.run(40)
    assert acknowledge(play, "b") == ""


def test_an_empty_list_by_mistake_proves_nothing() -> None:
    play = play_with(row("1"))
    play.run(60)
    play.rows_told = lambda _: []
    acknowledge(play)
    play.run(15)
    play.rows_told = lambda rows: rows
    play.run(60)
    assert "holds long 1" in acknowledge(play, "b")


@pytest.mark.parametrize("spoil", ["reads", "symbol", "row", "orders"])
def test_what_cannot_be_read_proves_nothing(spoil: str) -> None:
    play = play_with(row("1"))
    play.run(60)
    play.at_venue()
    match spoil:
        case "reads":
            play.refuse_reads = True
        case "symbol":
            play.unread = {BTC: "no quantity"}
        case "row":
            play.unread = {NAMELESS: "no symbol"}
        case "orders":
            play.refuse_orders = "504"
    play.run(900)
    assert acknowledge(play) != ""
    play.refuse_reads, play.unread, play.refuse_orders = False, {}, ""
    play.run(700)
    assert acknowledge(play, "b") == ""


@pytest.mark.parametrize("kind", ["entry", "stop"])
def test_an_order_of_it_that_rests_is_named_and_ends_the_proof(kind: str) -> None:
    play = play_with(row("1"))
    play.orders[own_id(7)] = open_order(own_id(7), conditional=kind == "stop")
    play.run(60)
    play.at_venue()
    play.run(700)
    assert acknowledge(play) == f"{NAME} cannot be retired yet: order {own_id(7)} rests at the venue"
    play.orders.clear()
    play.run(40)
    assert acknowledge(play, "b") == ""


def test_an_order_that_shows_after_the_proof_ends_it() -> None:
    play = play_with()
    play.run(60)
    play.orders[own_id(7)] = open_order(own_id(7))
    play.run(900)
    assert "rests at the venue" in acknowledge(play)


@pytest.mark.parametrize("name", [own_id(8), "web_1", client_order_id(JournalId("zzzz9999"), 7, 1)])
def test_orders_of_others_are_none_of_its(name: str) -> None:
    play = play_with(views={8: view(8, "1", symbol=ETH)})
    play.at_venue(row("1", symbol=ETH))
    play.orders[own_id(8)] = open_order(name)
    play.run(120)
    assert acknowledge(play) == ""


def test_an_order_that_a_list_of_before_lacks_may_have_come_since() -> None:
    """The last request of an earlier process may arrive as late as its window allows."""
    play = play_with()
    play.run(15)
    assert "prove it" in acknowledge(play)


def test_its_other_leg_is_none_of_its_on_a_hedge_account() -> None:
    play = play_with(mode=PositionMode.HEDGE)
    play.at_venue(row("2", SHORT))
    play.run(120)
    assert acknowledge(play) == ""


def test_many_that_vanish_at_once_trip_the_breaker_for_it_too() -> None:
    symbols = ["ETHUSDT", "XRPUSDT", "ADAUSDT"]
    views = {n: view(n, "1", symbol=symbol) for n, symbol in enumerate(symbols, 1)}
    play = play_with(views=views)
    play.at_venue(row("1"), *(row("1", symbol=symbol) for symbol in symbols))
    play.run(60)
    play.at_venue()
    play.run(100)
    assert "too many positions vanished at once" in acknowledge(play)


def test_the_owner_is_told_once_that_it_may_be_retired_and_how() -> None:
    play = play_with()
    play.run(700)
    (told,) = [n for n in play.notices if "its leg is flat" in n.text]
    assert (told.severity, told.text.endswith("albra discrepancies --ack d1 retires it.")) == (Severity.WARNING, True)
    (escalated,) = [n for n in play.notices if "needs you" in n.text]
    assert "albra flatten --break-glass; then albra discrepancies --ack d1 retires it" in escalated.text


def test_a_flat_leg_is_not_read_for_ever() -> None:
    play = play_with()
    play.run(120)
    before = len(play.asked)
    play.run(3_000)
    assert len(play.asked) - before < 60


def test_one_that_is_only_quarantined_is_acknowledged_as_ever() -> None:
    play = Play()
    play.tell(PositionSilent(position_id=NAME, why=verbatim("its actor is quarantined: poison")))
    play.run(60)
    play.tell(AcknowledgeDiscrepancy(**command("a"), discrepancy_id="d1"))
    assert [m.accepted for m in play.answers if isinstance(m, Reply)] == [True]
    assert play.records[0].outcome is Outcome.ACKNOWLEDGED
    assert (retirements(play), BTC in play.held) == ([], True)


def test_a_reduction_cannot_be_attributed_to_it() -> None:
    play = play_with()
    play.run(120)
    assert "not attributed" in acknowledge(play, apply=Attribution.PRO_RATA)


def _ignored() -> Play:
    return play_with(policy=acting(Action.IGNORE))


def _acknowledged_by_an_older_version() -> Play:
    play = Play()
    play.tell(PositionSilent(position_id=NAME, why=verbatim("its history is damaged: record 5")))
    play.run(60)
    play.tell(AcknowledgeDiscrepancy(**command("old"), discrepancy_id="d1"))
    assert play.records[0].outcome is Outcome.ACKNOWLEDGED
    play.restart()
    play.tell(damaged())
    return play


@pytest.mark.parametrize("made", [_ignored, _acknowledged_by_an_older_version])
def test_what_was_ended_before_names_it_all_the_same(made: Callable[[], Play]) -> None:
    play = made()
    play.run(120)
    assert play.records[0].outcome.ended
    assert acknowledge(play) == ""


def test_what_is_retired_holds_nothing_and_asks_nothing_any_more() -> None:
    play = play_with()
    play.run(120)
    play.tell(PositionSilent(position_id=NAME, why=verbatim(""), state=Silence.RETIRED))
    play.orders[own_id(7)] = open_order(own_id(7))
    play.at_venue(row("2"))
    play.run(700)
    assert play.held == {}
    assert (play.records[0].outcome, play.records[0].why) == (Outcome.ACKNOWLEDGED, "its position is retired")
    assert own_id(7) not in play.orders, "an order of it that shows after all is an orphan, and certainly one"
    assert [v.quantity for v in play.views.values()] == [2], "what is opened there is what it is on any other leg"


class Damaged(Stage):
    """A house whose journal holds one position that cannot be rebuilt, and the supervisor's own history."""

    def _restored(self) -> Restored:
        found = super()._restored()
        return replace(found, highest_ordinal=max(7, found.highest_ordinal), silent=((NAME, verbatim("checksum")),))

    def say(self, name: str, discrepancy: str = "d1") -> Reply:
        said = AcknowledgeDiscrepancy(command_id=CommandId(name), reply_to=EDGE, discrepancy_id=discrepancy)
        self.tell(said)
        self.run(1)
        return [m for m in self.all(Reply) if m.command_id == name][-1]

    def listed(self, *, terminal: bool) -> PositionsAnswer:
        self.tell(ListPositions(command_id=CommandId(f"l{terminal}"), reply_to=EDGE, terminal=terminal))
        self.run(0.1)
        return self.all(PositionsAnswer)[-1]

    def rows(self) -> dict[str, str]:
        self.tell(ReadStatus(command_id=CommandId("s"), reply_to=EDGE))
        self.run(0.1)
        rows = self.all(StatusAnswer)[-1].rows
        return {str(each.name): str(each.value) for each in rows if each.section == "positions"}

    def alarms(self) -> list[str]:
        return [n.text for n in self.heard["notifier"] if isinstance(n, q.Notify) and n.severity is Severity.CRITICAL]


def retired() -> Damaged:
    stage = Damaged(net="0")
    stage.pass_time(60)
    assert stage.say("ack").accepted
    stage.pass_time(10)
    return stage


def assert_over(stage: Damaged) -> None:
    assert stage.listed(terminal=False).silent == ()
    assert stage.listed(terminal=False).retired == ()
    assert stage.listed(terminal=True).retired == ((NAME, "its history is damaged: checksum"),)
    rows = stage.rows()
    assert (rows["quarantined or damaged"], rows["retired"]) == ("0", "1")
    assert NAME not in rows
    stage.open()
    stage.run(1)
    assert not [m for m in stage.all(Reply) if not m.accepted]


def test_retired_it_is_listed_with_what_is_over_and_its_symbol_opens_again() -> None:
    stage = retired()
    (event,) = [e for e in durable(stage, 0) if isinstance(e, PositionRetired)]
    assert (event.position_id, event.command_id, event.discrepancy_id) == (NAME, "ack", "d1")
    assert_over(stage)
    assert [r.outcome for r in stage.memory.ledger.records.values()] == [Outcome.ACKNOWLEDGED]


def test_it_stays_retired_through_a_restart_and_no_start_tells_of_it_again() -> None:
    stage = Damaged(image=retired().journal.image, net="0")
    stage.pass_time(60)
    assert stage.alarms() == []
    assert_over(stage)


def test_before_that_the_same_house_refuses_the_opening_and_names_what_to_do() -> None:
    stage = Damaged(net="0.5")
    stage.pass_time(60)
    assert any(NAME in text for text in stage.alarms())
    stage.open()
    stage.run(1)
    refused = stage.all(Reply)[-1]
    assert (refused.accepted, "history is damaged" in refused.text) == (False, True)
    early = stage.say("early")
    assert (early.accepted, "holds long 0.5" in early.text) == (False, True)
    assert [e for e in durable(stage, 0) if isinstance(e, PositionRetired)] == []


def test_a_disk_that_refuses_leaves_it_as_it_was_and_the_word_may_be_said_again() -> None:
    stage = Damaged(net="0")
    stage.pass_time(60)
    stage.journal.fault = lambda: "the disk is gone"
    assert not stage.say("ack").accepted
    assert [name for name, _, _ in stage.listed(terminal=False).silent] == [NAME]
    stage.journal.fault = lambda: None
    assert stage.say("again").accepted
    assert stage.listed(terminal=False).silent == ()


def test_said_twice_it_is_one_retirement() -> None:
    stage = retired()
    assert stage.say("ack").accepted
    assert len([e for e in durable(stage, 0) if isinstance(e, PositionRetired)]) == 1


def test_its_history_can_still_be_asked_for() -> None:
    stage = retired()
    stage.tell(ReadHistory(command_id=CommandId("h"), reply_to=EDGE, position_id=NAME))
    stage.run(1)
    assert all(answer.instead is None for answer in stage.all(HistoryAnswer))


def test_the_trouble_that_was_told_is_over() -> None:
    stage = retired()
    (told,) = [n for n in stage.heard["notifier"] if isinstance(n, q.Notify) and n.ends]
    assert told.ends == NAME
    assert any(n.position_id == NAME for n in stage.heard["notifier"] if isinstance(n, q.Notify))


KEY = (DiscrepancyType.STATE_MISMATCH.value, BTC, None, NAME)
PACE = Pace(looks=3, lasting_ns=20 * SECOND)


def looked(
    before: Absence, at_s: int, *, orders: OpenOrders | None = None, begun_s: int | None = None, quantity: str = ""
) -> Absence:
    """After a reading at that second, complete at once, or begun earlier."""
    found = compared((), [row(quantity)] if quantity else [], silent={NAME: "damaged"}, damaged={NAME})
    (finding,) = found.findings
    seen = Suspicion(finding=finding, count=1 + at_s // 5, first_seen_ns=NOW, last_seen_ns=NOW + at_s * SECOND)
    return observed(
        before, KEY, Observations(suspicions={KEY: seen}), orders, Names(current=JOURNAL_ID), PACE,
        begun_ns=(at_s if begun_s is None else begun_s) * SECOND, now_ns=at_s * SECOND,
    )  # fmt: skip


def a_list(at_s: int, *unread: Symbol) -> OpenOrders:
    return OpenOrders(begun_ns=NOW + at_s * SECOND, orders={}, unread=frozenset(unread))


def flat_until(at_s: int) -> Absence:
    absence = Absence()
    for second in range(0, at_s + 1, 5):
        absence = looked(absence, second)
    return absence


def test_one_more_list_of_positions_is_asked_for_after_the_orders_came() -> None:
    free = looked(flat_until(20), 25, orders=a_list(25))
    assert not free.proven
    assert not looked(free, 26, begun_s=24).proven, "an order may have traded between the two"
    assert not looked(free, 26, begun_s=0).proven, "nor one that somebody else asked for, at a time that is not known"
    assert looked(free, 30).proven
    assert not looked(looked(free, 30), 35, quantity="1").proven


@pytest.mark.parametrize("orders", [None, a_list(25, BTC), a_list(25, NAMELESS), a_list(15)])
def test_a_list_of_orders_that_is_missing_unreadable_or_too_old_frees_nothing(orders: OpenOrders | None) -> None:
    assert not looked(looked(flat_until(20), 25, orders=orders), 30).proven
    assert looked(looked(flat_until(20), 25, orders=a_list(25, ETH)), 30).proven
