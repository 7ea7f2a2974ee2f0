"""Fault plans: what fails, when, and whether the request still takes effect.

Everything is data, so that a plan can be sent to a running server as JSON. A fault is drawn (`chance_ppm`) or explicit
(`nth`, `count`); draws use a random stream of the plan's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from adapters.paper.rng import SplitMix64, seed_for

PPM = 1_000_000


class FaultKind(StrEnum):
    """What happens. The first block concerns answers, the second executions, the third streams."""

    HANG = "HANG"
    RESET = "RESET"
    STATUS = "STATUS"
    EMPTY_200 = "EMPTY_200"
    HTML_200 = "HTML_200"
    TRUNCATED_200 = "TRUNCATED_200"
    DELAYED = "DELAYED"
    STALE_READ = "STALE_READ"
    PARTIAL_LIST = "PARTIAL_LIST"
    EMPTY_LIST = "EMPTY_LIST"
    MISREPORTED_CANCELED = "MISREPORTED_CANCELED"
    MALFORMED = "MALFORMED"
    ABSURD_NUMBERS = "ABSURD_NUMBERS"

    PARTIAL_FILL = "PARTIAL_FILL"
    TRIGGER_STUCK = "TRIGGER_STUCK"
    TRIGGER_REJECTED = "TRIGGER_REJECTED"
    TRIGGER_EXPIRED = "TRIGGER_EXPIRED"
    CHILD_REJECTED = "CHILD_REJECTED"
    CHILD_CANCELED = "CHILD_CANCELED"
    CHILD_STUCK = "CHILD_STUCK"

    EVENT_LOST = "EVENT_LOST"
    EVENT_DUPLICATED = "EVENT_DUPLICATED"
    EVENT_DELAYED = "EVENT_DELAYED"
    EVENT_REORDERED = "EVENT_REORDERED"
    EVENT_MALFORMED = "EVENT_MALFORMED"
    EVENT_ABSURD = "EVENT_ABSURD"
    STREAM_DISCONNECT = "STREAM_DISCONNECT"
    LISTEN_KEY_EXPIRY = "LISTEN_KEY_EXPIRY"


STREAM_KINDS = frozenset(
    {
        FaultKind.EVENT_LOST,
        FaultKind.EVENT_DUPLICATED,
        FaultKind.EVENT_DELAYED,
        FaultKind.EVENT_REORDERED,
        FaultKind.EVENT_MALFORMED,
        FaultKind.EVENT_ABSURD,
        FaultKind.STREAM_DISCONNECT,
        FaultKind.LISTEN_KEY_EXPIRY,
    }
)
EXECUTION_KINDS = frozenset({FaultKind.PARTIAL_FILL})
TRIGGER_KINDS = frozenset(
    {
        FaultKind.TRIGGER_STUCK,
        FaultKind.TRIGGER_REJECTED,
        FaultKind.TRIGGER_EXPIRED,
        FaultKind.CHILD_REJECTED,
        FaultKind.CHILD_CANCELED,
        FaultKind.CHILD_STUCK,
    }
)
"""The fate of a triggered conditional order. Stuck ones execute `delay_ms` later; others that do not execute carry
`message` as the reason.
"""
SERVED_KINDS = frozenset(
    {
        FaultKind.DELAYED,
        FaultKind.STALE_READ,
        FaultKind.PARTIAL_LIST,
        FaultKind.EMPTY_LIST,
        FaultKind.MISREPORTED_CANCELED,
        FaultKind.MALFORMED,
        FaultKind.ABSURD_NUMBERS,
    }
)
"""Faults that need the honest answer: the request is always carried out, whatever the fault's moment."""
REQUEST_KINDS = frozenset(FaultKind) - STREAM_KINDS - EXECUTION_KINDS - TRIGGER_KINDS


