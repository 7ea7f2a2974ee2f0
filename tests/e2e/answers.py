"""Every row of the venue's ambiguous answers as a fault, and the ways in which its effect may come."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Fault = Mapping[str, Any]


class Proof(StrEnum):
    """What the answer proves of the request."""

    UNKNOWN = "unknown"
    NOT_EXECUTED = "not executed"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"


class Effect(StrEnum):
    """What the request did, whatever its answer said."""

    NONE = "none"
    DONE = "done"
    """And the account's stream tells of it."""
    UNHEARD = "unheard"
    """And every event of it is lost."""
    LATE = "late"
    """It comes half a second after its answer, within its validity, perhaps after a query found nothing."""

    @property
    def happens(self) -> bool:
        return self is not Effect.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One answer with one effect. Its name is a strategy's: [A-Za-z0-9_]."""

    name: str
    proof: Proof
    effect: Effect
    fault: Fault
    lie: bool = False
    """Queries answer that there is no such order, for a while."""

    def faults(self, prefix: str, **match: str) -> Iterator[dict[str, Any]]:
        """For the order whose client id begins with `prefix`."""
        moment = {Effect.NONE: "BEFORE_EFFECT", Effect.LATE: "LATER"}.get(self.effect, "AFTER_EFFECT")
        yield {"client_id": prefix, "moment": moment, "effect_delay_ms": 400, "name": self.name, **match, **self.fault}
        if self.effect is Effect.UNHEARD:
            yield {"kind": "EVENT_LOST", "client_id": prefix, "count": 0, "name": self.name}
        if self.lie:
            no_such_order = {"status": 400, "code": -2013, "message": "Order does not exist."}
            query = {"kind": "STATUS", "method": "GET", "count": 2, "client_id": prefix, "name": f"{self.name}_lie"}
            yield {**query, **no_such_order}


def _status(status: int, code: int = 0, text: str = "", **more: object) -> Fault:
    return {"kind": "STATUS", "status": status, "code": code, "message": text, **more}


_TIMEOUT = "Timeout waiting for response from backend server. Send status unknown; execution status unknown."
_HTML = "<html><body><h1>Error</h1></body></html>"

UNKNOWN: Mapping[str, Fault] = {
    "m1007_408": _status(408, -1007, _TIMEOUT),
    "m1007_400": _status(400, -1007, _TIMEOUT),
    "timeout": {"kind": "HANG"},
    "s504": _status(504, body=_HTML),
    "m1000": _status(400, -1000, "An unknown error occurred while processing the request."),
    "m1001": _status(500, -1001, "Internal error; unable to process your request. Please try again."),
    "m1006": _status(400, -1006, "An unexpected response was received. Execution status unknown."),
    "s503_unknown": _status(503, text="Unknown error, please check your request or try again later."),
    "s500": _status(500, body=_HTML),
    "s502": _status(502, body=_HTML),
    "s520": _status(520, body=_HTML),
    "reset": {"kind": "RESET"},
    "empty": {"kind": "EMPTY_200"},
    "html": {"kind": "HTML_200"},
    "truncated": {"kind": "TRUNCATED_200"},
}
NOT_EXECUTED: Mapping[str, Fault] = {
    "s503_unavailable": _status(503, text="Service Unavailable."),
    "m1008": _status(503, -1008, "Request throttled by system-level protection."),
    "s403_html": _status(403, body=_HTML),
    "m1021": _status(400, -1021, "Timestamp for this request is outside of the recvWindow."),
    "m5028": _status(400, -5028, "Timestamp for this request is outside of the ME recvWindow."),
}
THROTTLED: Mapping[str, Fault] = {
    "s429": _status(429, -1003, "Too many requests.", retry_after_s=1),
    "s418": _status(418, -1003, "Way too many requests; IP banned.", retry_after_s=1),
    "m1003": _status(400, -1003, "Too many requests queued.", retry_after_s=1),
    "m1015": _status(400, -1015, "Too many new orders.", retry_after_s=1),
}
REJECTED: Mapping[str, Fault] = {
    "m2010": _status(400, -2010, "New order rejected."),
    "m2018": _status(400, -2018, "Balance is insufficient."),
    "m2019": _status(400, -2019, "Margin is insufficient."),
    "m4164": _status(400, -4164, "Order's notional must be no smaller than 5."),
    "m1111": _status(400, -1111, "Precision is over the maximum defined for this asset."),
}
DUPLICATE = _status(400, -4116, "ClientOrderId is duplicated.")
ALREADY_THROUGH = _status(400, -2021, "Order would immediately trigger.")
REDUCE_ONLY = _status(400, -2022, "ReduceOnly Order is rejected.")
MISSING = _status(400, -2011, "Unknown order sent.")
LATE_ROWS = ("m1007_408", "timeout", "reset", "empty")


def unknown() -> Iterator[Case]:
    """Every row that proves nothing, with every effect it may have had."""
    for name, fault in UNKNOWN.items():
        for effect in Effect:
            if effect is not Effect.LATE or name in LATE_ROWS:
                yield Case(name=f"{name}_{effect}", proof=Proof.UNKNOWN, effect=effect, fault=fault)


def submits() -> Iterator[Case]:
    """Every row that a submitted order may be answered with, but for what silences the account."""
    yield from unknown()
    for name, fault in NOT_EXECUTED.items():
        yield Case(name=name, proof=Proof.NOT_EXECUTED, effect=Effect.NONE, fault=fault)
    for name, fault in REJECTED.items():
        yield Case(name=name, proof=Proof.REJECTED, effect=Effect.NONE, fault=fault)
    for effect in (Effect.NONE, Effect.UNHEARD):
        yield Case(name=f"m4116_{effect}", proof=Proof.DUPLICATE, effect=effect, fault=DUPLICATE)
    yield Case(name="not_found_at_first", proof=Proof.UNKNOWN, effect=Effect.UNHEARD, fault=UNKNOWN["s502"], lie=True)
