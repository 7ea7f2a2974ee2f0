"""May this opening happen? Pure: an empty text, or the reason why not, with the numbers that decide."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import chain

from actors.money import LIMITS, UNNAMED, Amounts, added, quote_of, rate
from actors.supervisor.book import Account, Hold, Leg
from actors.supervisor.holdings import Holdings, Sum, is_reduced, protects_twice
from actors.supervisor.outside import outside_exposure, why_outside
from messages.commands import OpenPosition
from messages.names import did_you_mean
from messages.reports import PositionView
from messages.types import (
    Instrument,
    Key,
    MarginMode,
    PositionMode,
    PositionSide,
    ReplyCode,
    Symbol,
)

PARTS_MOST = 20
"""A market entry above the venue's maximum is split; into more parts than this it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Per account; amounts in the currency of the limits, see `actors.money`; None: no such limit."""

    order_notional: Decimal | None = None
    symbol_exposure: Decimal | None = None
    account_exposure: Decimal | None = None
    openings_per_minute: int | None = None
    daily_loss: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an opening is held against. `holdings` are the account's positions that are not over.

    `stands_on` is one who has a part of that leg, or is about to. `admitted` are its openings and additions of which
    no view tells yet, `leaving` the ordinals of which the views may not show yet that they are being closed.
    """

    account: Account
    holdings: Holdings
    reserved: Collection[Key]
    stands_on: Callable[[Leg], Key | None]
    holds: tuple[Hold, ...]
    limits: Limits
    openings_last_minute: int
    realized_today: Decimal
    watch_only: bool = False
    unsettled: Mapping[str, str] = field(default_factory=dict)
    suspected: Mapping[str, str] = field(default_factory=dict)
    admitted: tuple[OpenPosition, ...] = ()
    leaving: Collection[int] = ()


def addition_refusal(command: OpenPosition, facts: Facts) -> str:
    """The first reason against enlarging what is held already, by so much."""
    return next((why for check in _ENLARGING if (why := check(command, facts))), "")


def refusal(command: OpenPosition, facts: Facts) -> str:
    """The first reason against it, or an empty text."""
    return next((why for check in _CHECKS if (why := check(command, facts))), "")


def code_of(command: OpenPosition, facts: Facts) -> ReplyCode:
    """What a refusal of this opening promises: NOT_READY where the reason goes away of itself, and soon."""
    return _code(_CHECKS, command, facts)


def code_of_addition(command: OpenPosition, facts: Facts) -> ReplyCode:
    return _code(_ENLARGING, command, facts)


def _code(checks: Iterable["Check"], command: OpenPosition, facts: Facts) -> ReplyCode:
    found = next((check for check in checks if check(command, facts)), None)
    return ReplyCode.NOT_READY if found in _PASSING else ReplyCode.DECIDED


def late_refusal(command: OpenPosition, facts: Facts) -> str:
    """The first reason against what was admitted a while ago and leaves only now, having waited for its leverage."""
    return next((why for check in _WHILE_IT_WAITED if (why := check(command, facts))), "")


def _switched_off(_: OpenPosition, facts: Facts) -> str:
    return "phase2.enabled is false: Albra watches and sends nothing" if facts.watch_only else ""


def _on_hold(command: OpenPosition, facts: Facts) -> str:
    holds = [hold for hold in facts.holds if hold.covers(command.account, command.symbol)]
    until = " until the next day" if holds and holds[0].until_day else ""
    return f"openings are paused{until} ({holds[0]}); albra resume lifts that" if holds else ""


def _unsettled(command: OpenPosition, facts: Facts) -> str:
    why = facts.unsettled.get(command.symbol)
    return f"openings of {command.symbol} wait until belief and venue agree: {why}" if why else ""


def _being_compared(command: OpenPosition, facts: Facts) -> str:
    """What is opened meanwhile would net what is there, or meet stops that were written off and rest all the same."""
    if why := facts.suspected.get(command.symbol):
        return f"{command.symbol} is being compared with the venue: {why}; try again soon"
    settled = next((view for view in facts.holdings.of(command.symbol) if view.unverified), None)
    if settled is None:
        return ""
    return f"{settled.position_id} was settled by hand and is not compared with the venue yet; try again soon"


def _unfit(_: OpenPosition, facts: Facts) -> str:
    return facts.account.why_unfit


def _not_ready(_: OpenPosition, facts: Facts) -> str:
    return facts.account.why_not_ready


def _silenced(command: OpenPosition, facts: Facts) -> str:
    """What would be accepted only to expire before anything may leave."""
    until_ns = facts.account.silent_until_ns
    return facts.account.why_silent if 0 < command.expires_at_ns < until_ns else ""


def _unknown_symbol(command: OpenPosition, facts: Facts) -> str:
    instrument = facts.account.instruments.get(command.symbol)
    if instrument is None and (kind := facts.account.others.get(command.symbol)):
        return f"{command.symbol} cannot be opened: {why_outside(kind)}"
    if instrument is None:
        guess = did_you_mean(command.symbol, facts.account.instruments)
        return f"{command.symbol} is not a perpetual of this venue{guess}"
    return "" if instrument.trading else f"{command.symbol} is not trading at this venue now"


def _strangers(command: OpenPosition, facts: Facts) -> str:
    names = [name for symbol, name in facts.account.strangers if symbol == command.symbol]
    if not names:
        return ""
    return (
        f"order {names[0]} on {command.symbol} was sent by Albra from another data directory: "
        "cancel it at the venue, or run that one"
    )


def _key_taken(command: OpenPosition, facts: Facts) -> str:
    key = Key(account=command.account, symbol=command.symbol, side=command.side, strategy=command.strategy)
    if key not in facts.reserved:
        return ""
    held = next((view for view in facts.holdings.of(command.symbol) if _key(view) == key), None)
    name = held.position_id if held else "an opening in progress"
    return f"strategy {command.strategy} holds {command.symbol} {command.side} already ({name})"


def _key(view: PositionView) -> Key:
    return Key(account=view.account, symbol=view.symbol, side=view.side, strategy=view.strategy)


def _opposite(command: OpenPosition, facts: Facts) -> str:
    if facts.account.mode is PositionMode.HEDGE:
        return ""
    other = facts.stands_on((command.account, command.symbol, command.side.opposite))
    if other is None:
        return ""
    return (
        f"strategy {other.strategy} holds {command.symbol} {other.side}, and a one-way account nets them; "
        "use hedge mode to hold both sides"
    )


def _leg_being_cleared(command: OpenPosition, facts: Facts) -> str:
    """A close that began alone on its leg leaves its stops as they are until it is done: they would eat a newcomer.

    That holds for a part as for the whole: until its fill is known, and the stop is resized, the stop is for more than
    is left.
    """
    views = facts.holdings.views
    told = (views[ordinal] for ordinal in facts.leaving if ordinal in views)
    of_leg = (view for view in told if (view.symbol, view.side) == (command.symbol, command.side))
    moving = (view for view in facts.holdings.moving(command.symbol, command.side) if is_reduced(view))
    leaving = next(chain(moving, of_leg), None)
    if leaving is None:
        return ""
    return f"{leaving.position_id} is being reduced, its stops may rest on {command.symbol} still; try again soon"


def _stops_being_replaced(command: OpenPosition, facts: Facts) -> str:
    """Alone on its leg a position places the new stop before the old one goes: together they would eat a newcomer."""
    twice = next(
        (
            view
            for view in facts.holdings.moving(command.symbol, command.side)
            if view.strategy != command.strategy and protects_twice(view)
        ),
        None,
    )
    return f"{twice.position_id} has its stops replaced on {command.symbol} just now; try again soon" if twice else ""


def _post_only(command: OpenPosition, _: Facts) -> str:
    missing = command.post_only and command.limit_price is None
    return "post-only is for a limit entry: name its price, or leave post-only out" if missing else ""


def _quantity(command: OpenPosition, facts: Facts) -> str:
    rules = facts.account.instruments[command.symbol]
    quantity = command.quantity
    if quantity < rules.min_quantity:
        return f"quantity {quantity} is below the minimum of {rules.min_quantity} ({command.symbol})"
    if quantity <= 0 or quantity % rules.quantity_step:
        return f"quantity {quantity} is not a positive multiple of {rules.quantity_step} ({command.symbol})"
    most = rules.max_market_quantity * PARTS_MOST if command.limit_price is None else rules.max_quantity
    return f"quantity {quantity} is above the maximum of {most} ({command.symbol})" if 0 < most < quantity else ""


def _prices(command: OpenPosition, facts: Facts) -> str:
    rules = facts.account.instruments[command.symbol]
    for name, price in (
        ("limit", command.limit_price),
        ("stop", command.stop_loss),
        ("target", command.take_profit),
    ):
        if price is not None and (price <= 0 or price % rules.price_step):
            return f"{name} price {price} is not a positive multiple of {rules.price_step} ({command.symbol})"
        if price is not None and (why := beyond_bounds(name, price, rules)):
            return why
    return _far(command, rules, facts.account.marks.get(command.symbol)) or _sides(command, _price(command, facts))


def beyond_bounds(name: str, price: Decimal, rules: Instrument) -> str:
    """PRICE_FILTER holds for every price, a stop's and a target's too; empty where the venue would take it."""
    if price < rules.min_price:
        return f"{name} price {price:f} is below the venue's minimum of {rules.min_price:f} ({rules.symbol})"
    if 0 < rules.max_price < price:
        return f"{name} price {price:f} is above the venue's maximum of {rules.max_price:f} ({rules.symbol})"
    return ""


def _far(command: OpenPosition, rules: Instrument, mark: Decimal | None) -> str:
    """PERCENT_PRICE: "BUY: price <= markPrice * multiplierUp; SELL: price >= markPrice * multiplierDown"."""
    if command.limit_price is None or mark is None:
        return ""
    buying = command.side is PositionSide.LONG
    share = rules.price_up if buying else rules.price_down
    bound = mark * share
    if not share or (bound - command.limit_price) * command.side.sign >= 0:
        return ""
    where, most = ("above", "highest") if buying else ("below", "lowest")
    return (
        f"limit price {command.limit_price:f} is {where} the {most} that the venue takes now: {bound.normalize():f}, "
        f"which is {share.normalize():f} of the mark price {mark:f} ({command.symbol})"
    )


def _unpriced(command: OpenPosition, facts: Facts) -> str:
    """Without a price neither its protection nor the limits can be held against anything."""
    if _price(command, facts) is not None:
        return ""
    if command.stop_loss is not None or command.take_profit is not None:
        return f"no price of {command.symbol} is known yet to hold stop and target against; try again"
    limits = (facts.limits.order_notional, facts.limits.symbol_exposure, facts.limits.account_exposure)
    return f"no mark price of {command.symbol} yet" if any(limit is not None for limit in limits) else ""


def _sides(command: OpenPosition, price: Decimal | None) -> str:
    if price is None:
        return ""
    return on_wrong_side(command.side, command.stop_loss, command.take_profit, price)


def on_wrong_side(side: PositionSide, stop: Decimal | None, target: Decimal | None, price: Decimal) -> str:
    """A stop or target that the price has passed already would close at once; empty where it would not."""
    if stop is not None and (price - stop) * side.sign <= 0:
        where = "below" if side is PositionSide.LONG else "above"
        return f"the stop of a {side} must be {where} its price: {stop} against {price}"
    if target is not None and (target - price) * side.sign <= 0:
        where = "above" if side is PositionSide.LONG else "below"
        return f"the target of a {side} must be {where} its price: {target} against {price}"
    return ""


def _liquidation(command: OpenPosition, facts: Facts) -> str:
    """Of a leg that nobody holds any more the price read last says nothing."""
    if facts.holdings.held(command.symbol, command.side):
        return beyond_liquidation(command.stop_loss, command.symbol, command.side, facts.account.liquidations)
    return _beyond_stake(command, facts)


def _beyond_stake(command: OpenPosition, facts: Facts) -> str:
    """On isolated margin the stake, 1/leverage of the price, is all there is: liquidation comes before it is gone."""
    price, stop = _price(command, facts), command.stop_loss
    if facts.account.margin_mode is not MarginMode.ISOLATED or not command.leverage or price is None or stop is None:
        return ""
    gone = price * (1 - Decimal(command.side.sign) / command.leverage)
    if (stop - gone) * command.side.sign > 0:
        return ""
    bound = gone.quantize(price, ROUND_HALF_EVEN)
    return beyond_liquidation(stop, command.symbol, command.side, {(command.symbol, command.side): bound})


def beyond_liquidation(
    stop: Decimal | None,
    symbol: Symbol,
    side: PositionSide,
    liquidations: Mapping[tuple[Symbol, PositionSide], Decimal],
) -> str:
    """A stop that the venue's liquidation comes before protects nothing; empty where it does not."""
    price = liquidations.get((symbol, side))
    if not stop or price is None or (stop - price) * side.sign > 0:
        return ""
    return (
        f"the stop at {stop:f} is beyond the liquidation price of {price:f} ({symbol} {side}): "
        "the venue would close it before"
    )


