"""A check that a person asked for: what is shared, what it costs, and what it says where it comes too late."""

from collections import Counter
from dataclasses import dataclass, field

from actors.reconciler.account_state import ReconcilerMemory
from messages import reports as r
from messages import requests as q
from messages.base import Message
from messages.commands import Reconcile
from messages.reconciliation import FetchTrades, ReconcileAnswer
from messages.requests import Reply
from messages.statement import verbatim
from messages.types import ReplyCode, Symbol
from tests.reconciler.world import BTC, MAIN, NOW, SECOND, D, Play, command, row, trade, view

WAIT = "the request budget is spent"
UNTIL_NS = NOW + 3_600 * SECOND
UNTIL = f"{WAIT} until 23:13:20 UTC"


@dataclass
class Queue(Play):
    """An account whose gateway holds requests back: all of them, or those of a kind for persons with a reason."""

    waiting: list[Message] = field(default_factory=list)
    holding: bool = False
    spent: tuple[type, ...] = ()
    until_ns: int = UNTIL_NS

    def _take(self, message: Message) -> None:
        if isinstance(message, self.spent) and getattr(message, "asked", False):
            self.asked.append(message)
            request_id = getattr(message, "request_id", "")
            self._later(
                1_000_000,
                r.FetchFailed(account=MAIN, request_id=request_id, cause=verbatim(WAIT), until_ns=self.until_ns),
            )
        elif self.holding and isinstance(message, q.FetchPositions | q.FetchOpenOrders | FetchTrades):
            self.waiting.append(message)
        else:
            super()._take(message)

    def let_go(self) -> None:
        """Each request once, as the gateway does."""
        self.holding = False
        last = {getattr(message, "request_id", ""): message for message in self.waiting}
        self.waiting.clear()
        for message in last.values():
            self._take(message)


def held() -> Queue:
    play = Queue(views={1: view(1, "1")})
    play.at_venue(row("1"))
    play.run(5)
    play.asked.clear()
    return play


def ask(play: Play, name: str, symbol: Symbol | None = None) -> None:
    play.tell(Reconcile(**command(name), symbol=symbol))


def answers(play: Play) -> list[ReconcileAnswer]:
    return [message for message in play.answers if isinstance(message, ReconcileAnswer)]


def kinds(play: Play) -> Counter[str]:
    return Counter(type(message).__name__ for message in play.asked)


def test_without_a_difference_no_trades_are_asked_for() -> None:
    play = held()
    ask(play, "c1", BTC)
    play.run(1)
    assert [(answer.checked, answer.failed) for answer in answers(play)] == [(1, "")]
    assert kinds(play) == {"FetchPositions": 1, "FetchOpenOrders": 1}
    assert all(getattr(message, "asked", False) for message in play.asked)


def test_a_difference_that_trades_explain_is_booked_within_two_seconds_of_being_asked_for() -> None:
    for symbol in (BTC, None):
        play = held()
        play.at_venue(row("0.4"))
        play.trades.append(trade("-0.6", ts_event=play.clock.time_ns()))
        ask(play, "c1", symbol)
        play.run(2)
        assert [(answer.succeeded, answer.failed) for answer in answers(play)] == [(1, "")], symbol
        assert play.views[1].quantity == D("0.4")


def test_a_difference_that_nothing_explains_is_not_read_without_end() -> None:
    play = held()
    play.at_venue()
    ask(play, "c1", BTC)
    play.run(2)
    assert kinds(play)["FetchTrades"] <= 3


def test_who_asks_while_a_reading_waits_to_be_sent_shares_it() -> None:
    for symbol in (BTC, None):
        play = held()
        play.holding = True
        for number in range(5):
            ask(play, f"c{number}", symbol)
            play.run(0.1)
        play.let_go()
        play.run(1)
        assert [answer.failed for answer in answers(play)] == [""] * 5, symbol
        assert kinds(play) == {"FetchPositions": 1, "FetchOpenOrders": 1}, symbol


