"""Executes requests: each is sent once and ends in the reports that the port promises for it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from adapters.exchange import outcome as proof
from adapters.exchange import replies
from adapters.exchange.margin import MarginModes, Unchanged
from adapters.exchange.outcome import Ask, Verdict
from adapters.exchange.queries import NoSuchOrderError, ReadError
from adapters.exchange.rows import MalformedError, Row
from adapters.exchange.session import Session, Tape
from adapters.exchange.settings import Wiring
from adapters.exchange.venue import Call, Connection, IncompleteOrderError
from messages.base import Message
from messages.reconciliation import FetchTrades
from messages.reports import FillsFetched, OrderReport
from messages.requests import (
    CancelOrder,
    FetchBalance,
    FetchFills,
    FetchOpenOrders,
    FetchPositions,
    OrderRequest,
    QueryOrder,
    SetLeverage,
    SubmitOpening,
    SubmitOrder,
)
from messages.statement import Statement
from messages.types import OrderKind, OrderStatus, RejectReason
from messages.wording import Venue

DECLINED_RETRY_MS = 500
FILL_GRACE_S = 0.4
"""The stream usually reports a fill within this time."""


class RequestExecutor:
    """Executes requests on the adapter's loop. It repeats no request."""

    def __init__(self, wiring: Wiring, session: Session, account: Connection, margins: MarginModes) -> None:
        self._margins = margins
        self._settings = wiring.settings
        self._clock = wiring.clock
        self._deliver = wiring.deliver
        self._session = session
        self._requests = account.requests
        self._answers = account.answers
        self._reader = account.reader
        self._events = account.events
        self.judge: Callable[[SubmitOrder, Verdict], None] = lambda _order, _verdict: None
        """Called with each submit's verdict: some refusals hint at changed rules or modes."""
        self.judge_setting: Callable[[Verdict], None] = lambda _verdict: None
        """Called with the verdict of each setting that an opening requires."""
        self.acknowledged: Callable[[SubmitOrder], None] = lambda _order: None
        """Called with each acknowledged order, whose event the stream has to bring."""

    async def carry_out(self, message: Message) -> None:
        """Send the request and deliver its reports, also when canceled in between."""
        match message:
            case SubmitOrder():
                await self._submit(message)
            case CancelOrder():
                await self._cancel(message)
            case _:
                try:
                    await self._read(message)
                except asyncio.CancelledError:
                    self.decline(message, Venue.STOPPED_UNANSWERED())
                    raise

    def decline(self, message: Message, cause: Statement) -> None:
        """Report that nothing was sent."""
        stamp = self._reader.stamp()
        match message:
            case SubmitOrder() | CancelOrder():
                verdict = proof.NotExecuted(retry_after_ms=DECLINED_RETRY_MS, cause=cause)
                self._deliver(replies.not_executed(message, verdict, stamp))
            case QueryOrder() | FetchFills():
                self._deliver(replies.query_failed(message, cause, DECLINED_RETRY_MS, stamp))
            case SetLeverage():
                refused = replies.setting_refused(message, cause, stamp, unknown=True, retry_after_ms=DECLINED_RETRY_MS)
                self._deliver(refused)
            case FetchPositions() | FetchOpenOrders() | FetchBalance() | FetchTrades():
                self._deliver(replies.fetch_failed(message, message.request_id, cause, DECLINED_RETRY_MS, stamp))
            case _:
                raise TypeError(f"{type(message).__name__} is no request to a venue")

    def doubt(self, message: Message, cause: Statement) -> None:
        """Report an unknown outcome."""
        if isinstance(message, SubmitOrder | CancelOrder):
            self._deliver(replies.unknown(message, cause, self._reader.stamp()))
        else:
            self.decline(message, cause)

    async def _submit(self, message: SubmitOrder) -> None:
        stamp = self._reader.stamp()
        if 0 < message.expires_at_ns <= self._clock.time_ns():
            self._deliver(replies.rejected(message, RejectReason.EXPIRED, "", Venue.EXPIRED_UNSENT(), stamp))
            return
        try:
            call = self._requests.submit(message, self._settings.position_mode)
        except IncompleteOrderError as error:
            self._deliver(replies.rejected(message, RejectReason.NEVER_SENT, "", error.cause, stamp))
            return
        if isinstance(message, SubmitOpening) and not await self._margin_is_right(message):
            return
        if message.kind.conditional:
            self._events.submitted(message.client_order_id)
        verdict = await self._send(Ask.SUBMIT, call, message, name=message.client_order_id)
        self.judge(message, verdict)
        if isinstance(verdict, proof.Accepted):
            self.acknowledged(message)
        if isinstance(verdict, proof.Duplicate):
            await self._adopt(message, verdict)
            return
        stamp = self._reader.stamp()
        row = verdict.row if isinstance(verdict, proof.Accepted) else None
        state = None if row is None else self._answers.submitted(message, row, stamp)
        for report in replies.to_submit(message, verdict, state, stamp):
            self._deliver(report)
        if isinstance(verdict, proof.Accepted) and message.kind is OrderKind.MARKET:
            await self._tell_filled(message, verdict.row)

    async def _tell_filled(self, message: SubmitOrder, row: Row) -> None:
        """Report a market order's fill in case the stream lost it; a second report changes nothing.

        An entry whose fill is unknown has no stop. The fill comes from the answer, else from a query.
        """
        await asyncio.sleep(FILL_GRACE_S)
        report = self._answers.submitted(message, row, self._reader.stamp())
        if report is None or not report.filled_quantity:
            await self._session.quiet()
            found = await self._reader.order(_query_of(message, conditional=False))
            report = found if isinstance(found, OrderReport) and found.filled_quantity else None
        if report is not None:
            self._deliver(replies.following(report, message))

    async def _margin_is_right(self, message: SubmitOpening) -> bool:
        """Return whether the margin mode is the configured one; otherwise report the refusal."""
        try:
            refusal = await self._margins.refusal(message.symbol)
        except asyncio.CancelledError:
            self.decline(message, Venue.STOPPED_UNSENT())
            raise
        stamp = self._reader.stamp()
        if refusal is not None:
            self.judge_setting(refusal.answer if isinstance(refusal, Unchanged) else refusal)
        match refusal:
            case None:
                return True
            case Unchanged(answer=answer, text=text):
                self._deliver(replies.rejected(message, answer.reason, answer.code, text, stamp))
            case proof.NotExecuted():
                self._deliver(replies.not_executed(message, refusal, stamp))
        return False

    async def _send(self, ask: Ask, call: Call, message: OrderRequest, *, name: str | None = None) -> Verdict:
        """Send a call; `name`: the client order id that the answer has to name, where the request has one."""
        tape = Tape()
        try:
            verdict = await self._session.ask(ask, call, client_order_id=name, tape=tape)
        except asyncio.CancelledError:
            # A canceled coroutine may have reached the venue; only one that never began surely did not.
            if tape.begun:
                self.doubt(message, Venue.STOPPED_UNANSWERED())
            else:
                self.decline(message, Venue.STOPPED_UNSENT())
            raise
        try:
            await self._reader.after(verdict)
        except asyncio.CancelledError:
            self.doubt(message, Venue.STOPPED_UNANSWERED())
            raise
        return verdict

    async def _adopt(self, message: SubmitOrder, verdict: proof.Duplicate) -> None:
        """Fetch the open order with this client order id and report it: its first answer was lost."""
        try:
            found = await self._reader.order(_query_of(message, conditional=message.kind.conditional))
        except asyncio.CancelledError:
            self.doubt(message, Venue.STOPPED_UNANSWERED())
            raise
        if isinstance(found, OrderReport):
            self._deliver(replies.accepted(message, found.venue_order_id, self._reader.stamp()))
            self._deliver(replies.following(found, message))
        else:
            self.doubt(message, Venue.DUPLICATE_UNREAD(answer=proof.in_words(verdict)))

    async def _cancel(self, message: CancelOrder) -> None:
        verdict = await self._send(Ask.CANCEL, self._requests.cancel(message), message, name=message.client_order_id)
        if isinstance(verdict, proof.Missing) and message.conditional:
            await self._cancel_child(message, verdict)
        elif isinstance(verdict, proof.Accepted):
            await self._canceled(message, verdict)
        else:
            self._not_canceled(message, verdict)

    def _not_canceled(self, message: CancelOrder, verdict: Verdict) -> None:
        stamp = self._reader.stamp()
        match verdict:
            case proof.Missing(code=code, text=text) | proof.Rejected(code=code, text=text):
                self._deliver(replies.cancel_rejected(message, code, text, stamp))
            case proof.NotExecuted():
                self._deliver(replies.not_executed(message, verdict, stamp))
            case proof.Unknown(cause=cause, refused=refused):
                silent = proof.is_silent(verdict)
                self._deliver(replies.unknown(message, cause, stamp, silent=silent, answered=refused))
            case proof.Accepted() | proof.Duplicate() | proof.Answered():
                self._deliver(replies.unknown(message, Venue.NO_CANCEL_ANSWER(), stamp))

    async def _cancel_child(self, message: CancelOrder, missing: proof.Missing) -> None:
        """Take a triggered order's child off the book, which no cancel of its parent reaches.

        Real world possibility: the child stays in the matching engine, unfilled or filled in part.
        """
        try:
            found = await self._reader.conditional(message)
        except (ReadError, MalformedError):
            found = None
        except asyncio.CancelledError:
            self.doubt(message, Venue.STOPPED_UNANSWERED())
            raise
        if found is None:
            self._not_canceled(message, missing)
            return
        row, child = found
        call = self._requests.cancel_by_venue_id(message.symbol, child)
        answer = await self._send(Ask.CANCEL, call, message)
        if not isinstance(answer, proof.Accepted):
            self._not_canceled(message, answer)
            return
        try:
            report = self._answers.child_canceled(row, answer.row, self._reader.stamp())
        except MalformedError as error:
            self.doubt(message, Venue.CANCELED_MALFORMED(why=error.cause))
            return
        self._deliver(replies.following(report, message))

    async def _canceled(self, message: CancelOrder, verdict: proof.Accepted) -> None:
        try:
            state = self._answers.canceled(verdict.row, self._reader.stamp())
            report = await self._reader.order(message) if state is None else state
        except MalformedError as error:
            self.doubt(message, Venue.CANCELED_MALFORMED(why=error.cause))
            return
        except asyncio.CancelledError:
            self.doubt(message, Venue.STOPPED_UNANSWERED())
            raise
        if not isinstance(report, OrderReport):
            self.doubt(message, Venue.CANCELED_UNREAD())
            return
        # The cancel was accepted; a read that does not show it yet is old.
        status = OrderStatus.CANCELED if report.status is OrderStatus.WORKING else report.status
        self._deliver(replies.following(replace(report, status=status, queried=False), message))

    async def _read(self, message: Message) -> None:
        match message:
            case QueryOrder():
                self._deliver(await self._reader.order(message))
            case FetchFills():
                await self._fetch_fills(message)
            case SetLeverage():
                await self._set_leverage(message)
            case FetchPositions() | FetchOpenOrders() | FetchBalance() | FetchTrades():
                await self._fetch(message)
            case _:
                raise TypeError(f"{type(message).__name__} is no request to a venue")

    async def _fetch(self, message: FetchPositions | FetchOpenOrders | FetchBalance | FetchTrades) -> None:
        report: Message
        try:
            match message:
                case FetchPositions():
                    report = await self._reader.positions(message)
                case FetchOpenOrders():
                    report = await self._reader.open_orders(message)
                case FetchBalance():
                    report = await self._reader.balance(message)
                case FetchTrades():
                    report = await self._reader.trades(message)
        except ReadError as error:
            stamp = self._reader.stamp()
            report = replies.fetch_failed(
                message, message.request_id, error.cause, error.retry_after_ms, stamp, silent=error.silent
            )
        except MalformedError as error:
            # One row that cannot be read makes the whole list evidence of nothing.
            cause = Venue.UNREADABLE_ANSWER(why=error.cause)
            report = replies.fetch_failed(message, message.request_id, cause, 0, self._reader.stamp())
        self._deliver(report)

    async def _fetch_fills(self, message: FetchFills) -> None:
        try:
            fills = await self._reader.fills(message)
        except NoSuchOrderError:
            self._deliver(replies.order_not_found(message, self._reader.stamp()))
            return
        except ReadError as error:
            stamp = self._reader.stamp()
            failed = replies.query_failed(message, error.cause, error.retry_after_ms, stamp, silent=error.silent)
            self._deliver(failed)
            return
        except MalformedError as error:
            cause = Venue.UNREADABLE_ANSWER(why=error.cause)
            self._deliver(replies.query_failed(message, cause, 0, self._reader.stamp()))
            return
        for fill in fills:
            self._deliver(replies.following(fill, message))
        stamp = self._reader.stamp()
        fetched = FillsFetched(
            account=stamp.account,
            ts_init=stamp.ts_init,
            symbol=message.symbol,
            client_order_id=message.client_order_id,
            filled_quantity=sum((fill.quantity for fill in fills), Decimal(0)),
        )
        self._deliver(replies.following(fetched, message))

    async def _set_leverage(self, message: SetLeverage) -> None:
        verdict = await self._session.ask(Ask.SETTING, self._requests.leverage(message.symbol, message.leverage))
        await self._reader.after(verdict)
        if isinstance(verdict, proof.Answered) and not self._answers.leverage_confirmed(message, verdict.value):
            self._deliver(await self._leverage_read_back(message))
            return
        if isinstance(verdict, proof.Answered):
            self._reader.symbols.note_leverage(message.symbol, message.leverage)
        self._deliver(replies.to_setting(message, verdict, self._reader.stamp()))

    async def _leverage_read_back(self, message: SetLeverage) -> Message:
        """Read the leverage and report it: the answer did not confirm the requested one."""
        try:
            await self._reader.read_symbol_settings()
        except (ReadError, MalformedError) as error:
            text = Venue.LEVERAGE_UNREAD(why=error.cause)
            again_ms = error.retry_after_ms if isinstance(error, ReadError) else 0
            return replies.setting_refused(message, text, self._reader.stamp(), unknown=True, retry_after_ms=again_ms)
        return replies.to_reading(message, self._reader.symbols.leverage(message.symbol), self._reader.stamp())


def _query_of(message: OrderRequest, *, conditional: bool) -> QueryOrder:
    return QueryOrder(
        account=message.account,
        symbol=message.symbol,
        client_order_id=message.client_order_id,
        conditional=conditional,
    )
