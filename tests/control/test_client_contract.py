"""The client's own values are the server's: the same words, the same fields."""

import inspect
from collections.abc import Iterable
from dataclasses import fields, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from adapters.control import openapi, wire
from albra import client
from albra.client import Client, Position, State
from messages import types
from messages.addresses import CONTROL
from messages.discrepancy_type import Action, DiscrepancyType
from messages.reconciliation import DiscrepanciesAnswer, Discrepancy
from messages.reports import OrderView, Outside, PositionsAnswer
from messages.statement import verbatim
from messages.types import AccountId, ClientOrderId, CommandId, PositionId, PositionSide, Silence, Symbol
from messages.wording import Supervisor
from tests.control.description import DESCRIPTION, resolved
from tests.control.fake_supervisor import SINCE_NS, view

SCHEMAS = DESCRIPTION["components"]["schemas"]
BESIDE = {"Accepted": {"accepted"}, "Reconciled": {"accepted"}}
"""Described fields that the type says: what is not accepted is raised."""
READS = ("positions", "position", "history", "status", "discrepancies", "events")
COMMANDS = {
    path.removeprefix("/v1/commands/"): methods["post"]
    for path, methods in DESCRIPTION["paths"].items()
    if path.startswith("/v1/commands/")
}
LEFT_OUT = {
    "open": {"expires_at_ns"}, "modify": {"expires_at_ns"},  # follows from the client's timeout
    "close": {"symbol", "strategy", "account", "side"},  # a close by symbol is for people
}  # fmt: skip
ALSO_REQUIRED = {"close": ("position_id",)}
NO_METHOD = {"health", "ready", "openapi", "webhook"}
"""What needs no token, and what is for others than strategies."""


def names(kind: type[Any]) -> set[str]:
    return {field.name for field in fields(kind)} - {"row"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (client.Side, PositionSide),
        (client.State, (*types.PositionState, *Silence, wire.NOT_SUPERVISED, "OTHER")),
        (client.OrderPurpose, (*types.OrderPurpose, "OTHER")),
        (client.Code, openapi.CODES),
    ],
)
def test_words_are_the_servers(ours: type[StrEnum], theirs: Iterable[str]) -> None:
    assert {each.value for each in ours} == {str(each) for each in theirs}


@pytest.mark.parametrize("kind", [client.Position, client.Accepted, client.Reconciled, client.Fact])
def test_fields_are_those_that_are_described(kind: type[Any]) -> None:
    described = set(SCHEMAS[kind.__name__]["properties"]) - BESIDE.get(kind.__name__, set())
    assert names(kind) == described


@pytest.mark.parametrize(
    ("kind", "schema", "field"),
    [
        (client.Order, "Position", "orders"),
        (client.Amount, "Position", "uncounted"),
        (client.Unproven, "Reconciled", "unproven"),
    ],
)
def test_fields_of_parts_are_those_that_are_described(kind: type[Any], schema: str, field: str) -> None:
    assert names(kind) == set(resolved(SCHEMAS[schema]["properties"][field]["items"])["properties"])


def test_every_operation_has_a_method() -> None:
    described = {each["operationId"] for methods in DESCRIPTION["paths"].values() for each in methods.values()}
    assert described - NO_METHOD == {*READS, *COMMANDS}
    missing = [name for name in (*READS, *COMMANDS) if not callable(getattr(Client, name, None))]
    assert missing == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_field_of_a_command_is_a_parameter(name: str) -> None:
    body = COMMANDS[name]["requestBody"]["content"]["application/json"]["schema"]
    offered = inspect.signature(getattr(Client, name)).parameters
    assert offered.keys() - {"self"} == body["properties"].keys() - LEFT_OUT.get(name, set())
    required = {key for key, each in offered.items() if each.default is inspect.Parameter.empty} - {"self"}
    assert required | {"command_id"} == {*body["required"], *ALSO_REQUIRED.get(name, ())}


