"""Break glass: everything of an account is closed at the venue, by nothing but the exchange client.

No journal, no supervisor, no position of ours: what the venue holds is what there is. Rounds are
repeated until the account was seen flat twice. In each round what could open is canceled first, then
every position is closed by reduce-only market orders, and what protects a position is canceled when
the position is seen gone, so that a refused close leaves no position without a stop. Positions are read
from two sources, the list of positions and the account, since one may be empty by mistake.

A reducing order can do no harm twice: it never turns a position around, so an unknown outcome is
answered by reading again and closing what is left.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from adapters.exchange import outcome as proof
from adapters.exchange.outcome import Ask, Verdict
from adapters.exchange.rows import MalformedError
from adapters.exchange.session import Session
from adapters.exchange.venue import Call, RestingOrder, Survey
from messages.decimals import trimmed
from messages.reports import PositionRow
from messages.requests import SubmitEmergency
from messages.types import AccountId, ClientOrderId, Instrument, OrderKind, PositionMode, PositionSide, Side, Symbol

ROUNDS_MAX = 30
DEADLINE_S = 180.0
FLAT_READS = 2
"""Absence is not evidence: flat is what was read empty so often in a row, spaced by a pause."""
FAST_ROUNDS = 5
PAUSE_S = 0.4
SLOW_PAUSE_S = 5.0
"""What has not helped five times is tried less often: reading a round is dear."""
WAIT_MAX_S = 60.0
"""The longest wait a venue may ask for within one round."""
AT_ONCE = 4
"""Requests under way together: a slow answer about one symbol must not delay the others."""
ORDERS_PER_CLOSE_MAX = 50
"""A position larger than this many times the market maximum takes more than one round."""

Leg = tuple[Symbol, PositionSide]
Pause = Callable[[float], Awaitable[object]]
Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Closing:
    """One position's end: what was there at first, what is left, what it was closed at, and the last trouble."""

    symbol: Symbol
    side: PositionSide
    quantity: Decimal
    left: Decimal
    traded: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)
    trouble: str = ""

    @property
    def price(self) -> Decimal | None:
        """The average price of what the venue answered as filled; None where no answer told."""
        return self.notional / self.traded if self.traded else None


@dataclass(slots=True, kw_only=True)
class Flattened:
    """How it ended. `flat` was proven; otherwise `blind` tells what could not be read, if anything."""

    account: AccountId
    flat: bool = False
    rounds: int = 0
    canceled: int = 0
    closings: dict[Leg, Closing] = field(default_factory=dict)
    orders_left: int = 0
    blind: tuple[str, ...] = ()


