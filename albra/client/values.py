"""The supervisor's answers as values. Numbers are Decimals, times aware datetimes in UTC.

An enumeration gives OTHER for a word that this version does not know; `row` has the word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self, TypeAlias

Row: TypeAlias = Mapping[str, Any]
"""One JSON object of an answer."""


class _Word(StrEnum):
    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls("OTHER") if value != "OTHER" else None


class Side(StrEnum):
    LONG = "long"
    SHORT = "short"


class State(_Word):
    """A position's state. QUARANTINED, DAMAGED and RETIRED do not determine what it holds."""

    PENDING = "PENDING"
    OPENING = "OPENING"
    ACTIVE = "ACTIVE"
    MODIFYING = "MODIFYING"
    MODIFIED = "MODIFIED"
    PAUSED = "PAUSED"
    RECONCILING = "RECONCILING"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    QUARANTINED = "QUARANTINED"
    """Its actor failed too often; the figures are its last."""
    DAMAGED = "DAMAGED"
    """Its history is unreadable; the figures are None."""
    RETIRED = "RETIRED"
    """It was damaged, and its owner has ended it."""
    NOT_SUPERVISED = "NOT_SUPERVISED"
    """The venue holds it without supervision; commands cannot name it."""
    OTHER = "OTHER"


class OrderPurpose(_Word):
    ENTRY = "entry"
    REDUCE = "reduce"
    STOP = "stop"
    TARGET = "target"
    TRAILING = "trailing"
    OTHER = "OTHER"


