"""Pre-trade risk: the checks of an opening. Pure: NOTHING, or the refusal with the numbers that decide."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import chain

from actors.money import Amounts, added, quote_of, rate
from actors.risk.daily_loss import DailyLoss
from actors.supervisor.holdings import Holdings, Sum, is_reduced, protects_twice
from actors.supervisor.registry import Account, Hold, Leg, key_of
from actors.supervisor.unsupervised import outside_exposure, why_outside
from messages.commands import OpenPosition
from messages.names import similar
from messages.reports import PositionView
from messages.statement import NOTHING, Statement, word
from messages.types import (
    LIMITS_CURRENCY,
    Instrument,
    Key,
    MarginMode,
    PositionMode,
    PositionSide,
    ReplyCode,
    Symbol,
    TrailingBounds,
)
from messages.wording import Supervisor

PARTS_MOST = 20
"""Most parts of a market entry above the venue's maximum; a larger one is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of an account, amounts in the currency of the limits (see `actors.money`); None: no limit."""

    order_notional: Decimal | None = None
    symbol_exposure: Decimal | None = None
    account_exposure: Decimal | None = None
    openings_per_minute: int | None = None
    daily_loss: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an opening is checked against.

    `holdings`: the account's live positions. `stands_on`: a position on a leg, or admitted to it. `admitted`: openings
    and additions that no view shows yet. `leaving`: ordinals of positions whose close no view shows yet.
    """

    account: Account
    holdings: Holdings
    reserved: Collection[Key]
    stands_on: Callable[[Leg], Key | None]
    holds: tuple[Hold, ...]
    limits: Limits
    openings_last_minute: int
    daily_loss: DailyLoss
    watch_only: bool = False
    unsettled: Mapping[str, Statement] = field(default_factory=dict)
    suspected: Mapping[str, Statement] = field(default_factory=dict)
    admitted: tuple[OpenPosition, ...] = ()
    leaving: Collection[int] = ()


def addition_refusal(command: OpenPosition, facts: Facts) -> Statement:
    """Return the first reason against enlarging a position, or NOTHING."""
    return next((why for check in _ENLARGING if (why := check(command, facts))), NOTHING)


def refusal(command: OpenPosition, facts: Facts) -> Statement:
    """Return the first reason against the opening, or NOTHING."""
    return next((why for check in _CHECKS if (why := check(command, facts))), NOTHING)


def code_of(command: OpenPosition, facts: Facts) -> ReplyCode:
    """Return the code of the refusal: NOT_READY if its reason passes soon."""
    return _code(_CHECKS, command, facts)


def code_of_addition(command: OpenPosition, facts: Facts) -> ReplyCode:
    """`code_of` for an addition."""
    return _code(_ENLARGING, command, facts)


def _code(checks: Iterable["Check"], command: OpenPosition, facts: Facts) -> ReplyCode:
    found = next((check for check in checks if check(command, facts)), None)
    return ReplyCode.NOT_READY if found in _PASSING else ReplyCode.DECIDED


def late_refusal(command: OpenPosition, facts: Facts) -> Statement:
    """Return the first reason against an admitted opening that waited for its leverage, or NOTHING."""
    return next((why for check in _WHILE_IT_WAITED if (why := check(command, facts))), NOTHING)


def _switched_off(_: OpenPosition, facts: Facts) -> Statement:
    return Supervisor.WATCH_ONLY() if facts.watch_only else NOTHING


def _on_hold(command: OpenPosition, facts: Facts) -> Statement:
    hold = next((hold for hold in facts.holds if hold.covers(command.account, command.symbol)), None)
    if hold is None:
        return NOTHING
    paused = Supervisor.PAUSED_TODAY if hold.until_day else Supervisor.PAUSED_PART
    return paused(what=hold.statement)


def _unsettled(command: OpenPosition, facts: Facts) -> Statement:
    why = facts.unsettled.get(command.symbol)
    return Supervisor.UNSETTLED(symbol=command.symbol, why=why) if why else NOTHING


def _being_compared(command: OpenPosition, facts: Facts) -> Statement:
    """An opening meanwhile would net with what exists, or meet stops that are written off and still rest."""
    if why := facts.suspected.get(command.symbol):
        return Supervisor.COMPARING(symbol=command.symbol, why=why)
    settled = next((view for view in facts.holdings.of(command.symbol) if view.unverified), None)
    if settled is None:
        return NOTHING
    return Supervisor.UNVERIFIED(position=settled.position_id)


def _unfit(_: OpenPosition, facts: Facts) -> Statement:
    return facts.account.why_unfit


def _not_ready(_: OpenPosition, facts: Facts) -> Statement:
    return facts.account.why_not_ready


def _silenced(command: OpenPosition, facts: Facts) -> Statement:
    """Refuse an opening that would expire before the venue accepts requests again."""
    until_ns = facts.account.silent_until_ns
    return facts.account.why_silent if 0 < command.expires_at_ns < until_ns else NOTHING


def _unknown_symbol(command: OpenPosition, facts: Facts) -> Statement:
    instrument = facts.account.instruments.get(command.symbol)
    if instrument is None and (kind := facts.account.others.get(command.symbol)):
        return Supervisor.NOT_OPENED_HERE(symbol=command.symbol, why=why_outside(kind))
    if instrument is None:
        return no_perpetual(command.symbol, facts.account.instruments)
    return NOTHING if instrument.trading else Supervisor.NOT_TRADING(symbol=command.symbol)


def no_perpetual(symbol: Symbol, known: Iterable[Symbol]) -> Statement:
    """Return the refusal of an unknown symbol, with similar known ones."""
    near = similar(symbol, known)
    if near:
        return Supervisor.NO_PERPETUAL_NEAR(symbol=symbol, other=near)
    return Supervisor.NO_PERPETUAL(symbol=symbol)


def _foreign_orders(command: OpenPosition, facts: Facts) -> Statement:
    names = [name for symbol, name in facts.account.foreign_orders if symbol == command.symbol]
    if not names:
        return NOTHING
    return Supervisor.FOREIGN_ORDER(order=names[0], symbol=command.symbol)


def _key_taken(command: OpenPosition, facts: Facts) -> Statement:
    key = Key(account=command.account, symbol=command.symbol, side=command.side, strategy=command.strategy)
    if key not in facts.reserved:
        return NOTHING
    held = next((view for view in facts.holdings.of(command.symbol) if key_of(view) == key), None)
    position = held.position_id if held else Supervisor.OPENING_NOW()
    return Supervisor.KEY_TAKEN(name=command.strategy, symbol=command.symbol, side=command.side, position=position)


def _opposite(command: OpenPosition, facts: Facts) -> Statement:
    if facts.account.mode is PositionMode.HEDGE:
        return NOTHING
    other = facts.stands_on((command.account, command.symbol, command.side.opposite))
    if other is None:
        return NOTHING
    return Supervisor.NETTED(name=other.strategy, symbol=command.symbol, side=other.side)


def _leg_being_cleared(command: OpenPosition, facts: Facts) -> Statement:
    """A close that began alone on its leg keeps its stops until it is done; they would reduce a new position.

    A partial close too: until its fill is known and the stop resized, the stop exceeds the rest.
    """
    views = facts.holdings.views
    closing = (views[ordinal] for ordinal in facts.leaving if ordinal in views)
    of_leg = (view for view in closing if (view.symbol, view.side) == (command.symbol, command.side))
    moving = (view for view in facts.holdings.moving(command.symbol, command.side) if is_reduced(view))
    leaving = next(chain(moving, of_leg), None)
    if leaving is None:
        return NOTHING
    return Supervisor.LEG_REDUCED(position=leaving.position_id, symbol=command.symbol)


def _stops_being_replaced(command: OpenPosition, facts: Facts) -> Statement:
    """Alone on its leg a position places the new stop, then cancels the old one; both would reduce a new position."""
    twice = next(
        (
            view
            for view in facts.holdings.moving(command.symbol, command.side)
            if view.strategy != command.strategy and protects_twice(view)
        ),
        None,
    )
    return Supervisor.STOPS_REPLACED(position=twice.position_id, symbol=command.symbol) if twice else NOTHING


def _post_only(command: OpenPosition, _: Facts) -> Statement:
    missing = command.post_only and command.limit_price is None
    return Supervisor.POST_ONLY() if missing else NOTHING


def _quantity(command: OpenPosition, facts: Facts) -> Statement:
    rules = facts.account.instruments[command.symbol]
    quantity, symbol = command.quantity, command.symbol
    if quantity < rules.min_quantity:
        return Supervisor.QUANTITY_SMALL(quantity=quantity, least=rules.min_quantity, symbol=symbol)
    if quantity <= 0 or quantity % rules.quantity_step:
        return Supervisor.QUANTITY_STEP(quantity=quantity, step=rules.quantity_step, symbol=symbol)
    most = rules.max_market_quantity * PARTS_MOST if command.limit_price is None else rules.max_quantity
    if 0 < most < quantity:
        return Supervisor.QUANTITY_LARGE(quantity=quantity, most=most, symbol=symbol)
    return NOTHING


def _prices(command: OpenPosition, facts: Facts) -> Statement:
    rules = facts.account.instruments[command.symbol]
    for name, price in (
        ("limit", command.limit_price),
        ("stop", command.stop_loss),
        ("target", command.take_profit),
    ):
        if price is not None and (price <= 0 or price % rules.price_step):
            return Supervisor.PRICE_STEP(name=word(name), price=price, step=rules.price_step, symbol=command.symbol)
        if price is not None and (why := beyond_bounds(name, price, rules)):
            return why
    if why := beyond_trailing(command.trailing, facts.account.trailing):
        return why
    return _far(command, rules, facts.account.marks.get(command.symbol)) or _sides(command, _price(command, facts))


def beyond_trailing(rate: Decimal | None, bounds: TrailingBounds | None) -> Statement:
    """Return the refusal of a callback rate (percent) outside the venue's bounds; zero removes the trailing stop."""
    if not rate or bounds is None or (bounds.least <= rate <= bounds.most and not rate % bounds.step):
        return NOTHING
    return Supervisor.TRAILING_BOUNDS(rate=rate, least=bounds.least, most=bounds.most, step=bounds.step)


