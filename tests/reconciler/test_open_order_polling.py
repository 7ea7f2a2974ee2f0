"""A list of open orders that cannot be read: told, repeated, no answer, and in nobody's way (I7, I6, I12)."""

from dataclasses import replace
from typing import Any

from actors.reconciler.ledger import LedgerSnapshot, fold
from actors.reconciler.policy import Policy
from messages import codec
from messages import requests as q
from messages.commands import Reconcile
from messages.reconciliation import OrdersReadAgain, OrdersUnread, ReconcileAnswer
from messages.reports import FetchFailed
from messages.statement import verbatim
from messages.types import OrderPurpose, Severity
from tests.reconciler.world import BTC, MAIN, NOW, SECOND, D, Play, command, open_order, order_view, own_id, row, view

QUICK = Policy(fast_ns=10 * SECOND, normal_ns=15 * SECOND)
REFUSED = "400 -1000 An unknown error occurred"


def protected(**changes: Any) -> Play:
    """A position with its stop, which is at the venue."""
    stop = order_view(1, OrderPurpose.STOP)
    held = view(1, "1", stop_loss=D(90), orders=(stop,), touched_ns=NOW - 60 * SECOND)
    play = Play(**{"views": {1: held}, "policy": QUICK, **changes})
    play.orders[stop.client_order_id] = open_order(stop.client_order_id)
    play.at_venue(row("1"))
    return play


def lists(play: Play) -> int:
    return sum(isinstance(message, q.FetchOpenOrders) for message in play.asked)


def told(play: Play) -> list[tuple[Severity, str]]:
    return [(n.severity, n.text) for n in play.notices if "list of open orders" in n.text]


def answers(play: Play) -> list[ReconcileAnswer]:
    return [message for message in play.answers if isinstance(message, ReconcileAnswer)]


def test_a_list_that_stays_unread_is_told_once_in_the_venues_words_and_called_off_once() -> None:
    play = protected()
    play.run(5)
    play.refuse_orders = REFUSED
    play.run(39)
    assert told(play) == []
    play.run(36)
    [(severity, text)] = told(play)
    assert severity is Severity.CRITICAL
    assert text.startswith("main: the list of open orders cannot be read for")
    assert REFUSED in text
    play.run(600)
    assert len(told(play)) == 1
    play.refuse_orders = ""
    play.run(60)
    assert told(play)[1:] == [(Severity.WARNING, "main: the list of open orders can be read again.")]
    assert len({n.notice_id for n in play.notices}) == len(play.notices)
    play.refuse_orders = REFUSED
    play.run(120)
    assert len(told(play)) == 3, "another time is another notice"


def test_what_was_told_of_the_list_is_durable_and_not_told_again_after_a_restart() -> None:
    play = protected()
    play.refuse_orders = REFUSED
    play.run(80)
    assert [e.why for e in play.events if isinstance(e, OrdersUnread)] == [REFUSED]
    play.restart()
    play.run(120)
    assert len(told(play)) == 1
    play.restart()
    play.refuse_orders = ""
    play.run(5)
    assert [severity for severity, _ in told(play)] == [Severity.CRITICAL, Severity.WARNING], "asked for at the start"
    assert [e.account for e in play.events if isinstance(e, OrdersReadAgain)] == [MAIN]


def test_the_ledger_remembers_through_a_snapshot_who_was_told() -> None:
    play = protected()
    play.refuse_orders = REFUSED
    play.run(80)
    wire = codec.encode(play.memory.ledger.snapshot())
    assert list(fold((), codec.decode_as(wire, LedgerSnapshot)).unread) == [MAIN]


def test_a_stop_that_went_missing_meanwhile_is_noticed_soon_after_the_list_can_be_read() -> None:
    play = protected()
    play.refuse_orders = REFUSED
    play.orders.clear()
    play.run(120)
    assert play.records == []
    play.refuse_orders = ""
    play.run(45)
    assert {record.type.value for record in play.records} == {"PROTECTION_MISSING"}


def test_positions_are_compared_while_the_list_fails_and_it_is_asked_for_less_and_less_often() -> None:
    play = protected()
    play.refuse_orders = REFUSED
    play.run(60)
    play.at_venue(row("0.4"))
    play.run(60)
    assert [record.outcome.value for record in play.records] == ["resolved"]
    asked = lists(play)
    play.run(300)
    assert lists(play) - asked <= 15


