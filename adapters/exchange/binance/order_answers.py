"""What Binance USDⓈ-M's answers tell of an order: the role `adapters.exchange.venue.Answers`. Pure."""

from adapters.exchange.binance.normalize import conditional_report, order_report
from adapters.exchange.rows import MalformedError, Row
from adapters.exchange.venue import Stamp
from messages.reports import OrderReport
from messages.requests import SetLeverage, SubmitOrder


def submitted(request: SubmitOrder, row: Row, stamp: Stamp) -> OrderReport | None:
    """Of a market order its fills (`newOrderRespType=RESULT`), of a conditional one its state."""
    try:
        if request.kind.conditional:
            return conditional_report(row, None, stamp, queried=False)
        return order_report(row, stamp, queried=False)
    except MalformedError:
        return None


def canceled(row: Row, stamp: Stamp) -> OrderReport | None:
    """The answer to the cancel of a conditional order names it and tells nothing else of it."""
    return None if "algoId" in row else order_report(row, stamp)


def child_canceled(row: Row, child: Row, stamp: Stamp) -> OrderReport:
    return conditional_report(row, child, stamp, queried=False)


def leverage_confirmed(request: SetLeverage, value: object) -> bool:
    """Whether an answer names the leverage and the symbol that were asked for: nothing less is a yes."""
    if not isinstance(value, dict) or value.get("symbol", request.symbol) != request.symbol:
        return False
    return str(value.get("leverage")) == str(request.leverage)