def beyond_bounds(name: str, price: Decimal, rules: Instrument) -> Statement:
    """Return the refusal of a price outside the venue's PRICE_FILTER, which applies to stops and targets too, or
    NOTHING.
    """
    if price < rules.min_price:
        return Supervisor.PRICE_LOW(name=word(name), price=price, least=rules.min_price, symbol=rules.symbol)
    if 0 < rules.max_price < price:
        return Supervisor.PRICE_HIGH(name=word(name), price=price, most=rules.max_price, symbol=rules.symbol)
    return NOTHING


def _far(command: OpenPosition, rules: Instrument, mark: Decimal | None) -> Statement:
    """PERCENT_PRICE: "BUY: price <= markPrice * multiplierUp; SELL: price >= markPrice * multiplierDown"."""
    if command.limit_price is None or mark is None:
        return NOTHING
    buying = command.side is PositionSide.LONG
    share = rules.price_up if buying else rules.price_down
    bound = mark * share
    if not share or (bound - command.limit_price) * command.side.sign >= 0:
        return NOTHING
    return Supervisor.PRICE_FAR(
        price=command.limit_price,
        where=Supervisor.ABOVE() if buying else Supervisor.BELOW(),
        bound=Supervisor.HIGHEST() if buying else Supervisor.LOWEST(),
        most=bound.normalize(),
        share=share.normalize(),
        mark=mark,
        symbol=command.symbol,
    )


