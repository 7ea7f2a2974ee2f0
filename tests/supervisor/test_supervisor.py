"""The supervisor finds, admits, adopts, holds and answers; with real positions and a journal in memory."""

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from actors.edge import EdgeActor
from actors.position.state import COMMANDS_REMEMBERED, blank
from actors.supervisor.command_handlers import FORGOTTEN_NS, was_received
from actors.supervisor.pre_trade_risk import Limits
from messages import commands as c
from messages import reports as r
from messages import requests as q
from messages.base import Message
from messages.ids import client_order_id
from messages.types import (
    AccountId,
    Address,
    ClientOrderId,
    CommandId,
    FillCause,
    JournalId,
    Key,
    OrderStatus,
    PositionId,
    PositionSide,
    PositionState,
    RejectReason,
    ReplyCode,
    Severity,
    Side,
    StrategyId,
    TradeId,
    VenueOrderId,
)

if TYPE_CHECKING:
    from adapters.storage.batch import StepRow

from tests.supervisor.house import BTC, EDGE, MAIN, House


def fill(
    name: str, quantity: str = "0.01", price: int = 60000, side: Side = Side.BUY, trade: str = "t1"
) -> r.FillReport:
    return r.FillReport(
        account=MAIN,
        symbol=BTC,
        client_order_id=ClientOrderId(name),
        venue_order_id=VenueOrderId("1"),
        trade_id=TradeId(trade),
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal("0.1"),
        fee_currency="USDT",
    )


def views(house: House, *, terminal: bool = True) -> list[r.PositionView]:
    house.tell(c.ListPositions(command_id=CommandId("list"), reply_to=EDGE, terminal=terminal))
    return list(house.all(r.PositionsAnswer)[-1].views)


def row(side: PositionSide = PositionSide.LONG, quantity: str = "0.5") -> r.PositionRow:
    return r.PositionRow(
        symbol=BTC,
        side=side,
        quantity=Decimal(quantity),
        entry_price=Decimal(59000),
        mark_price=Decimal(60000),
        unrealized_pnl=Decimal(500),
        leverage=10,
    )


def test_an_admitted_opening_reaches_its_own_position_and_the_gateway() -> None:
    house = House().ready()
    house.open()
    (submit,) = house.all(q.SubmitOpening, "gateway/main")
    assert submit.client_order_id == client_order_id(JournalId("memory00"), 1, 1)
    (reply,) = house.all(q.Reply)
    assert (reply.accepted, reply.position_id) == (True, "main.BTCUSDT.long.trend.1")


def test_nothing_is_opened_before_the_account_was_read() -> None:
    house = House()
    house.open()
    (reply,) = house.all(q.Reply)
    assert not reply.accepted
    assert "not reachable" in reply.text
    assert not house.all(q.SubmitOpening, "gateway/main")


def test_a_repeated_command_is_answered_alike_and_opens_once() -> None:
    house = House().ready()
    house.open("same")
    house.open("same")
    assert [reply.accepted for reply in house.all(q.Reply)] == [True, True]
    assert len({reply.position_id for reply in house.all(q.Reply)}) == 1
    assert len(house.all(q.SubmitOpening, "gateway/main")) == 1


def test_a_fill_finds_its_position_by_client_order_id() -> None:
    house = House().ready()
    house.open()
    house.tell(fill(client_order_id(JournalId("memory00"), 1, 1)))
    (view,) = views(house)
    assert (view.state, view.quantity) == (PositionState.ACTIVE, Decimal("0.01"))


def test_a_late_fill_finds_a_position_that_ended_in_an_earlier_life_of_the_process() -> None:
    first = House().ready()
    first.open()
    name = client_order_id(JournalId("memory00"), 1, 1)
    first.tell(r.OrderAbsent(account=MAIN, symbol=BTC, client_order_id=name, evidence="asked twice"))
    assert [view.state for view in views(first)] == [PositionState.FAILED]
    second = House(first.journal.image).ready()
    second.tell(fill(name))
    (view,) = views(second)
    assert (view.state, view.quantity) == (PositionState.ACTIVE, Decimal("0.01"))
    notices = second.all(q.Notify, "notifier")
    assert any(n.severity is Severity.CRITICAL and "late fill" in n.text for n in notices)