class Code(StrEnum):
    """Codes of answers that do not accept a command. The first two are final."""

    REFUSED = "refused"
    OTHER_COMMAND = "other_command"
    """The command id stands for another command."""
    NOT_READY = "not_ready"
    BUSY = "busy"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A text's code and arguments, for programs: a code is stable and means one sentence."""

    code: str
    args: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Row | None) -> "Fact | None":
        return None if row is None else cls(code=row["code"], args=row["args"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A durable command, executed exactly once. The position shows its effect.

    `position_id` is None when the command concerns no position, or when it is no longer known.
    """

    command_id: str
    position_id: str | None
    text: str
    text_fact: Fact | None
    row: Row = field(repr=False, compare=False)

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(
            command_id=row["command_id"],
            position_id=row["position_id"],
            text=row["text"],
            text_fact=Fact.of(row.get("text_fact")),
            row=row,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """A difference observed too few times to be a discrepancy."""

    account: str
    symbol: str
    type: str
    believed: str
    reported: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The result of one comparison. `failed`: the unread parts, None for none."""

    text: str
    checked: int
    discrepancies: int
    attempted: int
    succeeded: int
    seconds: float
    failed: str | None
    unproven: tuple[Unproven, ...]
    row: Row = field(repr=False, compare=False)

    @property
    def proven(self) -> bool:
        """Return whether everything was read and no difference awaits further observations."""
        return self.failed is None and not self.unproven

    @classmethod
    def of(cls, row: Row) -> Self:
        texts = ("account", "symbol", "type", "believed", "reported")
        return cls(
            **_plain(row, "text", "checked", "discrepancies", "attempted", "succeeded", "seconds", "failed"),
            unproven=tuple(Unproven(**_plain(each, *texts)) for each in row["unproven"]),
            row=row,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order of a position. `price` is the limit or the trigger, None of a market order."""

    client_order_id: str
    purpose: OrderPurpose
    phase: str
    quantity: Decimal
    filled_quantity: Decimal
    price: Decimal | None

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(
            client_order_id=row["client_order_id"],
            purpose=OrderPurpose(row["purpose"]),
            phase=row["phase"],
            quantity=Decimal(row["quantity"]),
            filled_quantity=Decimal(row["filled_quantity"]),
            price=_number(row["price"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """Money in a currency of its own."""

    currency: str
    amount: Decimal


_BROKEN = frozenset({State.QUARANTINED, State.DAMAGED})
_ENDED = frozenset({State.CLOSED, State.FAILED, State.CANCELLED, State.RETIRED})
_HELD = frozenset({State.ACTIVE, State.MODIFIED, State.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One position as the supervisor believes it.

    Quantities are in the base asset, money in `currency`. A number that is not known is None: every one of a
    position whose history is damaged. `uncounted` are amounts in other currencies, which `fees` leaves out.
    """

    position_id: str
    account: str
    symbol: str
    strategy: str
    side: Side | None
    state: State
    quantity: Decimal | None
    entry_price: Decimal | None
    mark_price: Decimal | None
    unrealized_pnl: Decimal | None
    leverage: int | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    since: datetime | None
    resting: Decimal
    """The quantity of its entry that rests at the venue."""
    previous: State | None
    protected: bool
    """Whether each requested stop and target rests at the venue."""
    in_doubt: bool
    """Whether a request's outcome is unknown."""
    goal_quantity: Decimal | None
    """The target quantity while it is being reduced."""
    realized_pnl: Decimal | None
    fees: Decimal | None
    funding: Decimal | None
    trailing: Decimal | None
    """The trailing stop's callback rate in percent."""
    reason: str
    transitions: int | None
    version: int | None
    command_ids: tuple[str, ...]
    orders: tuple[Order, ...]
    currency: str | None
    uncounted: tuple[Amount, ...]
    reason_fact: Fact | None
    row: Row = field(repr=False, compare=False)

    @property
    def broken(self) -> bool:
        """Return whether it cannot report its content; its figures are its last, or None."""
        return self.state in _BROKEN

    @property
    def ended(self) -> bool:
        return self.state in _ENDED

    @property
    def held(self) -> bool:
        """Return whether it is open, without unknown outcomes, and protected as requested."""
        asked = self.stop_loss is not None or self.take_profit is not None
        return self.state in _HELD and not self.in_doubt and (self.protected or not asked)

    @classmethod
    def of(cls, row: Row) -> Self:
        """From a row of GET /v1/positions. Raises KeyError, ValueError where it is none."""
        return cls(
            **_plain(
                row, "position_id", "account", "symbol", "strategy", "leverage", "protected", "in_doubt", "reason"
            ),
            **_plain(row, "transitions", "version", "currency"),
            **_numbers(row, "quantity", "entry_price", "mark_price", "unrealized_pnl", "stop_loss", "take_profit"),
            **_numbers(row, "goal_quantity", "realized_pnl", "fees", "funding", "trailing"),
            side=Side(row["side"]) if row["side"] else None,
            state=State(row["state"]),
            previous=None if row["previous"] is None else State(row["previous"]),
            resting=_number(row["resting"]) or Decimal(0),
            since=_moment(row["since"]),
            command_ids=tuple(row["command_ids"]),
            orders=tuple(Order.of(order) for order in row["orders"]),
            uncounted=tuple(Amount(currency=a["currency"], amount=Decimal(a["amount"])) for a in row["uncounted"]),
            reason_fact=Fact.of(row["reason_fact"]),
            row=row,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """A difference between belief and venue, and its outcome.

    `type`, `severity`, `action` and `outcome` are documented in the configuration reference. `side` is None for a
    one-way net; `order` is the client order id concerned, if any.
    """

    discrepancy_id: str
    detected_at: datetime
    account: str
    symbol: str
    type: str
    severity: str
    believed: str
    reported: str
    action: str
    outcome: str
    side: Side | None
    difference: Decimal | None
    notional: Decimal | None
    mark_price: Decimal | None
    position_ids: tuple[str, ...]
    order: str | None
    attempts: int
    observations: int
    first_seen_at: datetime
    ended_at: datetime | None
    evidence: str
    why: str
    believed_fact: Fact | None
    reported_fact: Fact | None
    why_fact: Fact | None
    row: Row = field(repr=False, compare=False)

    @classmethod
    def of(cls, row: Row) -> Self:
        """From a row of GET /v1/discrepancies. Raises KeyError, ValueError where it is none."""
        return cls(
            **_plain(row, "discrepancy_id", "account", "symbol", "type", "severity", "believed", "reported", "action"),
            **_plain(row, "outcome", "order", "attempts", "observations", "evidence", "why"),
            **_numbers(row, "difference", "notional", "mark_price"),
            believed_fact=Fact.of(row["believed_fact"]),
            reported_fact=Fact.of(row["reported_fact"]),
            why_fact=Fact.of(row["why_fact"]),
            detected_at=datetime.fromisoformat(row["detected_at"]),
            first_seen_at=datetime.fromisoformat(row["first_seen_at"]),
            ended_at=_moment(row["ended_at"]),
            side=Side(row["side"]) if row["side"] else None,
            position_ids=tuple(row["position_ids"]),
            row=row,
        )


def _plain(row: Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _numbers(row: Row, *names: str) -> dict[str, Any]:
    return {name: _number(row[name]) for name in names}


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