def _unpriced(command: OpenPosition, facts: Facts) -> Statement:
    """Without a price neither protection nor limits can be checked."""
    if _price(command, facts) is not None:
        return NOTHING
    if command.stop_loss is not None or command.take_profit is not None:
        return Supervisor.NO_PRICE(symbol=command.symbol)
    limits = (facts.limits.order_notional, facts.limits.symbol_exposure, facts.limits.account_exposure)
    return Supervisor.NO_MARK(symbol=command.symbol) if any(limit is not None for limit in limits) else NOTHING


def _sides(command: OpenPosition, price: Decimal | None) -> Statement:
    if price is None:
        return NOTHING
    return on_wrong_side(command.side, command.stop_loss, command.take_profit, price)


def on_wrong_side(side: PositionSide, stop: Decimal | None, target: Decimal | None, price: Decimal) -> Statement:
    """Return the refusal of a stop or target that `price` has passed, since it would close at once, or NOTHING."""
    if stop is not None and (price - stop) * side.sign <= 0:
        where = Supervisor.BELOW() if side is PositionSide.LONG else Supervisor.ABOVE()
        return Supervisor.STOP_SIDE(side=side, where=where, stop=stop, price=price)
    if target is not None and (target - price) * side.sign <= 0:
        where = Supervisor.ABOVE() if side is PositionSide.LONG else Supervisor.BELOW()
        return Supervisor.TARGET_SIDE(side=side, where=where, target=target, price=price)
    return NOTHING


