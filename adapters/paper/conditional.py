"""Conditional orders: the Algo Service, its triggers, and the child orders it sends to the engine.

Source: "New Algo Order" (trigger rules) and "Event: Algo Order Update" (life: NEW, TRIGGERING, TRIGGERED,
FINISHED; CANCELED, EXPIRED, REJECTED). Margin is checked when the child is placed, not before (change log
of 2025-11-06).
"""

from decimal import Decimal

from adapters.paper import matching
from adapters.paper.account import Account
from adapters.paper.exchange import Exchange
from adapters.paper.faults import TRIGGER_KINDS, Fault, FaultKind, Occasion
from adapters.paper.instruments import ZERO
from adapters.paper.orders import AlgoOrder, Order, Ticket, closes_leg
from adapters.paper.prices import Market
from adapters.paper.refusals import Reason, Refusal

HUNDRED = Decimal(100)


def place(exchange: Exchange, account: Account, ticket: Ticket) -> AlgoOrder:
    """Place a conditional order with valid parameters. Raises Refusal."""
    market = exchange.market_of(ticket.symbol)
    _check(exchange, account, market, ticket)
    algo_id = exchange.next_algo_id
    exchange.next_algo_id += 1
    algo = AlgoOrder(
        algo_id=algo_id,
        client_algo_id=ticket.client_id or f"paper{algo_id}",
        symbol=ticket.symbol,
        side=ticket.side,
        position_side=ticket.position_side,
        type=ticket.type,
        time_in_force=ticket.time_in_force,
        quantity=ticket.quantity,
        price=ticket.price,
        trigger_price=ticket.trigger_price,
        working_type=ticket.working_type,
        price_protect=ticket.price_protect,
        close_position=ticket.close_position,
        reduce_only=ticket.reduce_only or ticket.close_position,
        created_ms=exchange.now_ms,
        updated_ms=exchange.now_ms,
        activate_price=ticket.activate_price,
        callback_rate=ticket.callback_rate,
        good_till_ms=ticket.good_till_ms,
        self_trade=ticket.self_trade,
        price_match=ticket.price_match,
    )
    if algo.type == "TRAILING_STOP_MARKET" and not algo.activate_price:
        # "activatePrice: default as the latest price" (New Algo Order).
        algo.activate_price = _working_price(market, algo)
        algo.activated, algo.extreme = True, algo.activate_price
    account.algos[algo_id] = algo
    account.open_algos[algo_id] = algo
    account.algos_by_client[algo.client_algo_id] = algo
    exchange.announce_algo(account, algo)
    return algo


def cancel(exchange: Exchange, account: Account, algo: AlgoOrder) -> None:
    """Cancel a conditional order. Raises Refusal while it is being handed to the engine."""
    if algo.status == "TRIGGERING":
        raise Refusal(Reason.TRIGGERING)
    exchange.close_algo(account, algo, status="CANCELED")


def trigger(exchange: Exchange, market: Market) -> None:
    """After a price change: fire every conditional order of the symbol whose condition now holds."""
    symbol = market.instrument.symbol
    for account in exchange.accounts.values():
        if not account.open_algos:
            continue
        for algo in list(account.open_algos.values()):
            if algo.symbol == symbol and algo.status == "NEW" and _condition_holds(market, algo):
                _fire(exchange, account, algo)


def continue_triggering(exchange: Exchange) -> None:
    """Hand over orders that were TRIGGERING for the configured delay, or stuck for as long as their fault directs."""
    for account in exchange.accounts.values():
        for algo in list(account.open_algos.values()):
            due = max(algo.trigger_ms + exchange.quirks.trigger_delay_ms, algo.stuck_until_ms)
            if algo.status == "TRIGGERING" and exchange.now_ms >= due:
                _hand_over(exchange, account, algo)
        for order in [o for o in account.open_orders.values() if 0 < o.stuck_until_ms <= exchange.now_ms]:
            order.stuck_until_ms = 0
            matching.match(exchange, account, order)