def test_without_anything_to_protect_a_failing_list_is_nobodys_night() -> None:
    play = protected(views={1: view(1, "1", touched_ns=NOW - 60 * SECOND)})
    play.refuse_orders = REFUSED
    play.run(200)
    assert told(play) == []


def test_a_failure_that_passes_is_not_told() -> None:
    play = protected()
    play.run(5)
    for _ in range(10):
        play.refuse_orders = REFUSED
        play.run(12)
        play.refuse_orders = ""
        play.run(20)
    assert told(play) == []


def test_a_list_that_the_gateway_could_not_read_for_itself_is_asked_for_at_once() -> None:
    play = protected(policy=Policy())
    play.run(5)
    assert lists(play) == 0
    play.tell(FetchFailed(account=MAIN, request_id="resync/main/7/orders", cause=verbatim(REFUSED)))
    play.run(2)
    assert lists(play) == 1


def test_a_demand_whose_orders_were_not_read_says_so() -> None:
    play = protected()
    play.run(5)
    play.refuse_orders = REFUSED
    play.tell(Reconcile(**command("c1")))
    play.run(21)
    [answer] = answers(play)
    assert (answer.checked, answer.failed) == (1, f"main: its open orders could not be read: {REFUSED}")


def test_a_demand_of_one_symbol_whose_orders_were_not_read_says_so() -> None:
    play = protected()
    play.run(5)
    play.refuse_orders = REFUSED
    play.tell(Reconcile(**command("c1"), symbol=BTC))
    play.run(21)
    assert answers(play)[0].failed == f"main: its open orders could not be read: {REFUSED}"


def test_a_demand_is_answered_when_its_orders_can_be_read_after_all() -> None:
    play = protected()
    play.run(5)
    for name, symbol in (("c1", None), ("c2", BTC)):
        play.refuse_orders = REFUSED
        play.tell(Reconcile(**command(name), symbol=symbol))
        play.run(2)
        play.refuse_orders = ""
        play.run(5)
    assert [(answer.checked, answer.failed) for answer in answers(play)] == [(1, ""), (1, "")]


def test_a_demand_of_a_symbol_asks_for_its_orders_and_never_waits_for_the_list_of_all() -> None:
    play = protected()
    play.run(5)
    play.withhold_all_orders = True
    for name in ("c1", "c2", "c3"):
        play.tell(Reconcile(**command(name), symbol=BTC))
        play.run(2)
    assert [(answer.checked, answer.failed) for answer in answers(play)] == [(1, "")] * 3


def test_what_differs_is_proven_and_verified_with_the_orders_of_its_symbol() -> None:
    play = protected()
    play.run(5)
    play.withhold_all_orders = True
    play.at_venue(row("0.4"))
    play.tell(Reconcile(**command("c1"), symbol=BTC))
    play.run(15)
    assert [(answer.succeeded, answer.failed) for answer in answers(play)] == [(1, "")]


def test_a_demand_is_no_emptier_for_a_look_that_is_asked_for_meanwhile() -> None:
    play = protected()
    play.run(5)
    play.tell(Reconcile(**command("c1")))
    play.tell(Reconcile(**command("c2")))
    play.tell(replace(play.views[1], version=6))
    play.run(5)
    assert [answer.failed for answer in answers(play)] == ["", ""]


def test_a_list_that_is_always_late_is_compared_all_the_same() -> None:
    play = protected()
    play.orders_take_s = 12.0
    play.orders.clear()
    play.run(240)
    assert {record.type.value for record in play.records} == {"PROTECTION_MISSING"}
    assert told(play) == []


def test_a_demand_waits_for_a_late_list_and_not_for_one_that_was_asked_for_before_it() -> None:
    play = protected()
    play.run(5)
    play.orders_take_s = 12.0
    play.run(16)  # the normal interval's list is on its way, and positions have gone on without it
    play.tell(Reconcile(**command("c1")))
    play.run(8)
    assert answers(play) == []
    play.run(12)
    assert [(answer.checked, answer.failed) for answer in answers(play)] == [(1, "")]


def test_an_order_of_ours_is_what_it_was_in_these_tests() -> None:
    play = protected()
    play.run(120)
    assert play.records == []
    assert list(play.orders) == [own_id(1)]
