"""The venue's refusals, with the codes and texts of its documentation.

Source: https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code
"""

from collections.abc import Mapping

from adapters.paper.refusals import Reason, Refusal


class ApiRefusal(Exception):  # noqa: N818  a refused request is an ordinary answer, not an error of the model
    """A request the venue refuses: HTTP status, numeric code and text of its JSON body."""

    def __init__(self, code: int, message: str, *, status: int = 400) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status


def said(refusal: Refusal | ApiRefusal) -> ApiRefusal:
    """Return the model's refusal with the venue's code and text."""
    if isinstance(refusal, ApiRefusal):
        return refusal
    code, text = _WORDS[refusal.reason]
    return ApiRefusal(code, text.format(**refusal.facts))


_AVAILABLE = "Please ensure that positions or open orders are available."
_NOT_RECORDED = "The order will not be recorded in the order history"
_WORDS: Mapping[Reason, tuple[int, str]] = {
    Reason.UNKNOWN_SYMBOL: (-1121, "Invalid symbol."),
    Reason.SYMBOL_HALTED: (-4140, "Invalid symbol status for opening position."),
    Reason.SYMBOL_CLOSED: (-4141, "Symbol is closed."),
    Reason.TOO_PRECISE: (-1111, "Precision is over the maximum defined for this asset."),
    Reason.PRICE_ZERO: (-4001, "Price less than 0."),
    Reason.PRICE_LOW: (-4013, "Price less than min price."),
    Reason.PRICE_HIGH: (-4002, "Price greater than max price."),
    Reason.PRICE_TICK: (-4014, "Price not increased by tick size."),
    Reason.PRICE_ABOVE_BAND: (-4016, "Limit price can't be higher than {cap}."),
    Reason.PRICE_BELOW_BAND: (-4024, "Limit price can't be lower than {floor}."),
    Reason.NO_COUNTERPARTY: (
        -4131,
        "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
    ),
    Reason.QUANTITY_ZERO: (-4003, "Quantity less than or equal to zero."),
    Reason.QUANTITY_LOW: (-4004, "Quantity less than min quantity."),
    Reason.QUANTITY_HIGH: (-4005, "Quantity greater than max quantity."),
    Reason.QUANTITY_STEP: (-4023, "Quantity not increased by step size."),
    Reason.NOTIONAL_LOW: (
        -4164,
        "Order's notional must be no smaller than {least} (unless you choose reduce only).",
    ),
    Reason.DUPLICATE_ID: (-4116, "ClientOrderId is duplicated."),
    Reason.MARGIN: (-2019, "Margin is insufficient."),
    Reason.POSITION_LIMIT: (-2027, "Exceeded the maximum allowable position at current leverage."),
    Reason.ORDER_LIMIT: (-2025, "Reach max open order limit."),
    Reason.CONDITIONAL_LIMIT: (-4045, "Reach max stop order limit."),
    Reason.NOTHING_TO_REDUCE: (-2022, "ReduceOnly Order is rejected."),
    Reason.REDUCTION_BLOCKED: (
        -4118,
        "ReduceOnly Order Failed. Please check your existing position and open orders",
    ),
    Reason.POST_ONLY: (
        -5022,
        f"Due to the order could not be executed as maker, the Post Only order will be rejected. {_NOT_RECORDED}",
    ),
    Reason.FILL_OR_KILL: (
        -5021,
        f"Due to the order could not be filled immediately, the FOK order has been rejected. {_NOT_RECORDED}",
    ),
    Reason.WOULD_TRIGGER: (-2021, "Order would immediately trigger."),
    Reason.TRIGGERING: (-4117, "Stop order is triggering, please try again later."),
    Reason.CLOSE_WITHOUT_POSITION: (
        -4509,
        f"TIF GTE can only be used with open positions or open orders. {_AVAILABLE}",
    ),
    Reason.CLOSE_TWICE: (
        -4130,
        "An open stop or take profit order with GTE and closePosition in the direction is existing.",
    ),
    Reason.AMEND_KIND: (-5025, "Only limit order is supported."),
    Reason.AMEND_LIMIT: (-5026, "Exceed maximum modify order limit."),
    Reason.AMEND_SAME: (-5027, "No need to modify the order."),
}


def missing(name: str) -> ApiRefusal:
    """-1102: a mandatory parameter is absent, empty or malformed."""
    return ApiRefusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def unneeded(name: str) -> ApiRefusal:
    """-1106: a parameter was sent that this request may not carry."""
    return ApiRefusal(-1106, f"Parameter '{name}' sent when not required.")


def no_such_order() -> ApiRefusal:
    """-2013, on queries: proves nothing before the request's validity window has passed."""
    return ApiRefusal(-2013, "Order does not exist.")


def unknown_order_sent() -> ApiRefusal:
    """-2011, on cancels: never existed, already filled or already gone."""
    return ApiRefusal(-2011, "Unknown order sent.")


def invalid_client_id() -> ApiRefusal:
    return ApiRefusal(-4015, "Client order id is not valid.")


def wrong_position_side() -> ApiRefusal:
    return ApiRefusal(-4061, "Order's position side does not match user's setting.")
