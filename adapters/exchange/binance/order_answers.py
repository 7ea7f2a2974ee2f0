"""The role `adapters.exchange.venue.Answers` for Binance USDⓈ-M. Pure."""

from adapters.exchange.binance.normalize import conditional_report, order_report
from adapters.exchange.rows import MalformedError, Row
from adapters.exchange.venue import Stamp
from messages.reports import OrderReport
from messages.requests import SetLeverage, SubmitOrder


def submitted(request: SubmitOrder, row: Row, stamp: Stamp) -> OrderReport | None:
    """Return a market order's fills (`newOrderRespType=RESULT`), a conditional order's state."""
    try:
        if request.kind.conditional:
            return conditional_report(row, None, stamp, queried=False)
        return order_report(row, stamp, queried=False)
    except MalformedError:
        return None


def canceled(row: Row, stamp: Stamp) -> OrderReport | None:
    """Return None for a conditional order: its cancel answer holds ids only."""
    return None if "algoId" in row else order_report(row, stamp)


def child_canceled(row: Row, child: Row, stamp: Stamp) -> OrderReport:
    return conditional_report(row, child, stamp, queried=False)


def leverage_confirmed(request: SetLeverage, value: object) -> bool:
    """Return whether the answer names the requested leverage and symbol; anything less confirms nothing."""
    if not isinstance(value, dict) or value.get("symbol", request.symbol) != request.symbol:
        return False
    return str(value.get("leverage")) == str(request.leverage)