def test_positions_that_exist_at_the_first_start_are_adopted_once() -> None:
    first = House().ready(row())
    (view,) = views(first)
    assert (view.strategy, view.quantity, view.entry_price) == (StrategyId("manual"), Decimal("0.5"), Decimal(59000))
    assert view.state is PositionState.ACTIVE
    first.tell(r.PositionsReport(account=MAIN, request_id="2", begun_ns=8, positions=(row(),)))
    assert len(views(first)) == 1
    second = House(first.journal.image).ready(row())
    assert len(views(second)) == 1


def test_a_human_opening_after_the_first_read_is_not_adopted_behind_his_back() -> None:
    house = House().ready()
    house.tell(r.PositionsReport(account=MAIN, request_id="2", begun_ns=8, positions=(row(),)))
    assert views(house) == []


def test_an_order_of_another_data_directory_holds_openings_and_is_left_alone() -> None:
    house = House().ready()
    stranger = client_order_id(JournalId("zzzzzzzz"), 4, 1)
    report: dict[str, Any] = {
        "account": MAIN, "symbol": BTC, "client_order_id": stranger, "venue_order_id": VenueOrderId("9"),
        "side": Side.BUY, "quantity": Decimal(1), "filled_quantity": Decimal(0),
    }  # fmt: skip
    house.tell(r.OrderReport(status=OrderStatus.WORKING, **report))
    house.open("first")
    house.tell(r.OrderReport(status=OrderStatus.CANCELED, **report))
    house.open("second")
    assert [reply.accepted for reply in house.all(q.Reply)] == [False, True]
    assert not house.all(q.CancelOrder, "gateway/main")


def test_a_pause_outlives_the_process_and_so_does_its_end() -> None:
    first = House().ready()
    first.tell(c.PauseOpenings(command_id=CommandId("p"), reply_to=EDGE))
    second = House(first.journal.image).ready()
    second.open("c1")
    assert "paused" in second.all(q.Reply)[-1].text
    second.tell(c.ResumeOpenings(command_id=CommandId("r"), reply_to=EDGE))
    third = House(second.journal.image).ready()
    third.open("c2")
    assert third.all(q.Reply)[-1].accepted


def test_pausing_and_resuming_say_what_of_and_what_stays_held() -> None:
    house = House().ready()
    said: dict[str, str] = {}
    for name, command in {
        "one": c.PauseOpenings(command_id=CommandId("1"), reply_to=EDGE, symbol=BTC),
        "all": c.PauseOpenings(command_id=CommandId("2"), reply_to=EDGE),
        "one again": c.ResumeOpenings(command_id=CommandId("3"), reply_to=EDGE, symbol=BTC),
        "another": c.PauseOpenings(command_id=CommandId("4"), reply_to=EDGE, account=MAIN),
        "everything": c.ResumeOpenings(command_id=CommandId("5"), reply_to=EDGE),
    }.items():
        house.tell(command)
        said[name] = house.all(q.Reply)[-1].text
    assert said == {
        "one": "openings are paused (BTCUSDT); albra resume lifts that",
        "all": "openings are paused; albra resume lifts that",
        "one again": "openings are still paused (all openings); albra resume lifts that",
        "another": "openings are paused (main); albra resume lifts that",
        "everything": "openings are allowed",
    }


def test_a_pause_that_is_said_again_after_its_end_pauses_nothing() -> None:
    """I14: who did not hear the answer, because the process died, says it again under the same id."""
    first = House().ready()
    first.tell(c.PauseOpenings(command_id=CommandId("p"), reply_to=EDGE))
    second = House(first.journal.image).ready()
    second.tell(c.ResumeOpenings(command_id=CommandId("r"), reply_to=EDGE))
    second.tell(c.PauseOpenings(command_id=CommandId("p"), reply_to=EDGE))
    assert second.all(q.Reply)[-1].accepted
    second.open("c1")
    assert second.all(q.Reply)[-1].accepted


def test_a_hold_that_is_said_again_under_its_id_says_what_became_of_it() -> None:
    house = House().ready()
    pause = c.PauseOpenings(command_id=CommandId("p"), reply_to=EDGE)
    resume = c.ResumeOpenings(command_id=CommandId("r"), reply_to=EDGE)
    said = []
    for command in (pause, pause, resume, resume, pause, replace(pause, command_id=CommandId("p2")), resume, pause):
        house.tell(command)
        said.append(house.all(q.Reply)[-1].text)
    held, free = "openings are paused; albra resume lifts that", "openings are allowed"
    assert said == [held, held, free, free, f"{held}; lifted since", held, f"{free}; paused since", held]


