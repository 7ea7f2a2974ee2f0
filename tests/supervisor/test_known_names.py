"""A name that there is not is refused, with what may have been meant; whatever names it, and over every way in."""

from decimal import Decimal
from typing import Any

import pytest

from messages import commands as c
from messages.names import did_you_mean
from messages.reconciliation import DiscrepanciesAnswer, ListDiscrepancies
from messages.requests import Reply
from messages.types import MANUAL, AccountId, CommandId, StrategyId, Symbol
from tests.reconciler.world import Play
from tests.supervisor.house import BTC, EDGE, MAIN, House
from tests.supervisor.test_assigning import assign, with_its_stop

TYPO, MIAN = Symbol("BTCUSTD"), AccountId("mian")


def said(house: House, kind: type[c.Command], **names: Any) -> Reply:
    house.tell(kind(command_id=CommandId(f"n{len(house.all(Reply))}"), reply_to=EDGE, **names))
    return house.all(Reply)[-1]


@pytest.mark.parametrize("kind", [c.PauseOpenings, c.ResumeOpenings, c.Reconcile])
def test_a_symbol_that_the_venue_does_not_trade_is_refused(kind: type[c.Command]) -> None:
    house = House().ready()
    reply = said(house, kind, symbol=TYPO)
    assert (reply.accepted, reply.text) == (
        False, "BTCUSTD is not a perpetual of this venue; did you mean BTCUSDT?",
    )  # fmt: skip
    house.open("o")
    assert house.all(Reply)[-1].accepted


@pytest.mark.parametrize("kind", [c.PauseOpenings, c.ResumeOpenings, c.CloseAll])
def test_an_account_that_is_not_configured_is_refused(kind: type[c.Command]) -> None:
    house = House().ready()
    reply = said(house, kind, account=MIAN)
    assert (reply.accepted, reply.text) == (
        False, "no account mian in the configuration, only main; did you mean main?",
    )  # fmt: skip


def test_an_opening_names_its_account_and_its_symbol_as_they_are() -> None:
    house = House().ready()
    house.open("a", account=MIAN)
    assert "did you mean main?" in house.all(Reply)[-1].text
    house.open("b", symbol=TYPO)
    assert "did you mean BTCUSDT?" in house.all(Reply)[-1].text
    house.open("c", strategy=StrategyId("whatever_is_new"))
    assert house.all(Reply)[-1].accepted


@pytest.mark.parametrize("kind", [c.PauseOpenings, c.ResumeOpenings])
def test_what_is_named_rightly_is_done(kind: type[c.Command]) -> None:
    house = House().ready()
    assert said(house, kind, symbol=BTC, account=MAIN).accepted


def test_before_the_venue_has_told_its_symbols_a_hold_waits_for_nothing() -> None:
    assert said(House(), c.PauseOpenings, symbol=TYPO).accepted


def test_a_hold_of_a_symbol_that_is_gone_can_be_lifted() -> None:
    house = House()
    assert said(house, c.PauseOpenings, symbol=TYPO).accepted
    house.ready()
    assert said(house, c.ResumeOpenings, symbol=TYPO).accepted
    assert not said(house, c.ResumeOpenings, symbol=TYPO).accepted


def test_a_strategy_that_is_almost_one_that_there_is_gets_nothing() -> None:
    house = House().ready()
    house.open("o", strategy=StrategyId("trend"))
    manual = with_its_stop(house)
    reply = assign(house, manual, StrategyId("tredn"), "a1")
    assert (reply.accepted, reply.text) == (
        False, "no strategy tredn holds or held anything; did you mean trend?",
    )  # fmt: skip
    assert assign(house, manual, StrategyId("breakout"), "a2").accepted
    assert MANUAL not in {view.strategy for view in house.known.book.live() if view.quantity > Decimal(0)}


@pytest.mark.parametrize(
    ("name", "known", "said_"),
    [
        ("BTCUSTD", ["BTCUSDT", "ETHUSDT"], "; did you mean BTCUSDT?"),
        ("mian", ["main"], "; did you mean main?"),
        ("XYZ", ["BTCUSDT"], ""),
        ("BTCUSDT", [], ""),
    ],
)
def test_only_what_is_near_is_offered(name: str, known: list[str], said_: str) -> None:
    assert did_you_mean(name, known) == said_


@pytest.mark.parametrize(
    ("named", "end"),
    [
        ({"symbol": TYPO}, "matches BTCUSTD; did you mean BTCUSDT?"),
        ({"symbol": Symbol("XRPUSDT")}, "matches XRPUSDT; see `albra positions`"),
        ({"symbol": BTC, "strategy": StrategyId("tredn")}, "matches strategy tredn; did you mean trend?"),
    ],
)
def test_the_answer_to_a_close_of_nothing_ends_with_its_question(named: dict[str, Any], end: str) -> None:
    house = House().ready()
    house.open("o", strategy=StrategyId("trend"))
    assert said(house, c.CloseMatching, **named).text.endswith(f"no open position {end}")


def test_discrepancies_of_a_symbol_that_there_is_not_are_refused_unless_there_are_some() -> None:
    play = Play()
    about = {"command_id": CommandId("l"), "reply_to": EDGE, "symbol": TYPO}
    play.tell(ListDiscrepancies(**about, unless_found="no such symbol"))  # type: ignore[arg-type]
    play.tell(ListDiscrepancies(**about))  # type: ignore[arg-type]
    refused, listed = play.answers
    assert isinstance(refused, Reply)
    assert isinstance(listed, DiscrepanciesAnswer)
    assert (refused.accepted, refused.text, listed.discrepancies) == (False, "no such symbol", ())
