"""A position whose actor is quarantined, or whose history is damaged, cannot say what it holds; nobody else may."""

import pytest

from actors.supervisor.memory import Restored
from messages.addresses import position_address
from messages.commands import AdjustPosition, AdoptPosition
from messages.discrepancy_type import Action, DiscrepancyType
from messages.ids import position_id
from messages.lifecycle import ActorQuarantined, ActorReleased
from messages.reconciliation import Outcome, PositionSilent
from messages.requests import Reply
from messages.statement import verbatim
from messages.types import Key, PositionId, PositionMode, Severity, StrategyId, Symbol
from tests.reconciler.test_forced import Stage, booked, two_strategies
from tests.reconciler.world import BTC, LONG, MAIN, SHORT, D, Play, acting, open_order, own_id, row, trade, view
from tests.supervisor.test_forced_trades import views

NAME = position_id(Key(account=MAIN, symbol=BTC, side=LONG, strategy=StrategyId("trend")), 7)
ETH = Symbol("ETHUSDT")


def silent(name: PositionId = NAME, why: str = "its history is damaged") -> PositionSilent:
    return PositionSilent(position_id=name, why=verbatim(why))


def touched(play: Play) -> list[str]:
    return [type(m).__name__ for m in play.commands if isinstance(m, AdoptPosition | AdjustPosition)]


@pytest.mark.parametrize("action", [Action.RETRY, Action.UPDATE_SYSTEM, Action.UPDATE_EXCHANGE, Action.IGNORE])
def test_its_exposure_is_nobodys_to_adopt_whatever_the_policy_says(action: Action) -> None:
    play = Play(policy=acting(action))
    play.tell(silent())
    assert BTC in play.held, "held from the first moment"
    play.at_venue(row("1"))
    play.run(900)
    assert touched(play) == []
    assert [x.type for x in play.records] == [DiscrepancyType.STATE_MISMATCH]
    assert play.records[0].outcome is (Outcome.IGNORED if action is Action.IGNORE else Outcome.ESCALATED)
    assert BTC in play.held


def test_the_human_is_told_what_is_held_and_why_nobody_touches_it() -> None:
    play = Play()
    play.tell(silent())
    play.at_venue(row("1"))
    play.run(60)
    told = [n.text for n in play.notices if n.severity is Severity.CRITICAL]
    assert any("long 1" in text and "damaged" in text and "until it is back" in text for text in told)


def test_its_stop_is_no_orphan() -> None:
    play = Play()
    play.tell(silent())
    play.at_venue(row("1"))
    play.orders[own_id(7)] = open_order(own_id(7), conditional=True)
    play.run(400)
    assert list(play.orders) == [own_id(7)]
    assert {x.type for x in play.records} == {DiscrepancyType.STATE_MISMATCH}


def test_the_neighbors_and_other_symbols_are_compared_as_ever() -> None:
    play = Play(views={1: view(1, "1", symbol=ETH)})
    play.tell(silent())
    play.at_venue(row("1"), row("0.4", symbol=ETH))
    play.run(60)
    assert play.views[1].quantity == D("0.4")
    assert list(play.held) == [BTC]


def test_on_a_hedge_account_the_other_leg_is_compared_as_ever() -> None:
    play = Play(mode=PositionMode.HEDGE)
    play.tell(silent())
    play.at_venue(row("1", LONG), row("2", SHORT))
    play.run(60)
    (adopted,) = [m for m in play.commands if isinstance(m, AdoptPosition)]
    assert (adopted.side, adopted.quantity) == (SHORT, D(2))


def test_a_humans_trade_beside_it_is_not_attributed_while_it_is_silent() -> None:
    play = Play(views={1: view(1, "1", strategy="swing")})
    play.tell(silent())
    play.at_venue(row("5"))
    play.trades.append(trade("3"))
    play.run(120)
    assert touched(play) == []


def test_when_it_is_back_what_was_asked_is_resolved_and_openings_go_on() -> None:
    play = Play(views={7: view(7, "1")})
    play.tell(silent(why="its actor is quarantined: poison"))
    play.at_venue(row("1"))
    play.run(60)
    assert play.records[0].outcome is Outcome.ESCALATED
    play.tell(silent(why=""))
    play.run(60)
    assert [x.outcome for x in play.records] == [Outcome.RESOLVED]
    assert play.held == {}


def test_after_a_restart_with_its_history_whole_it_is_resolved_too() -> None:
    play = Play()
    play.tell(silent())
    play.at_venue(row("1"))
    play.run(60)
    play.views[7] = view(7, "1")
    play.restart()
    play.run(60)
    assert ([x.outcome for x in play.records], touched(play), play.held) == ([Outcome.RESOLVED], [], {})


def test_a_position_that_is_silent_is_not_asked_for_its_stop() -> None:
    play = Play(views={7: view(7, "1", stop_loss=D(90))})
    play.tell(silent())
    play.at_venue(row("1"))
    play.run(400)
    assert {x.type for x in play.records} == {DiscrepancyType.STATE_MISMATCH}


class Damaged(Stage):
    """A house whose journal holds one position that cannot be rebuilt, and nothing else."""

    def _restored(self) -> Restored:
        damaged = (verbatim(f"{NAME}: checksum"),)
        return Restored(highest_ordinal=7, damaged=damaged, silent=((NAME, verbatim("checksum")),))


def test_a_damaged_history_is_told_at_the_start_and_its_exposure_is_left_alone() -> None:
    stage = Damaged(net="1")
    stage.pass_time(60)
    assert views(stage) == {}, "nobody took it for his own, not even at the first start"
    (record,) = stage.memory.ledger.records.values()
    assert (record.type, record.outcome) == (DiscrepancyType.STATE_MISMATCH, Outcome.ESCALATED)
    stage.open()
    reply = stage.all(Reply)[-1]
    assert (reply.accepted, "history is damaged" in reply.text or "silent" in reply.text) == (False, True)


def test_a_quarantine_is_told_and_so_is_its_end() -> None:
    stage = two_strategies(net="0.04")
    view = views(stage)["trend"]
    about = {"address": position_address(view.ordinal), "reason": "poison", "attempt": 6}
    stage.tell(ActorQuarantined(**about))  # type: ignore[arg-type]
    stage.pass_time(30)
    assert [x.type for x in stage.memory.ledger.discrepancies()] == [DiscrepancyType.STATE_MISMATCH]
    stage.tell(ActorReleased(address=position_address(view.ordinal)))
    stage.pass_time(40)
    assert stage.memory.ledger.discrepancies() == ()
    assert booked(stage) == []
