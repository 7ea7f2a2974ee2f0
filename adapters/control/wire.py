"""Converts JSON bodies to commands, and answers to JSON values. Pure; numbers are exact strings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from adapters.control.columns import (
    NUMBER,
    TEXT,
    Column,
    column,
    fact_column,
    instant,
    json_of,
    nullable,
    row,
    schema_of,
    unknown,
)
from messages import fields
from messages.addresses import CONTROL
from messages.commands import (
    Command,
)
from messages.fields import FieldError, Kind
from messages.ids import parse_position_id
from messages.operations import Operation, operations
from messages.reconciliation import DiscrepanciesAnswer, Discrepancy, ReconcileAnswer, Unproven
from messages.reports import Outside, PositionsAnswer, PositionView, StatusAnswer
from messages.requests import Reply
from messages.statement import fact, facts_of
from messages.status import Concern, figures
from messages.types import (
    MANUAL,
    AccountId,
    CorrelationId,
    Key,
    PositionId,
    PositionSide,
    PositionState,
    ReplyCode,
    Silence,
)

OPENING_EXPIRES_NS = 60_000_000_000
"""Default validity of an opening without `expires_at_ns`: it must not leave after a long ban of the venue."""
COMMAND_ID: Mapping[str, Kind[Any]] = {"command_id": fields.command_id}
"""The fields of every command."""
QUERIES: Mapping[str, Mapping[str, Kind[Any]]] = {
    "/v1/positions": {
        "all": fields.switch,
        "symbol": fields.symbol,
        "account": fields.account,
        "strategy": fields.strategy,
    },
    "/v1/discrepancies": {"symbol": fields.symbol, "n": fields.how_many},
}
"""Path -> its query parameters; other paths have none."""


def command(name: str, body: object, accounts: tuple[AccountId, ...], now_ns: int) -> Command:
    """Return the command of `POST /v1/commands/{name}`. Raises FieldError naming the field."""
    operation = operations()[name]
    if not isinstance(body, Mapping):
        raise FieldError("a JSON object", body, "body")
    kinds = {parameter.name: parameter.kind for parameter in operation.parameters.values()}
    given = _read(body, {**COMMAND_ID, **kinds}, "body")
    _required(given, "command_id", fields.command_id.noun)
    for parameter in operation.required:
        _required(given, parameter.name, parameter.kind.noun)
    about: dict[str, Any] = {"correlation_id": CorrelationId(given["command_id"]), "reply_to": CONTROL}
    made = _class_of(operation, given)(**about, **_filled(operation, given, accounts))
    if made.opens and "expires_at_ns" not in given:
        return replace(made, expires_at_ns=now_ns + OPENING_EXPIRES_NS)  # type: ignore[call-arg]
    return made


def query(path: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Parse a request's query; `path` as documented. Raises FieldError naming the parameter."""
    for name in (names := [name for name, _ in pairs]):
        if names.count(name) > 1:
            raise FieldError("one value", "more", name)
    return _read(dict(pairs), QUERIES.get(path, {}), "query")


def _read(said: Mapping[str, Any], known: Mapping[str, Kind[Any]], where: str) -> dict[str, Any]:
    """Parse the given fields. Raises FieldError for an unknown or invalid one."""
    if (unknown := next((key for key in said if key not in known), None)) is not None:
        raise FieldError(("one of " + ", ".join(known)) if known else "nothing", unknown, where)
    given: dict[str, Any] = {}
    for key, read in known.items():
        if said.get(key) is None:
            continue
        try:
            given[key] = read(said[key])
        except FieldError as error:
            error.field = key
            raise
    return given


def _required(given: Mapping[str, Any], field: str, expected: str) -> None:
    if field not in given:
        raise FieldError(expected, None, field)


def _class_of(operation: Operation, given: Mapping[str, Any]) -> type[Command]:
    """Return the command class that the given fields select. Raises FieldError when they fit none."""
    for first, second in operation.exclusive:
        _only_one(given, first, second)
    if operation.any_of and not given.keys() - {"command_id", "expires_at_ns", *(p.name for p in operation.required)}:
        optional = next(p.name for p in operation.parameters.values() if not p.required)
        raise FieldError(operation.any_of, None, optional)
    if not operation.targets:
        return operation.classes[0]
    for target, cls in zip(operation.targets, operation.classes, strict=True):
        if not target or target in given:
            for other in operation.parameters:
                if other not in operation.names_of(cls):
                    _only_one(given, target, other)
            return cls
    raise FieldError(" or ".join(f"a {target}" for target in operation.targets), None, operation.targets[0])


def _only_one(given: Mapping[str, Any], first: str, second: str) -> None:
    if first in given and second in given:
        raise FieldError(f"{first} or {second}", "both", second)