def test_a_pause_of_a_position_that_is_said_again_says_what_became_of_it() -> None:
    house = House().ready()
    house.open("o1")
    house.tell(fill(client_order_id(JournalId("memory00"), 1, 1)))
    about: Any = {"reply_to": EDGE, "position_id": PositionId("main.BTCUSDT.long.trend.1")}
    pause = c.PausePosition(command_id=CommandId("p"), **about)
    resume = c.ResumePosition(command_id=CommandId("r"), **about)
    said = []
    for command in (pause, pause, resume, resume, pause, replace(pause, command_id=CommandId("p2")), resume):
        house.tell(command)
        said.append(house.all(q.Reply)[-1].text)
    assert said == ["", "", "", "", "it was paused; resumed since", "", "it was resumed; paused since"]


def test_a_pause_that_the_disk_refuses_is_in_force_and_promised_once_the_disk_has_it() -> None:
    house = House().ready()
    house.journal.fault = lambda: "disk full"
    house.tell(c.PauseOpenings(command_id=CommandId("p"), reply_to=EDGE))
    assert house.all(q.Reply)[-1].code is ReplyCode.UNKNOWN
    house.open("c0")
    assert "paused" in house.all(q.Reply)[-1].text
    house.tell(c.PauseOpenings(command_id=CommandId("p"), reply_to=EDGE))
    house.journal.fault = lambda: None
    house.run(2)
    answer = house.all(q.Reply)[-1]
    assert (answer.command_id, answer.accepted, answer.code) == ("p", True, ReplyCode.DECIDED)
    again = House(house.journal.image).ready()
    again.open("c1")
    assert "paused" in again.all(q.Reply)[-1].text


def test_a_resume_that_is_not_durable_does_not_count() -> None:
    house = House().ready()
    house.tell(c.PauseOpenings(command_id=CommandId("p"), reply_to=EDGE))
    house.journal.fault = lambda: "disk full"
    house.tell(c.ResumeOpenings(command_id=CommandId("r"), reply_to=EDGE))
    assert (house.all(q.Reply)[-1].accepted, "disk full" in house.all(q.Reply)[-1].text) == (False, True)
    house.journal.fault = lambda: None
    house.open()
    assert "paused" in house.all(q.Reply)[-1].text


def test_an_opening_that_cannot_be_journalled_is_refused_and_frees_its_key() -> None:
    house = House().ready()
    house.journal.fault = lambda: "disk full"
    house.open("c1")
    assert "disk full" in house.all(q.Reply)[-1].text
    assert not house.all(q.SubmitOpening, "gateway/main")
    house.journal.fault = lambda: None
    house.open("c2")
    assert house.all(q.Reply)[-1].accepted


def test_close_all_closes_everything_and_says_how_many() -> None:
    house = House().ready()
    for number, strategy in enumerate(("a", "b"), 1):
        house.open(f"c{number}", strategy=StrategyId(strategy))
        house.tell(fill(client_order_id(JournalId("memory00"), number, 1), trade=f"t{number}"))
    house.tell(c.CloseAll(command_id=CommandId("all"), reply_to=EDGE))
    assert "closing 2 positions" in house.all(q.Reply)[-1].text
    assert len(house.all(q.SubmitEmergency, "gateway/main")) == 2


def test_a_neighbor_on_the_same_leg_makes_a_close_cancel_its_stop_first() -> None:
    house = House().ready()
    for number, strategy in enumerate(("a", "b"), 1):
        house.open(f"c{number}", strategy=StrategyId(strategy), stop_loss=Decimal(58000))
        house.tell(fill(client_order_id(JournalId("memory00"), number, 1), trade=f"t{number}"))
        stop = client_order_id(JournalId("memory00"), number, 2)
        house.tell(
            r.OrderAccepted(account=MAIN, symbol=BTC, client_order_id=stop, venue_order_id=VenueOrderId(f"s{number}"))
        )
    house.tell(
        c.ClosePosition(command_id=CommandId("x"), reply_to=EDGE, position_id=PositionId("main.BTCUSDT.long.a.1"))
    )
    assert [o.client_order_id for o in house.all(q.CancelOrder, "gateway/main")] == [
        client_order_id(JournalId("memory00"), 1, 2)
    ]
    assert not house.all(q.SubmitReducing, "gateway/main")