class Moment(StrEnum):
    """When an answer is spoiled, seen from the request's effect.

    LATER: the answer is spoiled now, and the effect comes `effect_delay_ms` afterwards, if the request's
    validity window (recvWindow) then still stands; so an order may appear after its query found nothing.
    """

    BEFORE_EFFECT = "BEFORE_EFFECT"
    AFTER_EFFECT = "AFTER_EFFECT"
    LATER = "LATER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. Empty match fields match everything; all that are set must match.

    `nth` counts the matching occasions from 1 and strikes from that one on; `count` bounds how often it
    strikes (0 = without end); `chance_ppm` draws among them. `path` matches the end of the request's path,
    `client_id` the beginning of a client order id (algo ids included), `event` a stream event's type.
    `keep_ppm` is the share kept by a partial fill or partial list; one that names a `key` lacks the rows with that
    `value` there instead. `age_ms` is that of a stale read.
    A malformed answer has `value` (JSON; empty: nothing) at `key` of its `row` (of that number, counted around), or in
    place of the whole row where no key is named; a malformed event has it in its order.
    `body` is what stands in place of each number of an order or trade where they are absurd, as JSON.
    """

    kind: FaultKind
    name: str = ""
    method: str = ""
    path: str = ""
    account: str = ""
    symbol: str = ""
    client_id: str = ""
    side: str = ""
    event: str = ""
    nth: int = 1
    count: int = 1
    chance_ppm: int = PPM
    from_ms: int = 0
    until_ms: int = 0
    moment: Moment = Moment.AFTER_EFFECT
    effect_delay_ms: int = 500
    status: int = 400
    code: int = 0
    message: str = ""
    body: str | None = None
    retry_after_s: int = 0
    delay_ms: int = 1000
    age_ms: int = 1000
    keep_ppm: int = PPM // 2
    row: int = 0
    key: str = ""
    value: str = ""

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Self:
        """Read one fault of a JSON plan; raises ValueError that names an unknown key or value."""
        known = {each.name for each in fields(cls)}
        if unknown := set(row) - known:
            raise ValueError(f"unknown keys of a fault: {', '.join(sorted(unknown))}")
        values = dict(row)
        values["kind"] = FaultKind(row["kind"])
        if "moment" in row:
            values["moment"] = Moment(row["moment"])
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Only what differs from the defaults, so that a plan stays readable."""
        row: dict[str, Any] = {"kind": self.kind.value}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name != "kind" and value != each.default:
                row[each.name] = value.value if isinstance(value, StrEnum) else value
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """Behavior on which the venue's documentation is silent or contradicts itself: both ways, by name."""

    child_keeps_client_id: bool = True
    """A triggered conditional order's child bears its client id. Unverified: the documentation links the
    two by the order id only. False: a generated id."""
    account_update_first: bool = True
    """A fill's ACCOUNT_UPDATE precedes its ORDER_TRADE_UPDATE. Order is documented per type only."""
    trade_lite: bool = True
    """TRADE_LITE is sent before the full fill events."""
    limit_result_is_final: bool = True
    """RESULT of a marketable GTC limit order shows its fills; documented for special timeInForce only."""
    reject_unfillable: bool = True
    """FOK and GTX that cannot stand are refused (-5021, -5022: error codes); False: answered EXPIRED, as
    the New Order page has it."""
    cap_reduce_only: bool = True
    """A reduce-only order larger than the position is cut to it; False: refused with -2022."""
    reduce_only_sum_check: bool = False
    """Reduce-only orders that together exceed the position are refused with -4118."""
    expire_orphans: bool = True
    """Open reduce-only orders expire with their position, and so do conditional closePosition orders
    (GTE_GTC). Conditional reduce-only orders stay until triggered, then are rejected."""
    close_position_needs_position: bool = True
    """closePosition without a position is refused with -4509 (the UI's GTE rule)."""
    one_close_position_per_side: bool = True
    """A second closePosition order of one side and leg is refused with -4130."""
    liquidation_is_calculated: bool = True
    """Liquidation fills carry execution type CALCULATED; False: TRADE."""
    events_must_be_named: bool = False
    """A private socket whose address names no `events` opens and brings nothing. The documentation names them
    in every example and does not say what leaving them out means."""
    trigger_delay_ms: int = 0
    """How long a conditional order stays TRIGGERING before its child exists."""
    ban_after_violations: int = 5
    """Requests answered 429 within a minute before the address is banned (418); the venue only says
    "repeatedly"."""
    ban_ms: int = 120_000
    """Length of the first ban; documented as 2 minutes to 3 days, doubling here."""

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Self:
        """Raises ValueError that names an unknown switch."""
        if unknown := set(row) - {each.name for each in fields(cls)}:
            raise ValueError(f"unknown quirks: {', '.join(sorted(unknown))}")
        return cls(**dict(row))

    def to_dict(self) -> dict[str, Any]:
        return {
            each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name) != each.default
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """Faults in order of precedence (at most one spoils an answer), quirks, the seed of the draws."""

    faults: tuple[Fault, ...] = ()
    quirks: Quirks = field(default_factory=Quirks)
    seed: int = 0

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Self:
        """Read `{"faults": [...], "quirks": {...}, "seed": n}`, all optional; raises ValueError."""
        if unknown := set(row) - {"faults", "quirks", "seed"}:
            raise ValueError(f"unknown keys of a fault plan: {', '.join(sorted(unknown))}")
        return cls(
            faults=tuple(Fault.from_dict(each) for each in row.get("faults", ())),
            quirks=Quirks.from_dict(row.get("quirks", {})),
            seed=int(row.get("seed", 0)),
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "faults": [fault.to_dict() for fault in self.faults],
            "quirks": self.quirks.to_dict(),
            "seed": self.seed,
        }