def _liquidation(command: OpenPosition, facts: Facts) -> Statement:
    """Use the venue's liquidation price for a held leg; that of an empty leg is out of date."""
    if facts.holdings.held(command.symbol, command.side):
        return beyond_liquidation(command.stop_loss, command.symbol, command.side, facts.account.liquidations)
    return _beyond_stake(command, facts)


def _beyond_stake(command: OpenPosition, facts: Facts) -> Statement:
    """On isolated margin the stake is 1/leverage of the price; liquidation comes before it is used up."""
    price, stop = _price(command, facts), command.stop_loss
    if facts.account.margin_mode is not MarginMode.ISOLATED or not command.leverage or price is None or stop is None:
        return NOTHING
    gone = price * (1 - Decimal(command.side.sign) / command.leverage)
    if (stop - gone) * command.side.sign > 0:
        return NOTHING
    bound = gone.quantize(price, ROUND_HALF_EVEN)
    return beyond_liquidation(stop, command.symbol, command.side, {(command.symbol, command.side): bound})


def beyond_liquidation(
    stop: Decimal | None,
    symbol: Symbol,
    side: PositionSide,
    liquidations: Mapping[tuple[Symbol, PositionSide], Decimal],
) -> Statement:
    """Return the refusal of a stop beyond the liquidation price, which protects nothing, or NOTHING."""
    price = liquidations.get((symbol, side))
    if not stop or price is None or (stop - price) * side.sign > 0:
        return NOTHING
    return Supervisor.STOP_USELESS(stop=stop, price=price, symbol=symbol, side=side)


def _price(command: OpenPosition, facts: Facts) -> Decimal | None:
    return command.limit_price or facts.account.marks.get(command.symbol)


def _leverage(command: OpenPosition, facts: Facts) -> Statement:
    if command.leverage is None:
        return NOTHING
    wanted = facts.holdings.leveraged(command.symbol)
    other = next((view for leverage, view in wanted if leverage not in {None, command.leverage}), None)
    return NOTHING if other is None else leverage_taken(other, command.leverage)


def leverage_taken(holder: PositionView, wanted: int) -> Statement:
    """Return the refusal of a leverage that would change another position's."""
    if holder.leverage is None:
        return Supervisor.LEVERAGE_OWN(position=holder.position_id, wanted=wanted)
    return Supervisor.LEVERAGE_TAKEN(position=holder.position_id, has=holder.leverage, wanted=wanted)


def _amounts(command: OpenPosition, facts: Facts) -> Statement:
    """Needs a price: where limits exist, `_unpriced` has refused an opening without one."""
    rules: Instrument = facts.account.instruments[command.symbol]
    limits = facts.limits
    price = _price(command, facts)
    if price is None:
        return NOTHING
    notional = command.quantity * price
    if notional < rules.min_notional:
        return Supervisor.NOTIONAL_SMALL(notional=notional, least=rules.min_notional, symbol=command.symbol)
    in_symbol, in_account = facts.holdings.sums(command.symbol), facts.holdings.sums()
    ahead_in_symbol = (earlier for earlier in facts.admitted if earlier.symbol == command.symbol)
    for name, limit, held, ahead in (
        ("order_notional", limits.order_notional, (), ()),
        ("symbol_exposure", limits.symbol_exposure, in_symbol, ahead_in_symbol),
        ("account_exposure", limits.account_exposure, in_account, facts.admitted),
    ):
        if limit is None:
            continue
        besides = outside_exposure(facts.account) if name == "account_exposure" else ()
        sums = added(
            (),
            (
                (quote_in(command.symbol, facts.account), notional),
                *besides,
                *exposure(held, facts.account),
                *_yet_to_come(ahead, facts),
            ),
        )
        attempt, unknown = in_limits(sums, facts.account)
        if unknown is not None:
            return _no_worth(name, unknown)
        if attempt > limit:
            return Supervisor.LIMIT_PASSED(limit=name, most=limit, value=attempt.normalize())
    return NOTHING


