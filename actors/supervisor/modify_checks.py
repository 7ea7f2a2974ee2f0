"""May this change of a position happen? Pure: NOTHING, or the reason why not, with the numbers that decide.

What the position itself can tell (steps, states, what is under way) it tells; here is what only the account knows:
limits, neighbors on the symbol, and the price at which the venue liquidates.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from actors.supervisor.pre_trade_risk import (
    Facts,
    addition_refusal,
    beyond_bounds,
    beyond_liquidation,
    beyond_trailing,
    code_of_addition,
    leverage_taken,
    on_wrong_side,
)
from messages.commands import (
    AdjustPosition,
    AdoptPosition,
    AssignPosition,
    CloseMatching,
    ClosePosition,
    Command,
    ModifyPosition,
    OpenPosition,
)
from messages.meaning import meaning
from messages.reports import PositionRow, PositionView
from messages.statement import NOTHING, Statement, word
from messages.types import MANUAL, CommandId, Instrument, Key, PositionSide, PositionState, ReplyCode, Symbol
from messages.wording import Supervisor
from messages.wording.common import also

ZERO = Decimal(0)
_AT_REST = (PositionState.ACTIVE, PositionState.MODIFIED)


def change_refusal(command: ModifyPosition, view: PositionView, facts: Facts) -> Statement:
    """The first reason against it, or NOTHING."""
    checks = (_leverage, _bounds, _sides, _stop, _addition)
    return next((why for check in checks if (why := check(command, view, facts))), NOTHING)


def code_of_change(command: ModifyPosition, view: PositionView, facts: Facts) -> ReplyCode:
    """What a refusal of this change promises: only what would open more may have to wait."""
    before = (_leverage, _bounds, _sides, _stop)
    if command.add is None or any(check(command, view, facts) for check in before):
        return ReplyCode.DECIDED
    return code_of_addition(enlarging(command.command_id, view, command.add), facts)


def _leverage(command: ModifyPosition, view: PositionView, facts: Facts) -> Statement:
    if command.leverage is None:
        return NOTHING
    others = ((leverage, v) for leverage, v in facts.holdings.leveraged(view.symbol) if v.ordinal != view.ordinal)
    holder = next((v for leverage, v in others if leverage != command.leverage), None)
    return NOTHING if holder is None else leverage_taken(holder, command.leverage)


def _bounds(command: ModifyPosition, view: PositionView, facts: Facts) -> Statement:
    """Zero takes the order away; every other price is one that the venue takes."""
    rules = facts.account.instruments.get(view.symbol)
    if rules is None:
        return NOTHING
    asked = (("stop", command.stop_loss), ("target", command.take_profit))
    found = (beyond_bounds(name, price, rules) for name, price in asked if price is not None and price > 0)
    return next((why for why in found if why), beyond_trailing(command.trailing, facts.account.trailing))


def _sides(command: ModifyPosition, view: PositionView, facts: Facts) -> Statement:
    """A slip of the finger must not close what it was meant to protect. Zero takes the order away."""
    price = facts.account.marks.get(view.symbol)
    if not price:
        return NOTHING
    return on_wrong_side(view.side, command.stop_loss or None, command.take_profit or None, price)


def _stop(command: ModifyPosition, view: PositionView, facts: Facts) -> Statement:
    return beyond_liquidation(command.stop_loss, view.symbol, view.side, facts.account.liquidations)


def _addition(command: ModifyPosition, view: PositionView, facts: Facts) -> Statement:
    if command.add is None:
        return NOTHING
    return addition_refusal(enlarging(command.command_id, view, command.add), facts)


def assignment_refusal(command: AssignPosition, view: PositionView, facts: Facts) -> Statement:
    """Only what is manual is handed on: what belongs to a strategy is that strategy's to close.

    A kill between the two bookings leaves too much believed of the manual position, which the reconciler then takes
    it from first.
    """
    if view.strategy != MANUAL:
        return Supervisor.NOT_MANUAL(name=view.position_id, strategy=view.strategy)
    if command.strategy == MANUAL:
        return Supervisor.MANUAL_BEFORE(name=view.position_id)
    if view.state not in _AT_REST or view.in_doubt or view.to_come or not view.quantity:
        return Supervisor.NOT_AT_REST(name=view.position_id, state=view.state)
    if why := facts.unsettled.get(view.symbol) or facts.suspected.get(view.symbol):
        return Supervisor.SYMBOL_UNSETTLED(symbol=view.symbol, why=why)
    taker = taker_of(command, view, facts)
    if taker is None:
        key = Key(account=view.account, symbol=view.symbol, side=view.side, strategy=command.strategy)
        if key not in facts.reserved:
            return NOTHING
        return Supervisor.TAKER_OPENING(strategy=command.strategy, symbol=view.symbol, side=view.side)
    if taker.state not in _AT_REST or taker.in_doubt:
        return Supervisor.NOT_AT_REST(name=taker.position_id, state=taker.state)
    return NOTHING


def taker_of(command: AssignPosition, view: PositionView, facts: Facts) -> PositionView | None:
    """What the strategy holds of that leg already."""
    part = (view.side, command.strategy)
    of_symbol = facts.holdings.of(view.symbol)
    return next((other for other in of_symbol if (other.side, other.strategy) == part), None)


def handed(command: AssignPosition, view: PositionView, taker: PositionView | None) -> tuple[Command, AdjustPosition]:
    """What the strategy gets, and after that what the manual position gives: at its entry price, so nothing is won."""
    about: dict[str, Any] = {"correlation_id": command.correlation_id, "causation_id": command.command_id}
    why, price = Supervisor.HANDED_TO(strategy=command.strategy), view.entry_price
    gives = AdjustPosition(
        **about,
        command_id=CommandId(f"{command.command_id}#given"),
        position_id=view.position_id,
        quantity_delta=-view.quantity,
        price=price,
        why=why,
        handed=True,
    )
    about |= {"command_id": command.command_id, "reply_to": command.reply_to, "meaning": meaning(command)}
    if taker is not None:
        gets: Command = AdjustPosition(
            **about,
            position_id=taker.position_id,
            quantity_delta=view.quantity,
            price=price,
            why=Supervisor.HANDED_FROM(name=view.position_id),
            handed=True,
        )
        return gets, gives
    gets = AdoptPosition(
        **about,
        account=view.account,
        symbol=view.symbol,
        side=view.side,
        strategy=command.strategy,
        quantity=view.quantity,
        entry_price=price,
        leverage=view.leverage,
        evidence=str(why),
        stop_loss=view.stop_loss,
        take_profit=view.take_profit,
        trailing=view.trailing,
        handed_from=view.position_id,
    )
    return gets, gives


def enlarging(command_id: CommandId, view: PositionView, quantity: Decimal) -> OpenPosition:
    """The opening that an addition, or what is to come of an entry, amounts to; by market."""
    return OpenPosition(
        command_id=command_id,
        account=view.account,
        symbol=view.symbol,
        side=view.side,
        strategy=view.strategy,
        quantity=quantity,
    )


def matches(command: CloseMatching, view: PositionView) -> bool:
    return (
        view.symbol == command.symbol
        and command.account in (None, view.account)
        and command.strategy in (None, view.strategy)
        and command.side in (None, view.side)
    )


def close_of(command: CloseMatching, view: PositionView) -> ClosePosition:
    """The close of the one that matches."""
    return ClosePosition(
        correlation_id=command.correlation_id,
        causation_id=command.causation_id,
        command_id=command.command_id,
        reply_to=command.reply_to,
        position_id=view.position_id,
        quantity=command.quantity,
        percent=command.percent,
        meaning=meaning(command),
    )


def rules_now(known: Mapping[Symbol, Instrument], told: Iterable[Instrument]) -> dict[Symbol, Instrument]:
    """What the venue trades now; what it names no more stays known as it was, and is not trading."""
    now = {instrument.symbol: instrument for instrument in told}
    gone = {symbol: replace(rules, trading=False) for symbol, rules in known.items() if symbol not in now}
    return gone | now


def rules_notices(
    before: Mapping[Symbol, Instrument], now: Mapping[Symbol, Instrument], live: Iterable[PositionView]
) -> list[Statement]:
    """Of each symbol that is held and whose rules changed: what did, and who holds it."""
    holders: dict[Symbol, list[str]] = {}
    for view in live:
        if view.quantity:
            holders.setdefault(view.symbol, []).append(view.position_id)
    notices = []
    for symbol, names in sorted(holders.items()):
        old, new = before.get(symbol), now.get(symbol)
        if old is not None and new is not None and (changes := also(_changes(old, new))):
            notices.append(Supervisor.RULES_CHANGED(symbol=symbol, changes=changes, names=tuple(sorted(names))))
    return notices


def _changes(old: Instrument, new: Instrument) -> list[Statement]:
    found = []
    if old.trading and not new.trading:
        found.append(Supervisor.TRADING_STOPPED())
    if new.trading and not old.trading:
        found.append(Supervisor.TRADING_AGAIN())
    for field in fields(Instrument):
        was, is_now = getattr(old, field.name), getattr(new, field.name)
        if isinstance(was, Decimal) and was != is_now:
            rule = word(field.name.replace("_", " "))
            found.append(Supervisor.RULE_CHANGED(rule=rule, quantity=is_now, was=was))
    return found


def liquidations_of(rows: Iterable[PositionRow]) -> dict[tuple[Symbol, PositionSide], Decimal]:
    return {(row.symbol, row.side): row.liquidation_price for row in rows if row.liquidation_price is not None}
