"""Matches orders against the synthetic book: placement, taker and maker fills, amendment, cancel.

The book is a ladder of equal levels one tick apart around the last price and refills at once. Orders do not move the
market.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from adapters.paper.account import Account, margin_of, order_margin_of
from adapters.paper.exchange import Exchange
from adapters.paper.faults import Occasion, kept
from adapters.paper.instruments import ZERO
from adapters.paper.orders import Order, Ticket, closes_leg
from adapters.paper.prices import Market
from adapters.paper.refusals import Reason, Refusal

LEVELS_MAX = 40
"""Depth of the book. A market order beyond it keeps its fills and expires with the rest."""


def place(exchange: Exchange, account: Account, ticket: Ticket) -> Order:
    """Place an order with valid parameters: checks, entry, matching. Raises Refusal."""
    market = exchange.market_of(ticket.symbol)
    check_status(market, reducing=ticket.reduce_only)
    check_filters(market, ticket)
    order = _order_of(exchange, ticket)
    check_identity(account, order)
    check_account(exchange, account, market, order)
    if ticket.time_in_force == "GTX" and _crosses(market, order) and exchange.quirks.reject_unfillable:
        raise Refusal(Reason.POST_ONLY)
    if ticket.time_in_force == "FOK" and not _fillable(market, order) and exchange.quirks.reject_unfillable:
        raise Refusal(Reason.FILL_OR_KILL)
    exchange.next_order_id += 1
    execute(exchange, account, order)
    return order


def execute(exchange: Exchange, account: Account, order: Order) -> None:
    """Enter a checked order and match it at once."""
    exchange.open(account, order)
    match(exchange, account, order)


def match(exchange: Exchange, account: Account, order: Order) -> None:
    """Execute an open order against the book, as far as it goes; what may not rest ends with that."""
    market = exchange.markets[order.symbol]
    rests = order.type == "LIMIT" and order.time_in_force in ("GTC", "GTD", "GTX", "GTE_GTC")
    if order.time_in_force == "GTX" and _crosses(market, order):
        exchange.close(account, order, status="EXPIRED", execution="EXPIRED", reason="5")
        return
    if order.time_in_force == "FOK" and not _fillable(market, order):
        exchange.close(account, order, status="EXPIRED", execution="EXPIRED", reason="4")
        return
    allowed = _allowed(exchange, account, order, order.leaves)
    for price, quantity in list(_liquidity(market, order, allowed)):
        exchange.fill(account, order, price, quantity, maker=False)
    if order.closed_ms == 0 and not rests:
        exchange.close(account, order, status="EXPIRED", execution="EXPIRED")


def match_resting(exchange: Exchange, market: Market) -> None:
    """After a price change: every resting limit order that the last price has reached fills as maker."""
    symbol, last = market.instrument.symbol, market.last
    for account in exchange.accounts.values():
        if not account.open_orders:
            continue
        for order in list(account.open_orders.values()):
            if order.symbol != symbol or order.closed_ms or order.stuck_until_ms:
                continue
            if last <= order.price if order.side == "BUY" else last >= order.price:
                _fill_resting(exchange, account, market, order)


def _fill_resting(exchange: Exchange, account: Account, market: Market, order: Order) -> None:
    left = order.leaves
    left = _allowed(exchange, account, order, left)
    while left > ZERO and order.closed_ms == 0:
        quantity = min(left, market.instrument.level_quantity)
        exchange.fill(account, order, order.price, quantity, maker=True)
        left -= quantity


def cancel(exchange: Exchange, account: Account, order: Order) -> None:
    exchange.close(account, order, status="CANCELED", execution="CANCELED")


def reducible(account: Account, symbol: str, position_side: str, side: str) -> Decimal:
    """How much an order of `side` can take off the leg it is for, in base units."""
    position = account.positions.get((symbol, position_side))
    if position is None:
        return ZERO
    held = position.quantity if side == "SELL" else -position.quantity
    return max(held, ZERO)


def check_status(market: Market, *, reducing: bool) -> None:
    """A symbol that is halted or being delisted; raises Refusal."""
    status = market.instrument.status
    if status == "TRADING" or (status == "REDUCE_ONLY" and reducing):
        return
    if status in ("CLOSE", "DELISTED"):
        raise Refusal(Reason.SYMBOL_CLOSED)
    raise Refusal(Reason.SYMBOL_HALTED)


def check_filters(market: Market, ticket: Ticket) -> None:
    """Filters of the instrument against a ticket; raises Refusal."""
    instrument = market.instrument
    instrument.check_quantity(ticket.quantity, market=ticket.type == "MARKET")
    if ticket.type == "LIMIT":
        instrument.check_price(ticket.price, market.mark, ticket.side)
    else:
        _check_counterparty(market, ticket.side)
    spared = ticket.reduce_only or closes_leg(ticket.side, ticket.position_side)
    if not spared:
        price = ticket.price if ticket.type == "LIMIT" else market.mark
        instrument.check_notional(price * ticket.quantity)


def _check_counterparty(market: Market, side: str) -> None:
    """The band around the mark holds for the best price that a market order would meet, too."""
    instrument = market.instrument
    if side == "BUY":
        beyond = market.ask > market.mark * instrument.multiplier_up
    else:
        beyond = market.bid < market.mark * instrument.multiplier_down
    if beyond:
        raise Refusal(Reason.NO_COUNTERPARTY)


def check_account(exchange: Exchange, account: Account, market: Market, order: Order) -> None:
    """Reduce-only, order count, leverage cap and margin; raises Refusal. May cut a reduce-only order."""
    symbol_orders = sum(1 for each in account.open_orders.values() if each.symbol == order.symbol)
    if order.type == "LIMIT" and symbol_orders >= market.instrument.max_orders:
        raise Refusal(Reason.ORDER_LIMIT)
    if order.reducing:
        _check_reduction(exchange, account, order)
    else:
        _check_opening(exchange, account, market, order)


def _check_reduction(exchange: Exchange, account: Account, order: Order) -> None:
    """Refused when there is nothing to reduce; more than there is: quirks `cap_reduce_only` and
    `reduce_only_sum_check`. A hedge leg cannot be oversold.
    """
    most = reducible(account, order.symbol, order.position_side, order.side)
    if most == ZERO:
        raise Refusal(Reason.NOTHING_TO_REDUCE)
    if exchange.quirks.reduce_only_sum_check:
        bound = sum(
            (
                each.leaves
                for each in account.open_orders.values()
                if each.symbol == order.symbol
                and each.position_side == order.position_side
                and each.side == order.side
                and each.reducing
            ),
            ZERO,
        )
        if bound + order.quantity > most:
            raise Refusal(Reason.REDUCTION_BLOCKED)
    if order.quantity > most and (order.position_side != "BOTH" or not exchange.quirks.cap_reduce_only):
        raise Refusal(Reason.NOTHING_TO_REDUCE)


def _check_opening(exchange: Exchange, account: Account, market: Market, order: Order) -> None:
    """Refused when the margin an order adds, its open loss and its fee exceed what is available, and above
    the leverage's notional. Source: FAQ "How to Calculate Cost Required to Open a Position".
    """
    key = (order.symbol, order.position_side)
    price = order.price or (market.ask if order.side == "BUY" else market.bid)
    notional = price * order.quantity
    resting = account.resting_of(key)
    bids = resting.bids + (notional if order.side == "BUY" else ZERO)
    asks = resting.asks + (notional if order.side == "SELL" else ZERO)
    more = order_margin_of(account, key, market, bids, asks)
    more -= order_margin_of(account, key, market, resting.bids, resting.asks)
    if more <= ZERO:
        return
    position = account.positions.get(key)
    held = position.quantity * market.mark if position else ZERO
    cap = market.instrument.max_notional(account.settings_of(order.symbol).leverage)
    if max(abs(held + bids), abs(held - asks)) > cap:
        raise Refusal(Reason.POSITION_LIMIT)
    ahead = price - market.mark if order.side == "BUY" else market.mark - price
    loss = max(ahead * order.quantity, ZERO)
    needed = more + loss + notional * market.instrument.taker_fee
    if needed > margin_of(account, exchange.markets).available:
        raise Refusal(Reason.MARGIN)


def check_identity(account: Account, order: Order) -> None:
    """Client ids are unique among open orders only."""
    known = account.orders_by_client.get(order.client_order_id)
    if known is not None and known.closed_ms == 0:
        raise Refusal(Reason.DUPLICATE_ID)


def _order_of(exchange: Exchange, ticket: Ticket) -> Order:
    order_id = exchange.next_order_id
    return Order(
        order_id=order_id,
        client_order_id=ticket.client_id or f"paper{order_id:017d}",
        symbol=ticket.symbol,
        side=ticket.side,
        position_side=ticket.position_side,
        type=ticket.type,
        orig_type=ticket.type,
        time_in_force=ticket.time_in_force,
        quantity=ticket.quantity,
        price=ticket.price,
        reduce_only=ticket.reduce_only,
        created_ms=exchange.now_ms,
        updated_ms=exchange.now_ms,
        working_type=ticket.working_type,
        price_protect=ticket.price_protect,
        good_till_ms=ticket.good_till_ms,
        self_trade=ticket.self_trade,
        price_match=ticket.price_match,
    )


def _crosses(market: Market, order: Order) -> bool:
    return order.price >= market.ask if order.side == "BUY" else order.price <= market.bid


def _fillable(market: Market, order: Order) -> bool:
    """Whether the book holds the whole order within its price."""
    return sum((quantity for _, quantity in _liquidity(market, order, order.leaves)), ZERO) == order.leaves


def _liquidity(market: Market, order: Order, quantity: Decimal) -> Iterator[tuple[Decimal, Decimal]]:
    """Levels that take `quantity`, nearest first, within the order's limit price."""
    instrument = market.instrument
    buying = order.side == "BUY"
    price = market.ask if buying else market.bid
    step = instrument.tick_size if buying else -instrument.tick_size
    limit = order.price
    for _ in range(LEVELS_MAX):
        if quantity <= ZERO or (limit and (price > limit if buying else price < limit)):
            return
        taken = min(quantity, instrument.level_quantity)
        yield price, taken
        quantity -= taken
        price += step


