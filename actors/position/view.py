"""What a position publishes of itself."""

from decimal import Decimal

from actors.money import DOLLARS, UNNAMED, ZERO, Amounts, added, counts_as_it_is, quote_of
from actors.position.state import Converted, Position, protection_rests
from messages.reports import OrderView, PositionView
from messages.statement import NOTHING, Statement
from messages.wording import Position as Say


def counted(sums: Amounts, converted: tuple[Converted, ...], quote: str) -> Decimal:
    """Sums by currency in the quote currency: those that need no conversion, and the converted ones."""
    as_it_is = sum((amount for currency, amount in sums if counts_as_it_is(currency, quote)), ZERO)
    return as_it_is + sum((each.value for each in converted), ZERO)


def uncounted(sums: Amounts, converted: tuple[Converted, ...], quote: str) -> Amounts:
    """The amounts that are neither."""
    others = ((currency or UNNAMED, amount) for currency, amount in sums if not counts_as_it_is(currency, quote))
    return added((), (*others, *((each.currency, -each.amount) for each in converted)))


def _uncanceled(p: Position) -> Statement:
    """An order that the venue does not cancel, and its answer; empty where there is none."""
    refused = next((o for o in p.live_orders() if o.cancel_intended and o.cancel_error), None)
    if refused is None:
        return NOTHING
    return Say.UNCANCELED(purpose=refused.purpose, why=refused.cancel_error)


def _reason(p: Position) -> Statement:
    uncanceled = _uncanceled(p)
    if p.reason and uncanceled:
        return Say.BOTH(one=p.reason, other=uncanceled)
    return p.reason or uncanceled


def view(p: Position) -> PositionView:
    """The committed state, with the live orders."""
    quote = quote_of(p.key.symbol, p.instrument)
    fees, funding = counted(p.fees, p.converted, quote), counted(p.funding, p.converted_funding, quote)
    beside = uncounted(p.fees, p.converted, quote)
    received = uncounted(p.funding, p.converted_funding, quote)
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
        fees=fees,
        leverage=p.leverage,
        stop_loss=p.stop_loss,
        take_profit=p.take_profit,
        protected=p.wants_protection and protection_rests(p),
        in_doubt=p.in_doubt,
        goal_quantity=p.goal_quantity,
        reason=_reason(p),
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
        funding=funding,
        to_come=p.unordered_quantity,
        shared_leg=p.shared_leg,
        unread=p.fills_missing,
        currency=quote or UNNAMED,
        uncounted=added(beside, ((currency, -amount) for currency, amount in received)),
        result=p.realized_pnl - fees + funding if quote in DOLLARS else p.result_in_limits,
        reported_quantity=p.exposure - p.quantity,
        unverified=bool(p.unverified_ns),
        track=p.known_track,
    )
