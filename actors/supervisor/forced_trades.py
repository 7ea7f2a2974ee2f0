"""Trades that the venue forces: liquidation, deleveraging, settlement. Their split between positions. Pure.

On a leg with one position the trade is that position's. On a shared leg each position bears its part by quantity, in
whole steps where possible, and the parts add up exactly.

A trade is booked once (I4), whether the account's stream or the reconciler reports it, in any order, and again after a
restart. So only the supervisor books it, with an event of its own history that is durable together with its commands.
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
_PREFIX = "forced-"
"""Of the command ids that book forced trades. They stay as they are: older journals have them in positions only."""
REMEMBERED = 10_000
"""Forced trades remembered, so that a repeated report books nothing."""


def is_forced(fill: FillReport) -> bool:
    """Return whether the venue forced the trade."""
    return fill.cause is not None


def leg_of(fill: FillReport) -> PositionSide:
    """Return the leg that the trade reduced: named in hedge mode, else opposite to its side."""
    if fill.position_side is not None:
        return fill.position_side
    return PositionSide.LONG if fill.side is Side.SELL else PositionSide.SHORT


def why_of(fill: FillReport) -> Statement:
    """Return the reason for a forced trade; needs `is_forced`."""
    assert fill.cause is not None
    return _WORDS[fill.cause](quantity=fill.quantity, price=fill.price, order=fill.client_order_id)


def name_of(account: AccountId, symbol: Symbol, trade_id: TradeId) -> CommandId:
    """Return the command id under which every position books its part of the trade."""
    return CommandId(f"{_PREFIX}{account}-{symbol}-{trade_id}")


@dataclass(slots=True)
class Taken:
    """Forced trades: `owned` are booked; `pending`: parts that no view shows yet; `durable`: commands not yet
    confirmed.
    """

    pending: dict[PositionId, dict[CommandId, Decimal]] = field(default_factory=dict)
    owned: BoundedMap[CommandId, None] = field(default_factory=lambda: BoundedMap(REMEMBERED))
    durable: dict[PositionId, list[AdjustPosition]] = field(default_factory=dict)

    def own(self, name: CommandId) -> None:
        """Mark the trade as booked."""
        self.owned[name] = None

    def restore(self, event: ForcedTradeShared) -> None:
        """Apply an event of the supervisor's history at the start."""
        self.own(name_of(event.account, event.symbol, event.trade_id))
        for command in event.commands:
            self.durable.setdefault(command.position_id, []).append(command)

    def on_first_view(self, view: PositionView) -> list[AdjustPosition]:
        """On a position's first view, return its commands that were durable and did not arrive before a kill.

        If it may have dropped commands, nothing is repeated; a gap is then a discrepancy for the reconciler. What it
        has booked is marked as booked: older journals record it in positions only.
        """
        for name in view.command_ids:
            if name.startswith(_PREFIX):
                self.own(name)
        commands = self.durable.pop(view.position_id, [])
        if view.state.terminal or len(view.command_ids) >= COMMANDS_REMEMBERED:
            return []
        return [command for command in commands if command.command_id not in view.command_ids]

    def on_view(self, view: PositionView) -> None:
        """On a newer view, drop what it has booked from `pending`; drop all of an ended position."""
        waiting = self.pending.get(view.position_id)
        if waiting is None:
            return
        left = {name: part for name, part in waiting.items() if name not in view.command_ids}
        if left and not view.state.terminal:
            self.pending[view.position_id] = left
        else:
            del self.pending[view.position_id]

    def held(self, view: PositionView) -> Decimal:
        """Return the view's quantity less its pending parts."""
        return max(ZERO, view.quantity - sum(self.pending.get(view.position_id, {}).values(), ZERO))


def share_out(
    fill: FillReport, views: Sequence[PositionView], taken: Taken, step: Decimal, now_ns: int
) -> ForcedTradeShared | None:
    """Return each position's part and the rest that no position holds; None: booked already.

    `step`: quantity step of the symbol; `now_ns`: wall time.
    """
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