def _check(exchange: Exchange, account: Account, market: Market, ticket: Ticket) -> None:
    matching.check_status(market, reducing=ticket.reduce_only or ticket.close_position)
    instrument = market.instrument
    if ticket.type != "TRAILING_STOP_MARKET":
        instrument.check_price(ticket.trigger_price, ticket.trigger_price, ticket.side)
    if not ticket.close_position:
        instrument.check_quantity(ticket.quantity, market=ticket.type not in ("STOP", "TAKE_PROFIT"))
        spared = ticket.reduce_only or closes_leg(ticket.side, ticket.position_side)
        if not spared:
            instrument.check_notional((ticket.price or market.mark) * ticket.quantity)
    if ticket.price:
        # The limit price is held against the price at which it will be sent.
        instrument.check_price(ticket.price, ticket.trigger_price, ticket.side)
    known = account.algos_by_client.get(ticket.client_id)
    if ticket.client_id and known is not None and known.closed_ms == 0:
        raise Refusal(Reason.DUPLICATE_ID)
    if sum(1 for a in account.open_algos.values() if a.symbol == ticket.symbol) >= instrument.max_algo_orders:
        raise Refusal(Reason.CONDITIONAL_LIMIT)
    if ticket.close_position:
        _check_close_position(exchange, account, ticket)
    _check_immediate(market, ticket)


def _check_close_position(exchange: Exchange, account: Account, ticket: Ticket) -> None:
    """Quirks `close_position_needs_position` and `one_close_position_per_side`."""
    most = matching.reducible(account, ticket.symbol, ticket.position_side, ticket.side)
    if most == ZERO and exchange.quirks.close_position_needs_position:
        raise Refusal(Reason.CLOSE_WITHOUT_POSITION)
    if not exchange.quirks.one_close_position_per_side:
        return
    for algo in account.open_algos.values():
        if (
            algo.close_position
            and (algo.symbol, algo.position_side, algo.side) == (ticket.symbol, ticket.position_side, ticket.side)
            and _is_stop(algo.type) == _is_stop(ticket.type)
        ):
            raise Refusal(Reason.CLOSE_TWICE)


def _check_immediate(market: Market, ticket: Ticket) -> None:
    """Refused when the condition already holds; for a trailing stop, when it is active at once on the wrong
    side: BUY needs activatePrice below, SELL above the latest price (New Algo Order, notes).
    """
    price = market.mark if ticket.working_type == "MARK_PRICE" else market.last
    if ticket.type == "TRAILING_STOP_MARKET":
        if not ticket.activate_price:
            return
        wrong = ticket.activate_price >= price if ticket.side == "BUY" else ticket.activate_price <= price
    else:
        wrong = _reached(ticket.type, ticket.side, price, ticket.trigger_price)
    if wrong:
        raise Refusal(Reason.WOULD_TRIGGER)


def _is_stop(kind: str) -> bool:
    return kind.startswith("STOP")


def _reached(kind: str, side: str, price: Decimal, trigger_price: Decimal) -> bool:
    """STOP: BUY at or above, SELL at or below the trigger; TAKE_PROFIT the other way round."""
    upwards = (side == "BUY") == _is_stop(kind)
    return price >= trigger_price if upwards else price <= trigger_price


def _working_price(market: Market, algo: AlgoOrder) -> Decimal:
    return market.mark if algo.working_type == "MARK_PRICE" else market.last


def _condition_holds(market: Market, algo: AlgoOrder) -> bool:
    if algo.price_protect and abs(market.mark - market.last) > market.mark * market.instrument.trigger_protect:
        # New Algo Order, `priceProtect`: not while mark and contract price differ by more than triggerProtect.
        return False
    price = _working_price(market, algo)
    if algo.type != "TRAILING_STOP_MARKET":
        return _reached(algo.type, algo.side, price, algo.trigger_price)
    return _trail(algo, price)


def _trail(algo: AlgoOrder, price: Decimal) -> bool:
    """Move the trailing extreme; return whether the price has retraced by the callback rate (percent)."""
    buying = algo.side == "BUY"
    if not algo.activated:
        if price > algo.activate_price if buying else price < algo.activate_price:
            return False
        algo.activated, algo.extreme = True, price
    algo.extreme = min(algo.extreme, price) if buying else max(algo.extreme, price)
    rate = algo.callback_rate / HUNDRED
    turn = algo.extreme * (1 + rate if buying else 1 - rate)
    return price >= turn if buying else price <= turn


