"""Every raw answer that a client has to handle, as an injectable fault with what it proves.

Sources: error codes and general information of the USDⓈ-M documentation ("HTTP Return Codes": 503 in its three forms,
408, 429, 418, 403); proxies produce empty, HTML and truncated bodies.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from adapters.paper.faults import Fault, FaultKind, Moment


class Proof(StrEnum):
    """What an answer proves about its request."""

    UNKNOWN = "UNKNOWN"
    NOT_EXECUTED = "NOT_EXECUTED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """One row: its name, the fault that produces it, and what it proves.

    Only an UNKNOWN answer may come with either effect; the others are honest and never follow one.
    """

    name: str
    fault: Fault
    proves: Proof

    def at(self, moment: Moment, **match: Any) -> Fault:
        """Return the fault for requests that `match` (fields of Fault) selects. Raises ValueError for a
        dishonest one.
        """
        if self.proves is not Proof.UNKNOWN and moment is not Moment.BEFORE_EFFECT:
            raise ValueError(f"{self.name} proves that nothing was done; it cannot come {moment}")
        return replace(self.fault, moment=moment, **match)


_TIMEOUT = "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
_UNKNOWN_ERROR = "Unknown error, please check your request or try again later."
_OVERLOADED = "Server is currently overloaded with other requests. Please try again in a few minutes."
_HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body><center><h1>{0}</h1></center></body>\r\n</html>\r\n"
_TOO_MANY = "Too many requests; current limit of IP is 2400 requests per minute."
_BANNED = "Way too many requests; IP banned. Please use the websocket for live updates to avoid bans."


def _unknown(name: str, kind: FaultKind = FaultKind.STATUS, **fields: Any) -> RawAnswer:
    return RawAnswer(name=name, fault=Fault(kind=kind, name=name, **fields), proves=Proof.UNKNOWN)


def _refused(name: str, proves: Proof, **fields: Any) -> RawAnswer:
    fault = Fault(kind=FaultKind.STATUS, name=name, moment=Moment.BEFORE_EFFECT, **fields)
    return RawAnswer(name=name, fault=fault, proves=proves)


def _not_executed(name: str, **fields: Any) -> RawAnswer:
    return _refused(name, Proof.NOT_EXECUTED, **fields)


def _rejected(name: str, **fields: Any) -> RawAnswer:
    return _refused(name, Proof.REJECTED, **fields)


def _page(title: str) -> str:
    return _HTML.format(title)


_ROWS: tuple[RawAnswer, ...] = (
    _unknown("timeout_408", status=408, code=-1007, message=_TIMEOUT),
    _unknown("timeout_400", status=400, code=-1007, message=_TIMEOUT),
    _unknown("read_timeout", FaultKind.HANG),
    _unknown("gateway_timeout", status=504, body=_page("504 Gateway Time-out")),
    _unknown("unknown_1000", code=-1000, message="An unknown error occurred while processing the request."),
    _unknown(
        "disconnected_1001",
        code=-1001,
        message="Internal error; unable to process your request. Please try again.",
    ),
    _unknown(
        "unexpected_1006",
        code=-1006,
        message="An unexpected response was received from the message bus. Execution status unknown.",
    ),
    _unknown("unknown_error_503", status=503, message=_UNKNOWN_ERROR),
    _unknown("internal_500", status=500, body=_page("500 Internal Server Error")),
    _unknown("bad_gateway_502", status=502, body=_page("502 Bad Gateway")),
    _unknown("unknown_520", status=520, body=_page("520: Web server is returning an unknown error")),
    _unknown("reset", FaultKind.RESET),
    _unknown("empty_200", FaultKind.EMPTY_200),
    _unknown("html_200", FaultKind.HTML_200),
    _unknown("truncated_200", FaultKind.TRUNCATED_200),
    _not_executed("unavailable_503", status=503, message="Service Unavailable."),
    _not_executed("overloaded_1008", status=503, code=-1008, message=_OVERLOADED),
    _not_executed("too_many_429", status=429, code=-1003, message=_TOO_MANY, retry_after_s=5),
    _not_executed("banned_418", status=418, code=-1003, message=_BANNED, retry_after_s=120),
    _not_executed("too_many_1003", status=400, code=-1003, message=_TOO_MANY),
    _not_executed("too_many_orders_1015", status=400, code=-1015, message="Too many new orders."),
    _not_executed("forbidden_403", status=403, body=_page("403 Forbidden")),
    _not_executed("clock_1021", code=-1021, message="Timestamp for this request is outside of the recvWindow."),
    _not_executed("clock_5028", code=-5028, message="Timestamp for this request is outside of the ME recvWindow."),
    _rejected("rejected_2010", code=-2010, message="NEW_ORDER_REJECTED"),
    _rejected("balance_2018", code=-2018, message="Balance is insufficient."),
    _rejected("margin_2019", code=-2019, message="Margin is insufficient."),
    _rejected(
        "notional_4164",
        code=-4164,
        message="Order's notional must be no smaller than 5 (unless you choose reduce only).",
    ),
    _rejected("precision_1111", code=-1111, message="Precision is over the maximum defined for this asset."),
    _rejected("reduce_only_2022", code=-2022, message="ReduceOnly Order is rejected."),
    _rejected("would_trigger_2021", code=-2021, message="Order would immediately trigger."),
    # The rejection concerns this request; an earlier order with the client id lives.
    _rejected("duplicate_4116", code=-4116, message="ClientOrderId is duplicated."),
    # On a cancel: perhaps filled. On a query: proves nothing until the validity window has passed.
    _unknown("cancel_unknown_2011", code=-2011, message="Unknown order sent."),
    _unknown("query_not_found_2013", code=-2013, message="Order does not exist."),
)

ANSWERS: dict[str, RawAnswer] = {row.name: row for row in _ROWS}