def _price(command: OpenPosition, facts: Facts) -> Decimal | None:
    return command.limit_price or facts.account.marks.get(command.symbol)


def _leverage(command: OpenPosition, facts: Facts) -> str:
    if command.leverage is None:
        return ""
    wanted = facts.holdings.leveraged(command.symbol)
    other = next((view for leverage, view in wanted if leverage not in {None, command.leverage}), None)
    if other is None:
        return ""
    return (
        f"leverage belongs to account and symbol: {other.position_id} is open with {other.leverage}, "
        f"{command.leverage} would change that too"
    )


def _amounts(command: OpenPosition, facts: Facts) -> str:
    """Needs a price: without one `_unpriced` has refused it where there are limits."""
    rules: Instrument = facts.account.instruments[command.symbol]
    limits = facts.limits
    price = _price(command, facts)
    if price is None:
        return ""
    notional = command.quantity * price
    if notional < rules.min_notional:
        return f"order of {notional:f} is below the venue's minimum notional of {rules.min_notional} ({command.symbol})"
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
        if unknown:
            return _no_worth(name, unknown)
        if attempt > limit:
            return f"limits.{name} is {limit}, this would make it {attempt.normalize():f}"
    return ""


def quote_in(symbol: Symbol, account: Account) -> str:
    return quote_of(symbol, account.instruments.get(symbol))


