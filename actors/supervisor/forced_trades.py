"""The venue closes positions itself: liquidation, deleveraging, settlement. Whose quantity was it? Pure.

What it takes from a leg that one position holds is that position's. On a leg that several share, each bears its
part by quantity, in whole steps as far as they go, and to the last crumb exactly: the venue did not choose either.

One venue trade is owned once (I4), whoever tells of it, and in whatever order: the account's stream, the reconciler
who read it among the symbol's trades, either of them again after a restart. That is why nobody else books such a
trade, and why the decision is an event of the supervisor's own history, durable with the commands it consists of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from actors.money import share_of
from actors.position.state import COMMANDS_REMEMBERED
from actors.shares import within
from messages.bounded import BoundedMap
from messages.commands import AdjustPosition
from messages.decimals import plain
from messages.events import ForcedTradeShared
from messages.reports import FillReport, PositionView
from messages.statement import Statement
from messages.types import AccountId, CommandId, FillCause, PositionId, PositionSide, Side, Symbol, TradeId
from messages.wording import Supervisor

ZERO = Decimal(0)
_WORDS: Mapping[FillCause, Supervisor] = {
    FillCause.LIQUIDATION: Supervisor.LIQUIDATED,
    FillCause.DELEVERAGING: Supervisor.DELEVERAGED,
    FillCause.SETTLEMENT: Supervisor.SETTLED,
}
REMEMBERED = 10_000
"""Forced trades remembered, so that one that is told twice is booked once."""


def is_forced(fill: FillReport) -> bool:
    return fill.cause is not None


def leg_of(fill: FillReport) -> PositionSide:
    """The leg that a forced order made smaller: named in hedge mode, else against its side."""
    if fill.position_side is not None:
        return fill.position_side
    return PositionSide.LONG if fill.side is Side.SELL else PositionSide.SHORT


def why_of(fill: FillReport) -> Statement:
    """What the venue did. It is forced."""
    assert fill.cause is not None
    return _WORDS[fill.cause](quantity=fill.quantity, price=fill.price, order=fill.client_order_id)


def name_of(account: AccountId, symbol: Symbol, trade_id: TradeId) -> CommandId:
    """What books this trade, in every position that bears a part of it."""
    return CommandId(f"forced-{account}-{symbol}-{trade_id}")


@dataclass(slots=True)
class Taken:
    """Which forced trades are owned, and what was taken from positions and does not show in their views yet."""

    pending: dict[PositionId, dict[CommandId, Decimal]] = field(default_factory=dict)
    owned: BoundedMap[CommandId, None] = field(default_factory=lambda: BoundedMap(REMEMBERED))
    durable: dict[PositionId, list[AdjustPosition]] = field(default_factory=dict)

    def own(self, name: CommandId) -> None:
        self.owned[name] = None

    def restore(self, event: ForcedTradeShared) -> None:
        """From the supervisor's history, at the start."""
        self.own(name_of(event.account, event.symbol, event.trade_id))
        for command in event.commands:
            self.durable.setdefault(command.position_id, []).append(command)

    def met(self, view: PositionView) -> list[AdjustPosition]:
        """The first view of a position: what was durable for it and never arrived, a kill having come in between.

        Where it may have forgotten commands, nothing is told twice: what is missing then is a difference, and the
        reconciler's. What it has booked is owned, too: journals of before say so in their positions alone.
        """
        for name in view.command_ids:
            if name.startswith("forced-"):
                self.own(name)
        told = self.durable.pop(view.position_id, [])
        if view.state.terminal or len(view.command_ids) >= COMMANDS_REMEMBERED:
            return []
        return [command for command in told if command.command_id not in view.command_ids]

    def shown(self, view: PositionView) -> None:
        """A newer view: what it has booked is pending no more, and nothing is of a position that is over."""
        waiting = self.pending.get(view.position_id)
        if waiting is None:
            return
        left = {name: part for name, part in waiting.items() if name not in view.command_ids}
        if left and not view.state.terminal:
            self.pending[view.position_id] = left
        else:
            del self.pending[view.position_id]

    def held(self, view: PositionView) -> Decimal:
        return max(ZERO, view.quantity - sum(self.pending.get(view.position_id, {}).values(), ZERO))


def share_out(
    fill: FillReport, views: Sequence[PositionView], taken: Taken, step: Decimal, now_ns: int
) -> ForcedTradeShared | None:
    """What each position on the leg books of this trade, and how much belongs to none; None where it is owned."""
    name = name_of(fill.account, fill.symbol, fill.trade_id)
    if name in taken.owned:
        return None
    taken.own(name)
    leg = leg_of(fill)
    on_leg = [v for v in views if (v.account, v.symbol, v.side) == (fill.account, fill.symbol, leg)]
    held = {v.position_id: taken.held(v) for v in sorted(on_leg, key=lambda v: v.position_id)}
    booked = min(fill.quantity, sum(held.values(), ZERO))
    parts, commands = within(booked, held, step), []
    for position_id in (view.position_id for view in on_leg if view.position_id in parts):
        taken.pending.setdefault(position_id, {})[name] = parts[position_id]
        commands.append(_adjustment(name, fill, position_id, parts[position_id]))
    return ForcedTradeShared(
        correlation_id=fill.correlation_id,
        ts_init=now_ns,
        account=fill.account,
        symbol=fill.symbol,
        trade_id=fill.trade_id,
        commands=tuple(commands),
        left=fill.quantity - booked,
    )


def _adjustment(name: CommandId, fill: FillReport, position_id: PositionId, part: Decimal) -> AdjustPosition:
    return AdjustPosition(
        command_id=name,
        correlation_id=fill.correlation_id,
        causation_id=f"trade {fill.trade_id}",
        position_id=position_id,
        quantity_delta=-part,
        price=fill.price,
        why=why_of(fill),
        evidence=f"order {fill.venue_order_id}, trade {fill.trade_id} of {plain(fill.quantity)} at {plain(fill.price)}",
        fee=fill.fee * part / fill.quantity,
        fee_currency=fill.fee_currency,
        worth=share_of(fill.worth, part / fill.quantity),
    )