NO_FAULTS = FaultPlan()


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRecord:
    """A fault that struck: which, on what, and whether the request took effect.

    `effect` is None while it is still to come (Moment.LATER) and for stream faults.
    """

    at_ms: int
    kind: FaultKind
    name: str
    account: str
    subject: str
    client_id: str
    effect: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a fault may match: a request, an execution or a stream event."""

    now_ms: int
    account: str = ""
    method: str = ""
    path: str = ""
    symbol: str = ""
    client_id: str = ""
    side: str = ""
    event: str = ""


class FaultState:
    """A running plan: how often each fault matched and struck."""

    __slots__ = ("_execution", "_random", "_request", "_stream", "_trigger", "met", "plan", "struck")

    def __init__(self, plan: FaultPlan, *, met: list[int] | None = None, struck: list[int] | None = None) -> None:
        self.plan = plan
        self.met = met or [0] * len(plan.faults)
        self.struck = struck or [0] * len(plan.faults)
        self._random = SplitMix64(seed_for(plan.seed, "faults"))
        self._request = _indexes(plan, REQUEST_KINDS)
        self._execution = _indexes(plan, EXECUTION_KINDS)
        self._stream = _indexes(plan, STREAM_KINDS)
        self._trigger = _indexes(plan, TRIGGER_KINDS)

    @property
    def random_state(self) -> int:
        return self._random.state

    @random_state.setter
    def random_state(self, state: int) -> None:
        self._random.state = state

    @property
    def on_requests(self) -> bool:
        return bool(self._request)

    @property
    def on_executions(self) -> bool:
        return bool(self._execution)

    @property
    def on_streams(self) -> bool:
        return bool(self._stream)

    def strike_request(self, occasion: Occasion) -> Fault | None:
        return self._strike(self._request, occasion)

    def strike_execution(self, occasion: Occasion) -> Fault | None:
        return self._strike(self._execution, occasion)

    def strike_trigger(self, occasion: Occasion, kinds: frozenset[FaultKind]) -> Fault | None:
        indexes = tuple(index for index in self._trigger if self.plan.faults[index].kind in kinds)
        return self._strike(indexes, occasion) if indexes else None

    def strike_stream(self, occasion: Occasion) -> Fault | None:
        return self._strike(self._stream, occasion)

    def _strike(self, indexes: tuple[int, ...], occasion: Occasion) -> Fault | None:
        """The first fault that matches and strikes; every match before it is counted as met."""
        for index in indexes:
            fault = self.plan.faults[index]
            if not _matches(fault, occasion) or (fault.count and self.struck[index] >= fault.count):
                continue
            self.met[index] += 1
            if self.met[index] < fault.nth or not self._random.happens(fault.chance_ppm):
                continue
            self.struck[index] += 1
            return fault
        return None


def kept(quantity: Decimal, step: Decimal, keep_ppm: int) -> Decimal:
    """The share of `quantity` that a partial fill executes, on the step grid."""
    steps = int(quantity / step) * keep_ppm // PPM
    return step * steps


def _indexes(plan: FaultPlan, kinds: frozenset[FaultKind]) -> tuple[int, ...]:
    return tuple(i for i, fault in enumerate(plan.faults) if fault.kind in kinds)


def _matches(fault: Fault, on: Occasion) -> bool:
    return (
        (not fault.method or fault.method == on.method)
        and (not fault.path or on.path.endswith(fault.path))
        and (not fault.event or fault.event == on.event)
        and (not fault.symbol or fault.symbol == on.symbol)
        and (not fault.side or fault.side == on.side)
        and (not fault.account or fault.account == on.account)
        # Misreported orders are matched row by row, since a query may name the order by the venue's id.
        and (
            not fault.client_id
            or fault.kind is FaultKind.MISREPORTED_CANCELED
            or on.client_id.startswith(fault.client_id)
        )
        and fault.from_ms <= on.now_ms
        and (not fault.until_ms or on.now_ms < fault.until_ms)
    )