def _filled(operation: Operation, given: dict[str, Any], accounts: tuple[AccountId, ...]) -> dict[str, Any]:
    """Fill defaults: the only account, and the strategy of manual openings."""
    filled: dict[str, Any] = {}
    if "account" in operation.filled and "account" not in given:
        if len(accounts) != 1:
            raise FieldError("one of " + ", ".join(accounts), None, "account")
        filled["account"] = accounts[0]
    if "strategy" in operation.filled:
        filled["strategy"] = MANUAL
    return filled | given


_STATUS = {ReplyCode.NOT_READY: 503, ReplyCode.UNKNOWN: 504}
"""HTTP status of codes that are neither accepted nor refused."""


def reply(answer: Reply) -> tuple[int, dict[str, Any]]:
    """Return HTTP status and body: 200 accepted, 409 refused, 503 not ready, 504 unknown."""
    body = {"command_id": answer.command_id, "position_id": answer.position_id}
    status = _STATUS.get(answer.code)
    if answer.accepted and status is None:
        return 200, {"accepted": True, **body, "text": answer.text, **fact("text", answer.text)}
    code = "refused" if answer.code is ReplyCode.DECIDED else answer.code.value
    error = answer.text or "refused without a reason"
    return status or 409, {"error": error, "code": code, "accepted": False, **body, **fact("error", answer.text)}


def reconciled(answer: ReconcileAnswer) -> dict[str, Any]:
    """Return a check's result; `failed`: why reads failed or proof is outstanding, null for nothing.

    `unproven`: differences observed too few times to be a discrepancy.
    """
    seconds = answer.elapsed_ms / 1000
    text = (
        f"checked {answer.checked}, discrepancies {answer.discrepancies}, attempted {answer.attempted}, "
        f"succeeded {answer.succeeded}, {seconds:.1f} seconds"
    )
    if answer.unproven:
        text = f"{text}; {unproven_text(answer.unproven)}"
    return {
        "accepted": True,
        "command_id": answer.command_id,
        "position_id": None,
        "text": f"{text}; not read: {answer.failed}" if answer.failed else text,
        "checked": answer.checked,
        "discrepancies": answer.discrepancies,
        "attempted": answer.attempted,
        "succeeded": answer.succeeded,
        "seconds": seconds,
        "failed": answer.failed or None,
        "unproven": [json_of(each) for each in answer.unproven],
    }


def unproven_text(unproven: Sequence[Unproven]) -> str:
    """`1 differs, not proven yet: ETHUSDT short 0.5 believed, short 0.6 at the venue`."""
    lines = [f"{each.symbol} {each.believed} believed, {each.reported} at the venue" for each in unproven]
    more = f"; and {len(lines) - UNPROVEN_TOLD} more" if len(lines) > UNPROVEN_TOLD else ""
    differ = "1 differs" if len(lines) == 1 else f"{len(lines)} differ"
    return f"{differ}, not proven yet: {'; '.join(lines[:UNPROVEN_TOLD])}{more}"


UNPROVEN_TOLD = 10
"""Differences listed in a text; the document holds all."""


def discrepancies(answer: DiscrepanciesAnswer) -> list[dict[str, Any]]:
    """Return one row per discrepancy, newest first; the first ten keys are stable for scripts."""
    return [row(DISCREPANCY, record) for record in answer.discrepancies]


DISCREPANCY: Sequence[Column[Discrepancy]] = (
    column(Discrepancy, "discrepancy_id", known=True),
    column(Discrepancy, "detected_at", "detected_ns", known=True),
    *(column(Discrepancy, name, known=True) for name in ("account", "symbol", "type", "severity")),
    *(column(Discrepancy, name, known=True) for name in ("believed", "reported", "action", "outcome")),
    column(Discrepancy, "side"),
    *(column(Discrepancy, name, known=True) for name in ("difference", "notional", "mark_price")),
    column(Discrepancy, "position_ids", "positions", known=True),
    Column("order", nullable(TEXT), lambda record: record.target or None),
    *(column(Discrepancy, name, known=True) for name in ("attempts", "observations")),
    column(Discrepancy, "first_seen_at", "first_seen_ns", known=True),
    column(Discrepancy, "ended_at", "ended_ns"),
    *(column(Discrepancy, name, known=True) for name in ("evidence", "why")),
    *(fact_column(f"{name}_fact", name) for name in ("believed", "reported", "why")),
)