class Flatten:
    """One account, once. `say` hears one line for everything that is done."""

    def __init__(
        self,
        account: AccountId,
        session: Session,
        say: Say,
        *,
        pause: Pause = asyncio.sleep,
        gone: Callable[[], None] = lambda: None,
    ) -> None:
        """`gone` is called once, when the positions that were there are seen no more; it must not block."""
        self._gone = gone
        self._told = False
        self._account = account
        self._session = session
        self._venue = session.dialect.flattening(session)
        self._say = say
        self._pause = pause
        self._mode = PositionMode.ONE_WAY
        self._instruments: dict[Symbol, Instrument] = {}
        self._wait_s = 0.0
        self._result = Flattened(account=account)
        self._seen_orders: set[tuple[bool, str]] = set()
        self._swept: set[Symbol] = set()
        self._throttled = False
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def run(self, configured: PositionMode, deadline_s: float = DEADLINE_S) -> Flattened:
        """Until flat, the deadline, or ROUNDS_MAX. Never raises for what a venue answers."""
        self._mode = configured
        try:
            async with asyncio.timeout(deadline_s):
                await self._rounds()
        except TimeoutError:
            self._say(f"not finished within {deadline_s:g} s")
        self._result.canceled = len(self._seen_orders)
        return self._result

    async def _rounds(self) -> None:
        await self._prepare()
        quiet = 0
        for number in range(1, ROUNDS_MAX + 1):
            self._result.rounds = number
            survey = await self._venue.survey(self._read)
            self._note(survey)
            quiet = quiet + 1 if survey.flat else 0
            if quiet >= FLAT_READS:
                self._result.flat = True
                return
            if not self._throttled:  # Requests would make a ban longer.
                await self._act(survey)
            await self._breathe()

    async def _breathe(self) -> None:
        """A pause, as long as the venue asks for."""
        usual_s = PAUSE_S if self._result.rounds < FAST_ROUNDS else SLOW_PAUSE_S
        await self._pause(max(usual_s, self._wait_s))
        self._wait_s, self._throttled = 0.0, False

    async def _prepare(self) -> None:
        """The clock, the mode, the market maxima: each is worth a try, none is worth waiting for."""
        await self._heed(await self._session.sync_clock())
        try:
            self._mode = await self._venue.position_mode(self._read) or self._mode
            self._instruments = dict(await self._venue.instruments(self._read))
        except MalformedError as error:
            self._say(f"unreadable: {error}; going on without it")
        if self._throttled:
            await self._breathe()

    def _note(self, survey: Survey) -> None:
        result = self._result
        result.blind, result.orders_left = survey.blind, len(survey.orders)
        self._seen_orders.update((order.conditional, order.venue_order_id) for order in survey.orders)
        held = {(row.symbol, row.side): row for row in survey.positions}
        for leg, row in held.items():
            closing = result.closings.setdefault(
                leg, Closing(symbol=row.symbol, side=row.side, quantity=row.quantity, left=row.quantity)
            )
            closing.quantity = max(closing.quantity, row.quantity)
            closing.left = row.quantity
        if not survey.blind:
            for leg, closing in result.closings.items():
                closing.left = closing.left if leg in held else Decimal(0)
        for what in survey.blind:
            self._say(f"{what}: could not be read; asking again")

    async def _act(self, survey: Survey) -> None:
        held = {row.symbol for row in survey.positions}
        resting = {order.symbol for order in survey.orders if not order.conditional}
        await self._cancel_all(sorted(resting), survey, conditional=False)
        opening = [order for order in survey.orders if order.conditional and not order.reduces]
        await self._together(self._cancel(order) for order in opening)
        largest_first = sorted(survey.positions, key=lambda row: row.quantity * row.mark_price, reverse=True)
        await self._together(self._close(row) for row in largest_first)
        if survey.blind_to_positions:
            return
        # What was closed may have left orders that no list shows: its symbol is swept once whatever they say.
        left = {symbol for symbol, _ in self._result.closings} - self._swept - held
        self._swept |= left
        if left and not held and not self._told:
            self._told = True
            self._gone()
        await self._cancel_all(sorted(left - resting), survey, conditional=False)
        protecting = {order.symbol for order in survey.orders if order.conditional and order.reduces}
        await self._cancel_all(sorted((protecting - held) | left), survey, conditional=True)

    async def _together(self, steps: Iterable[Awaitable[None]]) -> None:
        async def one(step: Awaitable[None]) -> None:
            async with self._at_once:
                await step

        await asyncio.gather(*(one(step) for step in steps))

    async def _cancel_all(self, symbols: Sequence[Symbol], survey: Survey, *, conditional: bool) -> None:
        """Every order of these symbols: entries could fill, and targets could block the close."""
        await self._together(self._cancel_symbol(symbol, survey, conditional=conditional) for symbol in symbols)

    async def _cancel_symbol(self, symbol: Symbol, survey: Survey, *, conditional: bool) -> None:
        seen = [order for order in survey.orders if (order.symbol, order.conditional) == (symbol, conditional)]
        for call in self._venue.cancel_all(symbol, seen, conditional=conditional):
            verdict = await self._session.ask(Ask.SETTING, call)
            await self._heed(verdict)
            said = "canceled" if isinstance(verdict, proof.Answered) else f"not canceled: {said_of(verdict)}"
            self._say(f"{'conditional orders' if conditional else 'orders'} of {symbol}: {said}")

    async def _cancel(self, order: RestingOrder) -> None:
        verdict = await self._session.ask(Ask.CANCEL, self._venue.cancel(order))
        await self._heed(verdict)
        done = isinstance(verdict, proof.Accepted)
        said = "canceled" if done else f"not canceled: {said_of(verdict)}"
        self._say(f"conditional order {order.venue_order_id} of {order.symbol}: {said}")

    async def _close(self, row: PositionRow) -> None:
        closing = self._result.closings[row.symbol, row.side]
        for order in closing_orders(self._account, row, self._instruments.get(row.symbol)):
            verdict = await self._session.ask(
                Ask.SUBMIT, self._venue.close(order, self._mode), client_order_id=order.client_order_id
            )
            await self._heed(verdict)
            closing.trouble = "" if isinstance(verdict, proof.Accepted) else said_of(verdict)
            self._say(f"close {row.side} {row.symbol} {trimmed(order.quantity)}: {self._book(closing, verdict)}")
            if not isinstance(verdict, proof.Accepted):
                return  # The next round reads what is left before anything else is sent.

    def _book(self, closing: Closing, verdict: Verdict) -> str:
        """Add what the answer tells as filled; the same in words."""
        if not isinstance(verdict, proof.Accepted):
            return said_of(verdict)
        told = self._venue.filled(verdict.row)
        if told is None:
            return "accepted"
        filled, price = told
        closing.traded += filled
        closing.notional += filled * price
        return f"filled {trimmed(filled)} at {trimmed(price)}"

    async def _read(self, call: Call, what: str) -> object:
        verdict = await self._session.ask(Ask.READ, call)
        await self._heed(verdict)
        if isinstance(verdict, proof.Answered):
            return verdict.value
        self._say(f"{what}: {said_of(verdict)}")
        return None

    async def _heed(self, verdict: Verdict) -> None:
        """The venue's own wishes: a wait it asks for, a clock that is off."""
        if isinstance(verdict, proof.NotExecuted):
            self._wait_s = max(self._wait_s, min(WAIT_MAX_S, verdict.retry_after_ms / 1000))
            self._throttled = self._throttled or verdict.throttled
            if verdict.resync:
                await self._session.sync_clock()