def test_unknown_positions_and_accounts_are_refused_by_name() -> None:
    house = House().ready()
    house.tell(
        c.ClosePosition(command_id=CommandId("x"), reply_to=EDGE, position_id=PositionId("main.BTCUSDT.long.a.9"))
    )
    assert "no position main.BTCUSDT.long.a.9" in house.all(q.Reply)[-1].text
    house.open(account=AccountId("other"))
    assert "no account other" in house.all(q.Reply)[-1].text


def test_watching_only_sends_nothing_whatever_is_asked() -> None:
    house = House(watch_only=True).ready()
    house.open()
    house.tell(c.CloseAll(command_id=CommandId("all"), reply_to=EDGE))
    assert [reply.accepted for reply in house.all(q.Reply)] == [False, False]
    assert all("phase2.enabled is false" in reply.text for reply in house.all(q.Reply))
    assert not house.heard["gateway/main"]


def test_a_liquidation_is_told_at_once() -> None:
    house = House().ready()
    house.tell(replace(fill("autoclose-1234567890", side=Side.SELL), cause=FillCause.LIQUIDATION))
    notices = house.all(q.Notify, "notifier")
    assert any(n.severity is Severity.CRITICAL and "autoclose-" in n.text for n in notices)


def test_a_burst_of_openings_is_held_against_the_limits_as_a_whole() -> None:
    house = House(limits=Limits(account_exposure=Decimal(1500))).ready()
    for number in range(4):  # 600 each, and none of them has an order when the next one comes
        house.system.tell("supervisor", opening(number))
    house.run()
    assert [reply.accepted for reply in house.all(q.Reply)].count(True) == 2
    assert len(views(house)) == 2
    fail = r.OrderRejected(
        account=MAIN,
        symbol=BTC,
        client_order_id=client_order_id(JournalId("memory00"), 1, 1),
        reason=RejectReason.OTHER,
    )
    house.tell(fail)
    house.tell(opening(4))
    assert house.all(q.Reply)[-1].accepted, "what came to nothing counts no more"


def test_whoever_was_told_of_an_opening_can_act_on_it_at_once() -> None:
    house = House().ready()

    def close(answer: Message) -> None:
        assert isinstance(answer, q.Reply)
        assert answer.position_id
        command = c.ClosePosition(
            command_id=CommandId(f"close-{answer.command_id}"), position_id=answer.position_id, reply_to=EDGE
        )
        house.system.tell("supervisor", command)

    house.system.spawn("hasty", lambda context: EdgeActor(context, close))
    for number in range(20):  # the seeded order of things lets some be faster than the view of the opening
        house.system.tell("supervisor", replace(opening(number), reply_to=Address("hasty")))
    house.run()
    answers = house.all(q.Reply)
    assert len(answers) == 20
    assert [answer.text for answer in answers if not answer.accepted] == []


def opening(number: int) -> c.OpenPosition:
    return c.OpenPosition(
        command_id=CommandId(f"c{number}"),
        reply_to=EDGE,
        account=MAIN,
        symbol=BTC,
        side=PositionSide.LONG,
        strategy=StrategyId(f"s{number}"),
        quantity=Decimal("0.01"),
    )


def test_a_crashing_supervisor_forgets_nothing() -> None:
    house = House().ready()
    house.open()
    house.tell(fill(client_order_id(JournalId("memory00"), 1, 1)))
    house.system.tell("supervisor", q.Wake(topic="not for supervisors", after_ms=1))
    house.run(seconds=10)
    (view,) = views(house)
    assert view.quantity == Decimal("0.01")
    house.open("again")
    assert "holds BTCUSDT long already" in house.all(q.Reply)[-1].text


def test_a_position_whose_history_is_damaged_is_quarantined_and_told_while_the_rest_goes_on() -> None:
    first = House().ready()
    first.open()
    name = client_order_id(JournalId("memory00"), 1, 1)
    first.tell(r.OrderAbsent(account=MAIN, symbol=BTC, client_order_id=name, evidence="asked twice"))
    steps = first.journal.image.steps
    place = next(number for number, row in enumerate(steps) if row[1] == 1)
    damaged = tuple(part[:-1] + b"?" if isinstance(part, bytes) and len(part) > 20 else part for part in steps[place])
    steps[place] = cast("StepRow", damaged)
    second = House(first.journal.image).ready()
    second.run(seconds=120)
    assert any("quarantined" in n.text for n in second.all(q.Notify, "notifier"))
    second.open("c2")
    assert second.all(q.Reply)[-1].accepted