def _fire(exchange: Exchange, account: Account, algo: AlgoOrder) -> None:
    algo.status = "TRIGGERING"
    algo.trigger_ms = algo.updated_ms = exchange.now_ms
    fault = _struck(exchange, account, algo, FaultKind.TRIGGER_STUCK)
    if fault is not None:
        algo.stuck_until_ms = exchange.now_ms + fault.delay_ms
    exchange.announce_algo(account, algo)
    if fault is None and not exchange.quirks.trigger_delay_ms:
        _hand_over(exchange, account, algo)


def _struck(exchange: Exchange, account: Account, algo: AlgoOrder, *kinds: FaultKind) -> Fault | None:
    occasion = Occasion(
        now_ms=exchange.now_ms,
        account=account.name,
        symbol=algo.symbol,
        client_id=algo.client_algo_id,
        side=algo.side,
    )
    fault = exchange.faults.strike_trigger(occasion, frozenset(kinds))
    if fault is not None:
        name = algo.client_algo_id
        exchange.log_fault(fault, account=account.name, subject=algo.symbol, client_id=name, effect=None)
    return fault


def _hand_over(exchange: Exchange, account: Account, algo: AlgoOrder) -> None:
    """Place the child order, or reject the conditional one with the reason the engine gave."""
    market = exchange.markets[algo.symbol]
    fault = _struck(exchange, account, algo, *(TRIGGER_KINDS - {FaultKind.TRIGGER_STUCK}))
    if fault is not None and fault.kind in _ENDED_AS:
        exchange.close_algo(account, algo, status=_ENDED_AS[fault.kind], failure=fault.message)
        return
    child = _child_of(exchange, account, algo)
    try:
        matching.check_identity(account, child)
        matching.check_account(exchange, account, market, child)
    except Refusal as refusal:
        exchange.close_algo(account, algo, status="REJECTED", failure=exchange.dialect.events.trigger_refused(refusal))
        return
    exchange.next_order_id += 1
    algo.child_order_id = child.order_id
    algo.status = "TRIGGERED"
    algo.updated_ms = exchange.now_ms
    account.open_algos.pop(algo.algo_id, None)
    account.orders[child.order_id] = child
    exchange.announce_algo(account, algo)
    if fault is None:
        matching.execute(exchange, account, child)
        return
    exchange.open(account, child)
    if fault.kind is FaultKind.CHILD_STUCK:
        child.stuck_until_ms = exchange.now_ms + fault.delay_ms
    else:
        status = "REJECTED" if fault.kind is FaultKind.CHILD_REJECTED else "CANCELED"
        exchange.close(account, child, status=status, execution=status, reason=fault.message or "0")


_ENDED_AS = {FaultKind.TRIGGER_REJECTED: "REJECTED", FaultKind.TRIGGER_EXPIRED: "EXPIRED"}


def _child_of(exchange: Exchange, account: Account, algo: AlgoOrder) -> Order:
    limit = algo.type in ("STOP", "TAKE_PROFIT")
    quantity = algo.quantity
    if algo.close_position:
        quantity = matching.reducible(account, algo.symbol, algo.position_side, algo.side)
    order_id = exchange.next_order_id
    kept = exchange.quirks.child_keeps_client_id
    return Order(
        order_id=order_id,
        client_order_id=algo.client_algo_id if kept else f"algo_{order_id}",
        symbol=algo.symbol,
        side=algo.side,
        position_side=algo.position_side,
        type="LIMIT" if limit else "MARKET",
        orig_type=algo.type,
        time_in_force=algo.time_in_force if limit else "GTC",
        quantity=quantity,
        price=algo.price,
        reduce_only=algo.reduce_only and algo.position_side == "BOTH",
        created_ms=exchange.now_ms,
        updated_ms=exchange.now_ms,
        stop_price=algo.trigger_price,
        close_position=algo.close_position,
        working_type=algo.working_type,
        price_protect=algo.price_protect,
        good_till_ms=algo.good_till_ms,
        self_trade=algo.self_trade,
        price_match=algo.price_match,
        algo_id=algo.algo_id,
    )
