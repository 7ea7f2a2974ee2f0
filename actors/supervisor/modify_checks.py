"""Checks of a modification. Pure: NOTHING, or the refusal with the numbers that decide.

The position checks what it knows itself (steps, states, orders in progress); here is what the account knows: limits,
neighbors on the symbol, liquidation prices.
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
    """Return the first reason against the modification, or NOTHING."""
    checks = (_leverage, _bounds, _sides, _stop, _addition)
    return next((why for check in checks if (why := check(command, view, facts))), NOTHING)


def code_of_change(command: ModifyPosition, view: PositionView, facts: Facts) -> ReplyCode:
    """Return the code of the refusal: only an addition can be NOT_READY."""
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
    """Zero removes the order; any other price must be within the venue's bounds."""
    rules = facts.account.instruments.get(view.symbol)
    if rules is None:
        return NOTHING
    asked = (("stop", command.stop_loss), ("target", command.take_profit))
    found = (beyond_bounds(name, price, rules) for name, price in asked if price is not None and price > 0)
    return next((why for why in found if why), beyond_trailing(command.trailing, facts.account.trailing))


def _sides(command: ModifyPosition, view: PositionView, facts: Facts) -> Statement:
    """Refuse a stop or target beyond the mark: a mistyped price would close at once. Zero removes the order."""
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
    """Return the reason against an assignment, or NOTHING. Only a manual position can be assigned.

    A kill between the two bookings leaves the manual position too large; the reconciler reduces manual positions first.
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
    """Return the strategy's position on that leg, if it has one."""
    part = (view.side, command.strategy)
    of_symbol = facts.holdings.of(view.symbol)
    return next((other for other in of_symbol if (other.side, other.strategy) == part), None)


def assignment_commands(
    command: AssignPosition, view: PositionView, taker: PositionView | None
) -> tuple[Command, AdjustPosition]:
    """Return the command for the strategy and the later one for the manual position, both at its entry price: no
    result.
    """
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
        takes: Command = AdjustPosition(
            **about,
            position_id=taker.position_id,
            quantity_delta=view.quantity,
            price=price,
            why=Supervisor.HANDED_FROM(name=view.position_id),
            handed=True,
        )
        return takes, gives
    takes = AdoptPosition(
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
    return takes, gives


def enlarging(command_id: CommandId, view: PositionView, quantity: Decimal) -> OpenPosition:
    """Return the market opening that an addition, or the rest of an entry, amounts to."""
    return OpenPosition(
        command_id=command_id,
        account=view.account,
        symbol=view.symbol,
        side=view.side,
        strategy=view.strategy,
        quantity=quantity,
    )


def matches(command: CloseMatching, view: PositionView) -> bool:
    """Return whether the position has every name that the command states."""
    return (
        view.symbol == command.symbol
        and command.account in (None, view.account)
        and command.strategy in (None, view.strategy)
        and command.side in (None, view.side)
    )


def close_of(command: CloseMatching, view: PositionView) -> ClosePosition:
    """Return the close of the matching position."""
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


def rules_now(known: Mapping[Symbol, Instrument], listed: Iterable[Instrument]) -> dict[Symbol, Instrument]:
    """Return the venue's current rules; a symbol that it no longer lists keeps its rules and does not trade."""
    now = {instrument.symbol: instrument for instrument in listed}
    gone = {symbol: replace(rules, trading=False) for symbol, rules in known.items() if symbol not in now}
    return gone | now


def rules_notices(
    before: Mapping[Symbol, Instrument], now: Mapping[Symbol, Instrument], live: Iterable[PositionView]
) -> list[Statement]:
    """Return a notice for each held symbol whose rules changed, with the changes and the positions."""
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
    """Return the liquidation price of each leg that has one (quote currency)."""
    return {(row.symbol, row.side): row.liquidation_price for row in rows if row.liquidation_price is not None}