def test_a_position_of_many_whose_commit_fails_is_closed_all_the_same() -> None:
    """It was said that all are being closed, and nobody repeats the part of one."""
    house = House().ready()
    house.open("c1")
    house.tell(fill(client_order_id(JournalId("memory00"), 1, 1), trade="t1"))
    failures = ["disk full"]
    house.journal.fault = lambda: failures.pop() if failures else None
    house.tell(c.CloseAll(command_id=CommandId("all"), reply_to=EDGE))
    house.run(5)
    assert not failures
    assert len(house.all(q.SubmitEmergency, "gateway/main")) == 1


def test_a_close_of_all_that_was_answered_outlives_the_process_though_no_position_had_heard_of_it() -> None:
    house = House().ready()
    house.open("c1")
    house.tell(fill(client_order_id(JournalId("memory00"), 1, 1), trade="t1"))
    house.system.stop_actor("position/1")
    house.run()
    house.tell(c.CloseAll(command_id=CommandId("all"), reply_to=EDGE))
    assert "closing 1 position" in house.all(q.Reply)[-1].text
    again = House(house.journal.image).ready()
    assert len(again.all(q.SubmitEmergency, "gateway/main")) == 1
    once_more = House(again.journal.image).ready()
    assert not once_more.all(q.SubmitEmergency, "gateway/main"), "asked after by now, not sent again"


def test_a_close_of_all_that_is_said_again_does_not_take_what_was_opened_since() -> None:
    house = House().ready()
    house.open("c1")
    house.tell(fill(client_order_id(JournalId("memory00"), 1, 1), trade="t1"))
    house.tell(c.CloseAll(command_id=CommandId("all"), reply_to=EDGE))
    house.tell(fill(house.all(q.SubmitEmergency, "gateway/main")[0].client_order_id, trade="t2", side=Side.SELL))
    for life in (house, House(house.journal.image).ready()):
        life.open("c2" if life is house else "c3")
        closed = len(life.all(q.SubmitEmergency, "gateway/main"))
        life.tell(c.CloseAll(command_id=CommandId("all"), reply_to=EDGE))
        assert life.all(q.Reply)[-1].accepted
        assert len(life.all(q.SubmitEmergency, "gateway/main")) == closed


def test_everything_closes_though_the_journal_cannot_keep_that_it_was_to() -> None:
    house = House().ready()
    house.open("c1")
    house.tell(fill(client_order_id(JournalId("memory00"), 1, 1), trade="t1"))
    house.journal.fault = lambda: "disk full"
    house.tell(c.CloseAll(command_id=CommandId("all"), reply_to=EDGE))
    reply = house.all(q.Reply)[-1]
    text = "closing 1 position; the journal cannot be written: disk full"
    assert (reply.accepted, reply.code, reply.text) == (True, ReplyCode.UNKNOWN, text)
    house.tell(c.CloseAll(command_id=CommandId("all"), reply_to=EDGE))
    house.journal.fault = lambda: None
    house.run(5)
    assert len(house.all(q.SubmitEmergency, "gateway/main")) == 1
    assert (house.all(q.Reply)[-1].code, house.all(q.Reply)[-1].text) == (ReplyCode.DECIDED, "closing 1 position")


def test_a_position_that_has_forgotten_its_close_of_long_ago_is_not_closed_by_a_start() -> None:
    """It was stranded, resumed by hand, and has been led by its strategy since."""
    key = Key(account=MAIN, symbol=BTC, side=PositionSide.LONG, strategy=StrategyId("trend"))
    young = replace(blank(key, 1, JournalId("memory00")), touched_ns=2 * FORGOTTEN_NS)
    old = replace(young, commands=tuple(CommandId(f"c{n}") for n in range(COMMANDS_REMEMBERED)))
    assert was_received(old, CommandId("c7"), 2 * FORGOTTEN_NS)
    assert was_received(old, CommandId("all.1"), 1)
    assert not was_received(old, CommandId("all.1"), 2 * FORGOTTEN_NS - 1)
    assert not was_received(young, CommandId("all.1"), 1), "what it remembers is all that it was ever told"
