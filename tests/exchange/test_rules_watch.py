"""When the symbols' rules are read anew: by age, by an answer that does not fit them, and closely after a change."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.exchange import outcome as proof
from adapters.exchange.rules import CLOSELY_S, Rules, RulesWatch, next_look_s
from adapters.exchange.venue import Stamp
from messages.requests import SubmitReducing
from messages.statement import verbatim
from messages.types import (
    AccountId,
    ClientOrderId,
    Instrument,
    OrderKind,
    PositionSide,
    RejectReason,
    Side,
    Symbol,
    TriggerPrice,
    VenueOrderId,
)

BTC = Symbol("BTCUSDT")
FINE = Instrument(
    symbol=BTC,
    quantity_step=Decimal("0.001"),
    price_step=Decimal("0.1"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal(1000),
    max_market_quantity=Decimal(100),
    min_notional=Decimal(5),
)
COARSE = replace(FINE, quantity_step=Decimal("0.01"), min_quantity=Decimal("0.01"))
ACCEPTED = proof.Accepted(venue_order_id=VenueOrderId("1"), row={})
REFUSED = proof.Rejected(reason=RejectReason.FILTER, code="-4023", text="step")
BUSY = proof.NotExecuted(retry_after_ms=0, cause=verbatim("busy"))


def order(quantity: str) -> SubmitReducing:
    return SubmitReducing(
        account=AccountId("main"),
        symbol=BTC,
        client_order_id=ClientOrderId("ab1"),
        side=Side.SELL,
        position_side=PositionSide.LONG,
        kind=OrderKind.MARKET,
        quantity=Decimal(quantity),
        limit_price=None,
        trigger_price=None,
        trigger=TriggerPrice.MARK,
    )


def watch(told: Rules) -> RulesWatch:
    async def read() -> Rules:
        return told

    stamp = Stamp(account=AccountId("main"), ts_init=1)
    made = RulesWatch(read, lambda _message: None, lambda: stamp, max_age_s=3_600)
    made.reported = told
    return made


@pytest.mark.parametrize(
    ("quantity", "verdict", "hint"),
    [
        ("0.02", ACCEPTED, False),
        ("0.008", ACCEPTED, True),
        ("0.015", ACCEPTED, True),
        ("0.02", REFUSED, True),
        ("0.008", BUSY, False),
    ],
)
def test_an_answer_that_does_not_fit_the_rules_hints_that_they_are_old(
    quantity: str,
    verdict: proof.Verdict,
    hint: bool,  # noqa: FBT001
) -> None:
    """Seed 200, I7: a position was left as dust by rules that the venue had given up a while before."""
    watching = watch((COARSE,))
    watching.judge(order(quantity), verdict)
    assert watching.hinted is hint


def test_rules_that_changed_are_watched_closely_and_then_as_rarely_as_before() -> None:
    pauses, pause_s = [], 3_600.0
    for changed in (True, False, False, False, False, False, False, True):
        pause_s = next_look_s(pause_s, 3_600.0, changed=changed)
        pauses.append(pause_s)
    assert pauses == [60, 120, 240, 480, 960, 1_920, 3_600, 60]
    assert next_look_s(10.0, 10.0, changed=True) == 10 < CLOSELY_S


def test_a_row_that_could_not_be_used_is_looked_at_again_soon_and_then_more_and_more_rarely() -> None:
    """Sprint 3277, I6: what a human had opened was not supervised for the hour in which rules are not read again."""

    async def waited() -> list[float]:
        watching, looks, loop = watch((COARSE,)), [], asyncio.get_running_loop()
        enough = asyncio.Event()

        async def read() -> Rules:
            looks.append(loop.time())
            if len(looks) == 3:
                enough.set()
            return (COARSE,)

        watching._read, watching._least_s, began_s = read, 0.0, loop.time()
        running = asyncio.create_task(watching.run())
        await asyncio.sleep(0)
        watching.connected((COARSE,), complete=False)
        await asyncio.wait_for(enough.wait(), timeout=30)
        running.cancel()
        return [look - began_s for look in looks]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("adapters.exchange.rules.UNUSABLE_S", 0.05)
        first, second, third = asyncio.run(waited())
    assert first >= 0.05
    assert second - first >= 0.1
    assert third - second >= 0.2


def test_what_is_held_where_no_rules_are_known_has_them_read_once() -> None:
    """Day 860000643, I6: a symbol that was listed after the start counted as not listed for an hour."""
    watching, xrp = watch((FINE,)), Symbol("XRPUSDT")
    hints = []
    for held in ({BTC}, {BTC, xrp}, {xrp}):
        watching.met(held)
        hints.append(watching.hinted)
        watching._hinted.clear()
    assert hints == [False, True, False]
