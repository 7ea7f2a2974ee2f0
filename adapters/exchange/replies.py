"""Maps a request and its verdict to the report that answers it. Pure.

Every reply carries the correlation id of its request.
"""

from dataclasses import replace
from typing import TypeVar

from adapters.exchange import outcome as proof
from adapters.exchange.outcome import Verdict
from adapters.exchange.venue import Stamp
from messages.base import Message
from messages.reports import (
    CancelRejected,
    FetchFailed,
    NotExecuted,
    OrderAccepted,
    OrderNotFound,
    OrderRejected,
    OrderReport,
    OutcomeUnknown,
    QueryFailed,
    SettingApplied,
    SettingRefused,
)
from messages.requests import CancelOrder, OrderRequest, SetLeverage, SubmitOrder
from messages.statement import Statement, verbatim
from messages.types import OrderStatus, RejectReason, VenueOrderId
from messages.wording import Venue

MessageT = TypeVar("MessageT", bound=Message)


def following(report: MessageT, request: Message) -> MessageT:
    """Return the report with the request's correlation and causation ids."""
    return replace(report, correlation_id=request.correlation_id, causation_id=request.causation_id)


def to_submit(request: SubmitOrder, verdict: Verdict, state: OrderReport | None, stamp: Stamp) -> tuple[Message, ...]:
    """Return the reports of a submit's verdict; `state`: the order state in the answer, if any.

    The first report is the answer. A second follows when the accepted order ended at once without a fill (no liquidity,
    FOK, a stop refused by the engine). Fills are reported from trades. The caller handles `Duplicate`.
    """
    match verdict:
        case proof.Accepted(venue_order_id=venue_order_id):
            return (accepted(request, venue_order_id, stamp), *_stillborn(request, state))
        case proof.Rejected(reason=reason, code=code, text=text):
            return (rejected(request, reason, code, verbatim(text), stamp),)
        case proof.NotExecuted():
            return (not_executed(request, verdict, stamp),)
        case proof.Unknown(cause=cause, refused=refused):
            return (unknown(request, cause, stamp, silent=proof.is_silent(verdict), answered=refused),)
        case proof.Duplicate():
            return (unknown(request, proof.in_words(verdict), stamp),)
        case proof.Missing() | proof.Answered():
            return (unknown(request, Venue.NO_SUBMIT_ANSWER(), stamp),)


def accepted(request: SubmitOrder, venue_order_id: VenueOrderId, stamp: Stamp) -> OrderAccepted:
    report = OrderAccepted(
        account=stamp.account,
        ts_init=stamp.ts_init,
        symbol=request.symbol,
        client_order_id=request.client_order_id,
        venue_order_id=venue_order_id,
    )
    return following(report, request)


def rejected(request: SubmitOrder, reason: RejectReason, code: str, text: Statement, stamp: Stamp) -> OrderRejected:
    report = OrderRejected(
        account=stamp.account,
        ts_init=stamp.ts_init,
        symbol=request.symbol,
        client_order_id=request.client_order_id,
        reason=reason,
        code=code,
        text=text,
    )
    return following(report, request)


def cancel_rejected(request: CancelOrder, code: str, text: str, stamp: Stamp) -> CancelRejected:
    """Return the rejection of a cancel; `text` is the venue's."""
    report = CancelRejected(
        account=stamp.account,
        ts_init=stamp.ts_init,
        symbol=request.symbol,
        client_order_id=request.client_order_id,
        code=code,
        text=verbatim(text),
    )
    return following(report, request)


def unknown(
    request: OrderRequest, cause: Statement, stamp: Stamp, *, silent: bool = False, answered: bool = False
) -> OutcomeUnknown:
    report = OutcomeUnknown(
        account=stamp.account,
        ts_init=stamp.ts_init,
        symbol=request.symbol,
        client_order_id=request.client_order_id,
        cause=cause,
        cancel=isinstance(request, CancelOrder),
        silent=silent,
        answered=answered,
    )
    return following(report, request)


