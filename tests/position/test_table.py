"""Every (state, message) cell: decided, as expected, and noticed when it changes."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from actors.position import machine
from actors.position.machine import Verdict
from actors.position.step_builder import StepBuilder
from actors.position.table import STATES, TABLE, Cell, CellKind
from messages import commands, reports
from messages.base import Message
from messages.events import StateChanged
from messages.statement import verbatim
from messages.types import PositionState
from tests.position.expectations import EXPECTED, Expected
from tests.position.histories import scene
from tests.position.story import effects_of, events_of

NOT_FOR_POSITIONS = {
    # answered by the supervisor
    commands.PauseOpenings, commands.ResumeOpenings, commands.CloseAll, commands.CancelEntries, commands.Reconcile,
    commands.AssignPosition, commands.CloseMatching, commands.RetirePosition, commands.AcknowledgeDiscrepancy,
    commands.ListPositions, commands.ReadStatus, commands.ReadHistory,
    # between adapter and gateway
    reports.NotExecuted, reports.OrderNotFound, reports.QueryFailed, reports.FetchFailed,
    # about an account or a symbol, not about a position
    reports.PositionsReport, reports.OpenOrdersReport, reports.BalanceReport, reports.MarkReport,
    reports.VenueUp, reports.VenueDown, reports.StreamUp, reports.StreamDown, reports.StrayEvent,
    reports.StreamMute, reports.StreamHeard, reports.AccountModes,
    reports.BudgetUsed, reports.TurnAwaited, reports.RulesReport, reports.LeverageChanged, reports.MarginCall,
    reports.FundingReport,
    # said by positions and others, not to them
    reports.PositionView, reports.PositionsAnswer, reports.StatusAnswer, reports.HistoryAnswer,
    # about the system
    *(getattr(reports, name) for name in ("GatewayStatus",) if hasattr(reports, name)),
    # bases
    commands.Command, reports.VenueReport, reports.AboutOrder,
}  # fmt: skip
CELLS = [(message, state) for message in TABLE for state in STATES]


def test_every_message_class_is_decided_or_named_as_not_for_positions() -> None:
    said = {
        value
        for module in (commands, reports)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Message) and value.__module__ == module.__name__
    }
    assert said == set(TABLE) | NOT_FOR_POSITIONS
    assert not set(TABLE) & NOT_FOR_POSITIONS


def test_every_state_of_every_message_is_decided_with_a_reason() -> None:
    assert set(STATES) == set(PositionState)
    for message, row in TABLE.items():
        assert set(row) == set(PositionState), message
        for state, cell in row.items():
            assert (cell.rule is None) == bool(cell.why), f"{message.__name__} in {state}: a rule or a reason"
            assert (cell.kind is CellKind.APPLIED) == (cell.rule is not None), f"{message.__name__} in {state}"


def test_every_cell_is_expected_by_name() -> None:
    assert set(EXPECTED) == {(message.__name__, str(state)) for message, state in CELLS}
    assert len(EXPECTED) == 297


def observe(message: type[Message], state: PositionState) -> Expected:
    shown = scene(state, message)
    assert shown.story.state == state
    step = shown.story.tell(shown.message)
    events = tuple(name for name in events_of(step) if name != StateChanged.__name__)
    return Expected(str(step.verdict), str(step.position.state), events, tuple(effects_of(step)))


@pytest.mark.parametrize("message", TABLE, ids=lambda m: m.__name__)
def test_each_cell_does_what_is_expected_of_it(message: type[Message]) -> None:
    for state in STATES:
        assert observe(message, state) == EXPECTED[message.__name__, str(state)], f"{message.__name__} in {state}"


def test_what_is_ignored_or_refused_changes_nothing_but_the_record_of_it() -> None:
    for message, state in CELLS:
        shown = scene(state, message)
        before = shown.story.position
        step = shown.story.tell(shown.message)
        if step.verdict is not Verdict.APPLIED:
            assert dataclasses.replace(step.position, version=before.version, touched_ns=before.touched_ns) == before, (
                f"{message} in {state}"
            )


def other_kinds(cell: Cell) -> list[Cell]:
    def nothing(_: StepBuilder, __: Any) -> None:
        """A rule that does nothing."""

    kinds = (
        Cell(kind=CellKind.APPLIED, rule=nothing),
        Cell(kind=CellKind.IGNORED, why=verbatim("mutant")),
        Cell(kind=CellKind.REFUSED, why=verbatim("mutant")),
    )
    return [kind for kind in kinds if kind.kind is not cell.kind]


@pytest.mark.parametrize("message", TABLE, ids=lambda m: m.__name__)
def test_flipping_any_cell_to_any_other_kind_fails_its_expectation(
    message: type[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    for state in STATES:
        shown = scene(state, message)  # told before the cell is flipped: only the last message meets the mutant
        for mutant in other_kinds(TABLE[message][state]):
            with monkeypatch.context() as patch:
                patch.setattr(machine, "TABLE", flipped(message, state, mutant))
                step = machine.decide(shown.story.position, shown.message, shown.story.now_ns, shown.story.policy)
            events = tuple(name for name in events_of(step) if name != StateChanged.__name__)
            seen = Expected(str(step.verdict), str(step.position.state), events, tuple(effects_of(step)))
            assert seen != EXPECTED[message.__name__, str(state)], f"{message.__name__} in {state}: {mutant.kind}"


def flipped(message: type[Message], state: PositionState, cell: Cell) -> Mapping[Any, Mapping[Any, Cell]]:
    return {**TABLE, message: {**TABLE[message], state: cell}}


RULELESS = ("OrderAccepted", "LegHeld", "OrderReport", "OutcomeUnknown", "Woken", "PausePosition", "Sweep", "Recovered")
"""Messages that in some states tell nothing new: an empty rule does as much there."""


def test_emptying_a_rule_fails_wherever_the_message_tells_something_new(monkeypatch: pytest.MonkeyPatch) -> None:
    survivors = []
    for message, state in CELLS:
        if TABLE[message][state].kind is not CellKind.APPLIED:
            continue
        shown = scene(state, message)
        with monkeypatch.context() as patch:
            empty = Cell(kind=CellKind.APPLIED, rule=lambda _, __: None)
            patch.setattr(machine, "TABLE", flipped(message, state, empty))
            step = machine.decide(shown.story.position, shown.message, shown.story.now_ns, shown.story.policy)
        expected = EXPECTED[message.__name__, str(state)]
        same = str(step.position.state) == expected.after and tuple(effects_of(step)) == expected.effects
        if same and len(step.events) == len(expected.events):
            survivors.append((message.__name__, expected))
    assert all(name in RULELESS and not expected.events for name, expected in survivors), survivors