def test_a_sweep_that_waits_to_be_sent_leaves_sooner_for_a_person_and_is_shared() -> None:
    play = held()
    play.holding = True
    play.run(301)
    assert [message for message in play.waiting if getattr(message, "asked", False)] == []
    swept = {getattr(message, "request_id", "") for message in play.waiting}
    play.waiting.clear()
    ask(play, "c1")
    hurried = {getattr(message, "request_id", "") for message in play.waiting if getattr(message, "asked", False)}
    assert hurried
    assert hurried <= swept
    play.let_go()
    play.run(1)
    assert [answer.failed for answer in answers(play)] == [""]


def test_what_was_read_before_it_was_asked_for_is_read_again() -> None:
    play = held()
    play.orders_take_s = 1.0
    ask(play, "c1", BTC)
    play.run(0.5)
    play.at_venue(row("0.4"))
    play.trades.append(trade("-0.6", ts_event=play.clock.time_ns()))
    ask(play, "c2", BTC)
    play.run(8)
    assert play.views[1].quantity == D("0.4")
    assert [answer.failed for answer in answers(play)] == ["", ""]


def test_who_would_wait_too_long_hears_until_when_and_it_is_read_then() -> None:
    for symbol in (BTC, None):
        play = held()
        play.spent = (q.FetchPositions, q.FetchOpenOrders)
        ask(play, "c1", symbol)
        play.run(0.1)
        assert [(answer.checked, answer.failed) for answer in answers(play)] == [(0, f"main: {UNTIL}")], symbol
        play.asked.clear()
        play.run(3_601)
        assert kinds(play)["FetchPositions"] > 0
        assert [type(event).__name__ for event in play.events if "Unread" in type(event).__name__] == []


def test_positions_are_compared_where_only_the_orders_would_take_too_long() -> None:
    play = held()
    play.spent = (q.FetchOpenOrders,)
    ask(play, "c1")
    play.run(0.1)
    [answer] = answers(play)
    assert (answer.checked, answer.failed) == (1, f"main: its open orders could not be read: {UNTIL}")


def test_a_difference_whose_trades_would_take_too_long_is_told_as_one() -> None:
    play = held()
    play.spent = (FetchTrades,)
    play.at_venue(row("0.4"))
    ask(play, "c1", BTC)
    play.run(0.5)
    [answer] = answers(play)
    assert answer.failed == f"main: BTCUSDT: differs from the venue, and is being looked into; {UNTIL}"
    play.run(20)
    assert [record.outcome.value for record in play.records] == ["resolved"], "it is looked into all the same"


def test_a_list_that_was_not_asked_for_is_owed() -> None:
    play = held()
    play.spent, play.until_ns = (q.FetchOpenOrders,), NOW + 100 * SECOND
    ask(play, "c1")
    play.run(1)
    play.asked.clear()
    play.run(150)
    assert kinds(play)["FetchOpenOrders"] == 1


def test_a_difference_whose_second_look_has_no_budget_is_named_with_both_figures() -> None:
    """The reason why more was not read does not hide what was read."""
    for symbol in (BTC, None):
        play = held()
        play.spent = (q.FetchOpenOrders, FetchTrades)
        play.at_venue(row("1.1"))
        ask(play, "c1", symbol)
        play.run(0.4)
        [answer] = answers(play)
        assert (answer.checked, answer.discrepancies) == (1, 0), symbol
        differs = [(each.account, each.symbol, each.believed, each.reported) for each in answer.unproven]
        assert differs == [(MAIN, BTC, "long 1", "long 1.1")], symbol
        assert answer.failed, symbol


def test_what_became_a_discrepancy_is_not_told_as_unproven_too() -> None:
    play = held()
    play.at_venue(row("0.4"))
    ask(play, "c1")
    play.run(10)
    assert [(answer.discrepancies, answer.unproven) for answer in answers(play)] == [(1, ())]


def test_a_check_before_the_venue_has_answered_is_not_ready_and_one_after_an_outage_is_answered() -> None:
    play = held()
    play.memory.account_states = ReconcilerMemory.of((MAIN,)).account_states
    ask(play, "c1")
    [early] = [message for message in play.answers if isinstance(message, Reply)]
    assert (early.accepted, early.code) == (False, ReplyCode.NOT_READY)
    assert early.text == "the venue of main has not answered yet"
    assert answers(play) == []
    play.tell(r.VenueDown(account=MAIN, cause=verbatim("refused")))
    ask(play, "c1")
    assert [answer.failed for answer in answers(play)] == ["main: the venue is not reachable"]