def rows(**said: Any) -> list[dict[str, Any]]:
    return wire.positions(PositionsAnswer(**{"command_id": CommandId("c"), "to": CONTROL, "views": (), **said}))


def test_a_position_has_every_field_that_is_answered() -> None:
    order = OrderView(
        client_order_id=ClientOrderId("x"), purpose=types.OrderPurpose.STOP, phase="working",
        quantity=Decimal("0.010"), filled_quantity=Decimal(0), price=Decimal(58_000),
    )  # fmt: skip
    [row] = rows(
        views=(view(orders=(order,), uncounted=(("BNB", Decimal("0.1")),), reason=Supervisor.NO_RECONCILER()),)
    )
    position = Position.of(row)
    assert set(row) == names(Position)
    assert position.row is row
    assert (position.orders[0].purpose, position.orders[0].price) == (client.OrderPurpose.STOP, Decimal(58_000))
    assert position.uncounted == (client.Amount(currency="BNB", amount=Decimal("0.1")),)
    assert position.reason_fact is not None
    assert position.reason_fact.code == "supervisor.no_reconciler"


def test_what_the_venue_holds_beside_us_is_a_position_that_is_not_supervised() -> None:
    outside = Outside(
        account=AccountId("main"), symbol=Symbol("BTCUSDT"), side=None, quantity=Decimal(1), mark_price=None,
        since_ns=SINCE_NS, kind="",
    )  # fmt: skip
    [row] = rows(outside=(outside,))
    position = Position.of(row)
    assert set(row) == names(Position)
    assert (position.state, position.side, position.quantity) == (State.NOT_SUPERVISED, None, Decimal(1))
    assert not position.held
    assert not position.ended


def test_a_damaged_position_has_its_fields_and_no_figures() -> None:
    [row] = rows(silent=((PositionId("main.BTCUSDT.long.manual.1"), Silence.DAMAGED, verbatim("why")),))
    position = Position.of(row)
    assert set(row) == names(Position)
    assert (position.broken, position.quantity, position.version, position.orders) == (True, None, None, ())


def test_a_discrepancy_has_every_field_that_is_answered() -> None:
    record = Discrepancy(
        discrepancy_id="d1", type=DiscrepancyType.SIZE_MISMATCH, severity=types.Severity.WARNING,
        account=AccountId("main"), symbol=Symbol("BTCUSDT"), side=PositionSide.LONG, target="",
        believed=verbatim("1"), reported=verbatim("2"), difference=Decimal("1.0"), notional=Decimal(60_000),
        share=Decimal(1), mark_price=Decimal(60_000), positions=(PositionId("main.BTCUSDT.long.manual.1"),),
        evidence=verbatim("seen twice"), observations=2, first_seen_ns=SINCE_NS, diverged_ns=SINCE_NS,
        detected_ns=SINCE_NS, action=Action.UPDATE_SYSTEM,
    )  # fmt: skip
    for each in (record, replace(record, side=None, target="x", ended_ns=SINCE_NS, why=Supervisor.NO_RECONCILER())):
        [row] = wire.discrepancies(DiscrepanciesAnswer(command_id=CommandId("c"), to=CONTROL, discrepancies=(each,)))
        found = client.Discrepancy.of(row)
        assert set(row) == names(client.Discrepancy)
        assert (found.type, found.difference, found.detected_at.year) == ("SIZE_MISMATCH", Decimal("1.0"), 2025)
        assert (found.side, found.order) == (None if each.side is None else client.Side.LONG, each.target or None)
        assert (found.ended_at is None) == (each.ended_ns == 0)


def test_a_word_of_a_later_version_is_other_and_stands_in_the_row() -> None:
    [row] = rows(views=(view(),))
    later = Position.of({**row, "state": "FROZEN", "more": 1})
    assert (later.state, later.held, later.ended, later.broken) == (State.OTHER, False, False, False)
    assert later.row["state"] == "FROZEN"