def closing_orders(account: AccountId, row: PositionRow, rules: Instrument | None) -> list[SubmitEmergency]:
    """Market orders that close a position, within the market's maximum and in its whole steps where they are known.

    What is less than one step is tried as it is: the venue's answer says why it stays.
    """
    most = rules.max_market_quantity or rules.max_quantity if rules is not None else Decimal(0)
    crumb = row.quantity % rules.quantity_step if rules is not None and rules.quantity_step else Decimal(0)
    left = row.quantity - crumb or row.quantity
    orders: list[SubmitEmergency] = []
    while left > 0 and len(orders) < ORDERS_PER_CLOSE_MAX:
        quantity = min(left, most) if most else left
        left -= quantity
        orders.append(
            SubmitEmergency(
                account=account,
                symbol=row.symbol,
                # Not in the format of Albra's own ids: a running supervisor must not take it for one of its orders.
                client_order_id=ClientOrderId(f"flatten{secrets.token_hex(8)}"),
                side=Side.SELL if row.side is PositionSide.LONG else Side.BUY,
                position_side=row.side,
                kind=OrderKind.MARKET,
                quantity=quantity,
            )
        )
    return orders


def said_of(verdict: Verdict) -> str:
    """A verdict that is no success, in the venue's words."""
    match verdict:
        case proof.Rejected(code=code, text=text) | proof.Missing(code=code, text=text):
            return f"refused, {code} {text}"
        case proof.Duplicate(code=code, text=text):
            return f"refused, {code} {text}"
        case proof.NotExecuted(cause=cause):
            return f"not executed, {cause}"
        case proof.Unknown(cause=cause):
            return f"outcome unknown, {cause}"
        case _:
            return "an answer to another question"