def not_executed(request: OrderRequest, verdict: proof.NotExecuted, stamp: Stamp) -> NotExecuted:
    report = NotExecuted(
        account=stamp.account,
        ts_init=stamp.ts_init,
        symbol=request.symbol,
        client_order_id=request.client_order_id,
        retry_after_ms=verdict.retry_after_ms,
        cause=verdict.cause,
        cancel=isinstance(request, CancelOrder),
        throttled=verdict.throttled,
        silent=proof.is_silent(verdict),
        untimely=verdict.resync,
    )
    return following(report, request)


def order_not_found(request: OrderRequest, stamp: Stamp) -> OrderNotFound:
    report = OrderNotFound(
        account=stamp.account,
        ts_init=stamp.ts_init,
        symbol=request.symbol,
        client_order_id=request.client_order_id,
    )
    return following(report, request)


def query_failed(
    request: OrderRequest, cause: Statement, retry_after_ms: int, stamp: Stamp, *, silent: bool = False
) -> QueryFailed:
    report = QueryFailed(
        account=stamp.account,
        ts_init=stamp.ts_init,
        symbol=request.symbol,
        client_order_id=request.client_order_id,
        cause=cause,
        retry_after_ms=retry_after_ms,
        silent=silent,
    )
    return following(report, request)


def fetch_failed(
    request: Message, request_id: str, cause: Statement, retry_after_ms: int, stamp: Stamp, *, silent: bool = False
) -> FetchFailed:
    report = FetchFailed(
        account=stamp.account,
        ts_init=stamp.ts_init,
        request_id=request_id,
        cause=cause,
        retry_after_ms=retry_after_ms,
        silent=silent,
    )
    return following(report, request)


def to_reading(request: SetLeverage, found: int | None, stamp: Stamp) -> SettingApplied | SettingRefused:
    """Return the report of a setting with an unclear answer, from the symbol's leverage read afterwards."""
    if found == request.leverage:
        return _applied(request, stamp)
    if found is None:
        return setting_refused(request, Venue.LEVERAGE_UNNAMED(symbol=request.symbol), stamp, unknown=True)
    text = Venue.LEVERAGE_DIFFERS(leverage=request.leverage, found=found, symbol=request.symbol)
    return setting_refused(request, text, stamp)


def to_setting(request: SetLeverage, verdict: Verdict, stamp: Stamp) -> SettingApplied | SettingRefused:
    """Return the report of a setting; anything but a clear yes or no is `unknown`, since settings may be repeated."""
    match verdict:
        case proof.Answered():
            return _applied(request, stamp)
        case proof.Rejected():
            return setting_refused(request, proof.in_words(verdict), stamp)
        case proof.NotExecuted(cause=cause, retry_after_ms=retry_after_ms):
            report = setting_refused(request, cause, stamp, unknown=True, retry_after_ms=retry_after_ms)
            return replace(report, silent=proof.is_silent(verdict))
        case proof.Unknown(cause=cause):
            return replace(setting_refused(request, cause, stamp, unknown=True), silent=proof.is_silent(verdict))
        case _:
            return setting_refused(request, Venue.NO_SETTING_ANSWER(), stamp, unknown=True)


def setting_refused(
    request: SetLeverage, text: Statement, stamp: Stamp, *, unknown: bool = False, retry_after_ms: int = 0
) -> SettingRefused:
    report = SettingRefused(
        account=stamp.account,
        ts_init=stamp.ts_init,
        position_id=request.position_id,
        symbol=request.symbol,
        leverage=request.leverage,
        text=text,
        unknown=unknown,
        retry_after_ms=retry_after_ms,
    )
    return following(report, request)


def _applied(request: SetLeverage, stamp: Stamp) -> SettingApplied:
    report = SettingApplied(
        account=stamp.account,
        ts_init=stamp.ts_init,
        position_id=request.position_id,
        symbol=request.symbol,
        leverage=request.leverage,
    )
    return following(report, request)


def _stillborn(request: SubmitOrder, state: OrderReport | None) -> tuple[OrderReport, ...]:
    if state is None or not state.status.ended or state.status is OrderStatus.FILLED:
        return ()
    return (following(state, request),)
