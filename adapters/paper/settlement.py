"""Acts of the venue: funding, liquidation, margin calls, deleveraging, delisting."""

from decimal import Decimal

from adapters.paper.account import Account, Position, margin_of
from adapters.paper.exchange import Exchange
from adapters.paper.instruments import EIGHT_PLACES, ZERO
from adapters.paper.orders import Order
from adapters.paper.prices import Market
from messages.types import FillCause

MARGIN_CALL_RATIO = Decimal("0.8")
"""The share of maintenance margin in the balance at which a margin call is sent; the venue documents "too
high" only.
"""
MARGIN_CALM_RATIO = Decimal("0.7")


def fund(exchange: Exchange, market: Market, due_ms: int) -> None:
    """Longs pay position x mark x rate to shorts, every interval; it changes the wallet, never a quantity."""
    symbol = market.instrument.symbol
    for account in exchange.accounts.values():
        for position in account.positions.values():
            if position.symbol != symbol or not position.quantity:
                continue
            payment = -(position.quantity * market.mark * market.funding_rate).quantize(EIGHT_PLACES)
            isolated = account.settings_of(symbol).isolated
            exchange.book(account, "FUNDING_FEE", payment, symbol, time_ms=due_ms)
            if isolated:
                position.isolated_wallet += payment
            changed = (position,) if isolated else ()
            exchange.emit_account(account, changed, reason="FUNDING_FEE", change=payment)


def watch_margins(exchange: Exchange) -> None:
    """After prices have moved: call or liquidate accounts with too little margin."""
    for account in exchange.accounts.values():
        held = [position for position in account.positions.values() if position.quantity]
        if not held:
            account.margin_called = False
            continue
        for position in held:
            if account.settings_of(position.symbol).isolated:
                _watch_isolated(exchange, account, position)
        _watch_cross(exchange, account)


def _watch_isolated(exchange: Exchange, account: Account, position: Position) -> None:
    market = exchange.markets[position.symbol]
    balance = position.isolated_wallet + position.unrealized(market.mark)
    needed = market.instrument.maintenance_margin(abs(position.quantity * market.mark))
    if balance < needed:
        _cancel_orders(exchange, account, isolated_symbol=position.symbol)
        liquidate(exchange, account, position, lost=position.isolated_wallet)


def _watch_cross(exchange: Exchange, account: Account) -> None:
    sums = margin_of(account, exchange.markets)
    if not sums.cross_maintenance:
        account.margin_called = False
        return
    balance = sums.cross_wallet + sums.cross_unrealized
    if balance < sums.cross_maintenance:
        _liquidate_cross(exchange, account)
    elif sums.cross_maintenance > balance * MARGIN_CALL_RATIO:
        if not account.margin_called:
            account.margin_called = True
            legs = tuple(_cross_legs(account))
            row = exchange.dialect.events.margin_call(account, legs, exchange.markets, exchange.now_ms)
            exchange.emit(account, row, symbol="", client_id="")
    elif sums.cross_maintenance < balance * MARGIN_CALM_RATIO:
        account.margin_called = False


def _liquidate_cross(exchange: Exchange, account: Account) -> None:
    _cancel_orders(exchange, account, isolated_symbol=None)
    for position in _cross_legs(account):
        liquidate(exchange, account, position, lost=None)
    isolated = sum((p.isolated_wallet for p in account.positions.values()), ZERO)
    deficit = account.wallet - isolated
    if deficit < ZERO:
        # The insurance fund takes what the account cannot pay: a futures wallet does not go below zero.
        _insure(exchange, account, -deficit, symbol="")
    account.margin_called = False


def liquidate(exchange: Exchange, account: Account, position: Position, *, lost: Decimal | None) -> None:
    """Close one leg at the mark and take the liquidation fee.

    `lost` is the isolated margin, beyond which the insurance fund pays.
    """
    market = exchange.markets[position.symbol]
    before = account.wallet
    notional = abs(position.quantity * market.mark)
    close_by_venue(exchange, account, position, cause=FillCause.LIQUIDATION, quantity=abs(position.quantity))
    left = account.wallet - before + lost if lost is not None else account.wallet
    fee = min((notional * market.instrument.liquidation_fee).quantize(EIGHT_PLACES), max(left, ZERO))
    if fee:
        exchange.book(account, "INSURANCE_CLEAR", -fee, position.symbol)
        exchange.insurance_fund += fee
        exchange.emit_account(account, (), reason="INSURANCE_CLEAR", change=-fee)
    if lost is not None and left < ZERO:
        _insure(exchange, account, -left, symbol=position.symbol)


def close_by_venue(
    exchange: Exchange, account: Account, position: Position, *, cause: FillCause, quantity: Decimal
) -> Order:
    """An order of the venue's own: liquidation, deleveraging or settlement, filled at the mark."""
    market = exchange.markets[position.symbol]
    side = "SELL" if position.quantity > 0 else "BUY"
    order_id = exchange.next_order_id
    exchange.next_order_id += 1
    price = market.mark.quantize(market.instrument.tick_size)
    order = Order(
        order_id=order_id,
        client_order_id=exchange.dialect.events.forced_order_id(cause, order_id),
        symbol=position.symbol,
        side=side,
        position_side=position.side,
        type="LIMIT",
        orig_type="LIMIT",
        time_in_force="IOC",
        quantity=quantity,
        price=price,
        reduce_only=True,
        created_ms=exchange.now_ms,
        updated_ms=exchange.now_ms,
    )
    exchange.open(account, order)
    execution = "CALCULATED" if exchange.quirks.liquidation_is_calculated else "TRADE"
    exchange.fill(account, order, price, quantity, maker=False, execution=execution)
    return order


def delist(exchange: Exchange, symbol: str) -> None:
    """Settle every position at the mark and cancel every order of a symbol."""
    for account in exchange.accounts.values():
        _cancel_symbol(exchange, account, symbol)
        for position in [p for p in account.positions.values() if p.symbol == symbol and p.quantity]:
            quantity = abs(position.quantity)
            close_by_venue(exchange, account, position, cause=FillCause.SETTLEMENT, quantity=quantity)


def _insure(exchange: Exchange, account: Account, amount: Decimal, *, symbol: str) -> None:
    exchange.book(account, "INSURANCE_CLEAR", amount, symbol)
    exchange.insurance_fund -= amount
    exchange.emit_account(account, (), reason="INSURANCE_CLEAR", change=amount)


def _cross_legs(account: Account) -> list[Position]:
    return [
        position
        for position in account.positions.values()
        if position.quantity and not account.settings_of(position.symbol).isolated
    ]


def _cancel_orders(exchange: Exchange, account: Account, *, isolated_symbol: str | None) -> None:
    """Liquidation cancels first: the symbol's orders when isolated, all cross symbols' otherwise."""
    symbols = {order.symbol for order in account.open_orders.values()}
    symbols |= {algo.symbol for algo in account.open_algos.values()}
    for symbol in sorted(symbols):
        isolated = account.settings_of(symbol).isolated
        if symbol == isolated_symbol or (isolated_symbol is None and not isolated):
            _cancel_symbol(exchange, account, symbol)


def _cancel_symbol(exchange: Exchange, account: Account, symbol: str) -> None:
    for order in [o for o in account.open_orders.values() if o.symbol == symbol]:
        exchange.close(account, order, status="CANCELED", execution="CANCELED")
    for algo in [a for a in account.open_algos.values() if a.symbol == symbol]:
        exchange.close_algo(account, algo, status="EXPIRED")