def _allowed(exchange: Exchange, account: Account, order: Order, quantity: Decimal) -> Decimal:
    """What may execute now: an order that only reduces no more than the position, less by a partial-fill fault."""
    if order.reducing:
        quantity = min(quantity, reducible(account, order.symbol, order.position_side, order.side))
    if exchange.faults.on_executions:
        occasion = _occasion(exchange, account, order)
        fault = exchange.faults.strike_execution(occasion)
        if fault is not None:
            name = order.client_order_id
            exchange.log_fault(fault, account=account.name, subject=order.symbol, client_id=name, effect=None)
            step = exchange.markets[order.symbol].instrument.step_size
            return kept(quantity, step, fault.keep_ppm)
    return quantity


def _occasion(exchange: Exchange, account: Account, order: Order) -> Occasion:
    return Occasion(
        now_ms=exchange.now_ms,
        account=account.name,
        symbol=order.symbol,
        client_id=order.client_order_id,
        side=order.side,
    )


def amend(exchange: Exchange, account: Account, order: Order, price: Decimal, quantity: Decimal) -> None:
    """Limit orders only, re-queued. Raises Refusal; the order then stays as it is.

    Source: "Modify Order": a new quantity at or below what is executed cancels the rest, and so does a GTX
    price that would execute at once; fewer than 10000 amendments.
    """
    market = exchange.market_of(order.symbol)
    if order.type != "LIMIT":
        raise Refusal(Reason.AMEND_KIND)
    if order.price == price and order.quantity == quantity:
        raise Refusal(Reason.AMEND_SAME)
    if order.amendments >= 10_000:
        raise Refusal(Reason.AMEND_LIMIT)
    market.instrument.check_quantity(quantity, market=False)
    market.instrument.check_price(price, market.mark, order.side)
    if not order.reduce_only:
        market.instrument.check_notional(price * quantity)
    changed = replace(order, price=price, quantity=quantity)
    if quantity <= order.executed or (order.time_in_force == "GTX" and _crosses(market, changed)):
        cancel(exchange, account, order)
        return
    exchange.rest(account, order, -order.leaves)
    try:
        if not order.reducing:
            _check_opening(
                exchange, account, market, replace(changed, quantity=quantity - order.executed, executed=ZERO)
            )
    finally:
        exchange.rest(account, order, order.leaves)
    exchange.requeue(account, order, price=price, quantity=quantity)
    for level, taken in list(_liquidity(market, order, _allowed(exchange, account, order, order.leaves))):
        exchange.fill(account, order, level, taken, maker=False)
