"""A position as others may see it."""

from decimal import Decimal

from actors.position.state import Position, protection_rests
from messages.reports import OrderView, PositionView

QUOTE = "USDT"


def view(p: Position) -> PositionView:
    """Committed state for people and for the supervisor; only live orders are listed."""
    return PositionView(
        position_id=p.position_id,
        ordinal=p.ordinal,
        account=p.key.account,
        symbol=p.key.symbol,
        strategy=p.key.strategy,
        side=p.key.side,
        state=p.state,
        previous=p.previous,
        since_ns=p.since_ns,
        transitions=p.transitions,
        version=p.version,
        quantity=p.quantity,
        entry_price=p.entry_price,
        realized_pnl=p.realized_pnl,
        fees=dict(p.fees).get(QUOTE, Decimal(0)),
        leverage=p.leverage,
        stop_loss=p.stop_loss,
        take_profit=p.take_profit,
        protected=p.wants_protection and protection_rests(p),
        in_doubt=p.in_doubt,
        goal_quantity=p.goal,
        reason=p.reason,
        orders=tuple(
            OrderView(
                client_order_id=o.client_order_id,
                purpose=o.purpose,
                phase=o.phase,
                quantity=o.quantity,
                filled_quantity=o.filled,
                price=o.setting if o.kind.conditional else o.limit_price,
            )
            for o in p.live_orders()
        ),
        command_ids=p.commands,
        touched_ns=p.touched_ns,
        trailing=p.trailing,
        funding=dict(p.funding).get(QUOTE, Decimal(0)),
        to_come=p.to_come,
        shared_leg=p.shared_leg,
        unread=p.unread,
    )
