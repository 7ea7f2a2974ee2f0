"""What a person waits for is read before what nobody waits for, or fails soon and says until when (I10)."""

from dataclasses import replace

from actors.gateway.actions import SECOND
from actors.gateway.budget import Policy
from actors.gateway.context import ASKED_PATIENCE_NS
from actors.gateway.lane import Lane
from actors.gateway.shared_budget import SharedBudget
from messages import reports as r
from messages import requests as q
from messages.statement import verbatim
from messages.types import PositionId, RateKind, RateLimit, RequestCost
from tests.gateway import stage
from tests.gateway.stage import BTC, MAIN, START_NS, HandClock, Stage

LIMIT = 600
UP = replace(
    stage.venue_up(),
    limits=(RateLimit(kind=RateKind.WEIGHT, interval_ms=60_000, limit=LIMIT),),
    costs=(
        RequestCost(request="FetchPositions", weight=5),
        RequestCost(request="FetchOpenOrders", weight=80, of_symbol=2),
        RequestCost(request="SetLeverage", weight=1),
    ),
)
LEVERAGE = q.SetLeverage(account=MAIN, symbol=BTC, leverage=5, position_id=PositionId("p"))


def positions(name: str, *, asked: bool = False) -> q.FetchPositions:
    return q.FetchPositions(account=MAIN, request_id=name, symbol=BTC, asked=asked)


def everything(name: str) -> q.FetchOpenOrders:
    return q.FetchOpenOrders(account=MAIN, request_id=name, asked=True)


def spent_by_sweeps() -> Stage:
    """As much is read in the background as may be; more waits."""
    play = Stage(up=False)
    play.tell(UP)
    play.settle_resync()
    for number in range(60):
        play.tell(positions(f"sweep/{number}"))
        if play.sent[-1] != positions(f"sweep/{number}"):
            break
        play.tell(stage.read_answer(play.sent[-1], play.clock.time_ns()))
    else:
        raise AssertionError("the budget was not spent")
    play.forget()
    return play


def test_what_a_person_waits_for_leaves_though_sweeps_have_spent_their_part() -> None:
    play = spent_by_sweeps()
    asked = positions("person", asked=True)
    play.tell(asked)
    assert play.sent == [asked]


def test_what_waits_in_the_background_leaves_once_a_person_waits_for_it_and_is_asked_once() -> None:
    play = spent_by_sweeps()
    play.tell(positions("shared"))
    assert play.sent == []
    asked = positions("shared", asked=True)
    play.tell(asked, asked)
    assert play.sent == [asked]
    play.advance(120 * SECOND)
    assert [sent.request_id for sent in play.sent_of(q.FetchPositions)].count("shared") == 1


def test_what_finds_no_room_fails_at_once_and_is_had_at_the_moment_that_was_named() -> None:
    play = spent_by_sweeps()
    play.tell(everything("a"), everything("b"))
    [failed] = play.said_of(r.FetchFailed)
    assert (failed.request_id, failed.cause) == ("b", "the request budget is spent")
    assert START_NS < failed.until_ns <= play.clock.time_ns() + 63 * SECOND
    play.tell(r.OpenOrdersReport(account=MAIN, request_id="a", begun_ns=0, orders=()))
    play.forget()
    play.clock.monotonic = failed.until_ns - START_NS
    play.tell(everything("b"))
    assert play.sent_of(q.FetchOpenOrders) == [everything("b")]


def test_a_person_who_asks_on_and_on_keeps_no_opening_from_its_leverage() -> None:
    play = spent_by_sweeps()
    for number in range(60):
        play.tell(positions(f"person/{number}", asked=True))
        for sent in play.sent_of(q.FetchPositions):
            play.tell(stage.read_answer(sent, 0))
        play.sent.clear()
    assert play.said_of(r.FetchFailed)
    play.tell(LEVERAGE)
    assert play.sent_of(q.SetLeverage) == [LEVERAGE]


def test_while_the_venue_wants_silence_a_person_hears_until_when() -> None:
    play = Stage()
    play.tell(r.BudgetUsed(account=MAIN, uses=(), quiet_ms=20_000, cause=verbatim("HTTP 429")))
    play.tell(positions("person", asked=True))
    [failed] = play.said_of(r.FetchFailed)
    assert failed.cause == "the venue asks for silence"
    assert failed.until_ns == play.clock.time_ns() + 20 * SECOND


def test_what_finds_room_in_a_moment_is_waited_for() -> None:
    play = Stage()
    play.tell(r.BudgetUsed(account=MAIN, uses=(), quiet_ms=ASKED_PATIENCE_NS // 1_000_000, cause=verbatim("HTTP 429")))
    play.tell(positions("person", asked=True))
    assert play.said_of(r.FetchFailed) == []
    play.advance(3 * SECOND)
    assert play.sent_of(q.FetchPositions)


def test_other_accounts_sweeps_leave_a_person_room_at_their_address() -> None:
    clock = HandClock()
    address = SharedBudget(clock)
    address.learn(2_400)
    for number in range(1_000):
        who = f"a{number % 40}"
        if address.take(who, Lane.READING, 5, Policy()):
            address.left(5)
            address.came(5, None)
            address.completed(who, 5)
    assert not address.take("a1", Lane.READING, 5, Policy())
    assert address.asked_wait_ns("a1", 80, Policy()) == 0
    assert address.take("a1", Lane.ASKED, 80, Policy())
    address.left(80)
    address.completed("a1", 80)
    waits_ns = address.asked_wait_ns("a2", 80, Policy())
    assert not address.take("a2", Lane.ASKED, 80, Policy())
    clock.monotonic += waits_ns
    assert address.take("a2", Lane.ASKED, 80, Policy())