def quote_in(symbol: Symbol, account: Account) -> str:
    """Return the symbol's quote currency at this account."""
    return quote_of(symbol, account.instruments.get(symbol))


def in_limits(sums: Amounts, account: Account) -> tuple[Decimal, str | None]:
    """Return the sum in the currency of the limits, and the first currency without a known value (None: all known).

    That currency is empty if the venue names none.
    """
    total = Decimal(0)
    for currency, amount in sums:
        worth = rate(currency, LIMITS_CURRENCY, account.marks)
        if worth is None:
            return total, currency
        total += amount * worth
    return total, None


def _no_worth(limit: str, currency: str) -> Statement:
    coin = currency or Supervisor.NO_CURRENCY()
    symbol = f"{currency}{LIMITS_CURRENCY}" if currency else coin
    return Supervisor.LIMIT_UNPRICED(name=limit, currency=LIMITS_CURRENCY, symbol=symbol, coin=coin)


def _yet_to_come(ahead: Iterable[OpenPosition], facts: Facts) -> Iterator[tuple[str, Decimal]]:
    """Yield the notional of admitted openings without an order."""
    for earlier in ahead:
        yield quote_in(earlier.symbol, facts.account), earlier.quantity * (_price(earlier, facts) or Decimal(0))


def exposure(held: Iterable[tuple[Symbol, Sum]], account: Account) -> Iterator[tuple[str, Decimal]]:
    """Yield the notional of positions and entries by currency, at the mark price where there is one."""
    for symbol, total in held:
        yield quote_in(symbol, account), total.at(account.marks.get(symbol))


def _pace(_: OpenPosition, facts: Facts) -> Statement:
    limit = facts.limits.openings_per_minute
    if limit is None or facts.openings_last_minute < limit:
        return NOTHING
    return Supervisor.PACE_PASSED(limit=limit, n=facts.openings_last_minute + 1)


def _loss(command: OpenPosition, facts: Facts) -> Statement:
    """A currency without a known value cannot be counted, so its openings are refused."""
    limit, quote = facts.daily_loss.limit, quote_in(command.symbol, facts.account)
    if limit is None:
        return NOTHING
    if rate(quote, LIMITS_CURRENCY, facts.account.marks) is None:
        return _no_worth("daily_loss", quote)
    return Supervisor.LOSS_PASSED(limit=limit, amount=facts.daily_loss.lost) if facts.daily_loss.reached else NOTHING


Check = Callable[[OpenPosition, Facts], Statement]
_CHECKS: tuple[Check, ...] = (
    _switched_off,
    _on_hold,
    _unfit,
    _not_ready,
    _silenced,
    _unsettled,
    _being_compared,
    _unknown_symbol,
    _foreign_orders,
    _post_only,
    _quantity,
    _key_taken,
    _opposite,
    _leg_being_cleared,
    _stops_being_replaced,
    _unpriced,
    _prices,
    _liquidation,
    _leverage,
    _amounts,
    _pace,
    _loss,
)
_ABOUT_THE_OPENING = (_key_taken, _opposite, _prices, _liquidation, _leverage)
_ENLARGING = tuple(check for check in _CHECKS if check not in _ABOUT_THE_OPENING)
"""A held position has its key, side, prices and leverage already."""
_PASSING = (_not_ready, _silenced, _being_compared, _leg_being_cleared, _stops_being_replaced, _unpriced)
"""Reasons that pass without a change of the opening: it may be sent again within its expiry."""
_WHILE_IT_WAITED = (
    _on_hold,
    _unfit,
    _unsettled,
    _being_compared,
    _foreign_orders,
    _leg_being_cleared,
    _stops_being_replaced,
    _loss,
)
"""Checks whose result may change during the wait. Amounts and rate count it already; the gateway refuses while the
venue is down.
"""