def positions(answer: PositionsAnswer) -> list[dict[str, Any]]:
    """Return one row per position, oldest first, also for positions without a view."""
    prices, silent = answer.prices, {name: (state, why) for name, state, why in answer.silent}
    rows = {view.ordinal: position(view, prices.get((view.account, view.symbol))) for view in answer.views}
    for name, (state, why) in silent.items():
        parsed = parse_position_id(name)
        if parsed is not None:
            key, ordinal = parsed
            said = {**_why(why), "state": state.value, "in_doubt": True, "protected": False}
            before = rows.get(ordinal, {})
            rows[ordinal] = {**_named(name, key), **before, **said, "previous": before.get("state")}
    for name, why in answer.retired:
        parsed = parse_position_id(name)
        if parsed is not None:
            said = {**_why(why), "state": Silence.RETIRED.value, "in_doubt": False, "protected": False}
            rows[parsed[1]] = {**_named(name, parsed[0]), **said}
    return [*(rows[ordinal] for ordinal in sorted(rows)), *(_outside(row) for row in answer.outside)]


def _outside(found: Outside) -> dict[str, Any]:
    """Return the row of an unsupervised position at the venue, which commands cannot name."""
    side = found.side.value if found.side is not None else ""
    return {
        **unknown(POSITION),
        "position_id": f"{found.account}.{found.symbol}.{side}".rstrip("."),
        "account": found.account,
        "symbol": found.symbol,
        "strategy": "",
        "side": side,
        "state": NOT_SUPERVISED,
        "quantity": json_of(found.quantity),
        "mark_price": json_of(found.mark_price),
        "since": instant(found.since_ns),
        "reason": f"not supervised: {found.kind or 'not listed by the venue'}",
        "protected": False,
        "in_doubt": False,
    }


def _named(position_id: PositionId, key: Key) -> dict[str, Any]:
    """Return the row of a position known by name only."""
    named = {"position_id": position_id, "account": key.account, "symbol": key.symbol, "strategy": key.strategy}
    return {**unknown(POSITION), **named, "side": key.side.value}


def position(view: PositionView, mark: Decimal | None) -> dict[str, Any]:
    """Return a position's row; the first fourteen keys are stable for scripts."""
    gain = (mark - view.entry_price) * view.quantity * view.side.sign if mark is not None and view.quantity else None
    return row(POSITION, view) | {"mark_price": json_of(mark), "unrealized_pnl": json_of(gain)}


def _why(why: str) -> dict[str, Any]:
    return {"reason": why, "reason_fact": facts_of(why)}


NOT_SUPERVISED = "NOT_SUPERVISED"
"""The state of a venue position that no position here supervises."""
POSITION: Sequence[Column[PositionView]] = (
    *(column(PositionView, name, known=True) for name in ("position_id", "account", "symbol", "strategy")),
    column(PositionView, "side", known=True, enum=[*PositionSide, ""]),
    column(PositionView, "state", known=True, enum=[*PositionState, *Silence, NOT_SUPERVISED]),
    column(PositionView, "quantity"),
    Column("entry_price", nullable(NUMBER), lambda view: json_of(view.entry_price) if view.entry_price else None),
    Column("mark_price", nullable(NUMBER), lambda _: None),
    Column("unrealized_pnl", nullable(NUMBER), lambda _: None),
    column(PositionView, "leverage"),
    column(PositionView, "stop_loss", "stop_shown"),
    column(PositionView, "take_profit", "target_shown"),
    column(PositionView, "since", "since_ns"),
    column(PositionView, "resting"),
    column(PositionView, "previous"),
    *(column(PositionView, name, known=True) for name in ("protected", "in_doubt")),
    *(column(PositionView, name) for name in ("goal_quantity", "realized_pnl", "fees", "funding", "trailing")),
    column(PositionView, "reason", known=True),
    *(column(PositionView, name) for name in ("transitions", "version")),
    *(column(PositionView, name, known=True) for name in ("command_ids", "orders")),
    column(PositionView, "currency"),
    Column(
        "uncounted",
        {"type": "array", "items": schema_of((Column("currency", TEXT, str), Column("amount", NUMBER, str)))},
        lambda view: [{"currency": name, "amount": json_of(amount)} for name, amount in view.uncounted],
        unknown=[],
    ),
    fact_column("reason_fact", "reason"),
)


def status(found: StatusAnswer) -> dict[str, dict[str, Any]]:
    """Return section -> name -> value in display order; the verdict with its reasons comes last."""
    reasons = [
        {
            "level": each.level.value,
            "section": each.section.key,
            "name": str(each.name),
            "text": str(each.reason),
            **({"about": each.about} if each.about else {}),
            **({"since": instant(each.since_ns)} if each.since_ns else {}),
        }
        for each in found.verdict.concerns
    ]
    return {**figures(found.rows), "verdict": {"level": found.verdict.level.value, "reasons": reasons}}


def concern_name(concern: Concern) -> str:
    """Return `account: venue`, without an account's or position's name."""
    return f"{concern.section.key}: {concern.name}"