def in_limits(sums: Amounts, account: Account) -> tuple[Decimal, str]:
    """What sums by currency come to in the currency of the limits, and the first of them whose worth is not known."""
    total = Decimal(0)
    for currency, amount in sums:
        worth = rate(currency, LIMITS, account.marks)
        if worth is None:
            return total, currency or UNNAMED
        total += amount * worth
    return total, ""


def _no_worth(limit: str, currency: str) -> str:
    return (
        f"limits.{limit} is in {LIMITS}, and no mark price of {currency}{LIMITS} is known to convert {currency} with; "
        "try again once the venue tells it, or take the limit away"
    )


def _yet_to_come(ahead: Iterable[OpenPosition], facts: Facts) -> Iterator[tuple[str, Decimal]]:
    """Notional of openings that were admitted before and have no order to be seen yet."""
    for earlier in ahead:
        yield quote_in(earlier.symbol, facts.account), earlier.quantity * (_price(earlier, facts) or Decimal(0))


def exposure(held: Iterable[tuple[Symbol, Sum]], account: Account) -> Iterator[tuple[str, Decimal]]:
    """Notional of what is held, of entries still working and of those to come, at mark price where there is one."""
    for symbol, total in held:
        yield quote_in(symbol, account), total.at(account.marks.get(symbol))


def _pace(_: OpenPosition, facts: Facts) -> str:
    limit = facts.limits.openings_per_minute
    if limit is None or facts.openings_last_minute < limit:
        return ""
    return f"limits.openings_per_minute is {limit}, this would be number {facts.openings_last_minute + 1}"


def _loss(command: OpenPosition, facts: Facts) -> str:
    """What cannot be counted is not begun."""
    limit, quote = facts.limits.daily_loss, quote_in(command.symbol, facts.account)
    if limit is None:
        return ""
    if rate(quote, LIMITS, facts.account.marks) is None:
        return _no_worth("daily_loss", quote or UNNAMED)
    if -facts.realized_today < limit:
        return ""
    return f"limits.daily_loss is {limit}, today's realized loss is {-facts.realized_today}"


Check = Callable[[OpenPosition, Facts], str]
_CHECKS: tuple[Check, ...] = (
    _switched_off,
    _on_hold,
    _unfit,
    _not_ready,
    _silenced,
    _unsettled,
    _being_compared,
    _unknown_symbol,
    _strangers,
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
"""What is held has its key, its side, its prices and its leverage already."""
_PASSING = (_not_ready, _silenced, _being_compared, _leg_being_cleared, _stops_being_replaced, _unpriced)
"""What says nothing of the opening itself: it waits for that, within its own expiry."""
_WHILE_IT_WAITED = (
    _on_hold,
    _unfit,
    _unsettled,
    _being_compared,
    _strangers,
    _leg_being_cleared,
    _stops_being_replaced,
    _loss,
)
"""What may be otherwise by then. It counts among the amounts and in the minute already; what leaves while the venue is
down, the gateway refuses."""
