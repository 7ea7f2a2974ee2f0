"""CALM, LOOK or ACT: what it takes, since when, and about what."""

from dataclasses import replace
from decimal import Decimal

import pytest

from actors.risk.daily_loss import DailyLoss
from actors.runtime.metrics import SystemMetrics
from actors.supervisor.memory import Restored, SupervisorMemory, SupervisorSettings
from actors.supervisor.pre_trade_risk import Limits
from actors.supervisor.since import Since
from actors.supervisor.status import rows, runtime_rows
from actors.supervisor.verdict import judge, note_position
from messages.reports import CircuitView, GatewayStatus
from messages.statement import verbatim
from messages.status import Level, StatusRow, Verdict, figures, row, why_not_ready
from messages.types import AccountId, JournalId, PositionState
from messages.wording import Status
from tests.control.fake_supervisor import view

MAIN = AccountId("main")
SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND
IDLE = SystemMetrics(lanes=(), actors=(), restarts=0, quarantined=(), parked=0, lapsed=0, subscriptions=0, unranked=())


def known() -> SupervisorMemory:
    memory = SupervisorMemory.of(
        SupervisorSettings(journal_id=JournalId("j"), accounts=(MAIN,), limits=Limits()), Restored()
    )
    account = memory.accounts[MAIN]
    account.venue_up = account.stream_up = account.synced = True
    return memory


def judged(memory: SupervisorMemory, *more: StatusRow, lost: str = "0", metrics: SystemMetrics = IDLE) -> Verdict:
    found = rows(memory, ()) + runtime_rows(metrics) + more
    losses = {MAIN: DailyLoss(Decimal(lost), Decimal(100))}
    return judge(memory, found, NOW, protection_ns=10 * SECOND, losses=losses)


def held(memory: SupervisorMemory, for_s: int, **changes: object) -> None:
    open_view = replace(view(1), state=PositionState.ACTIVE, stop_loss=Decimal(50_000), protected=True, in_doubt=False)
    changed = replace(open_view, **changes)  # type: ignore[arg-type]
    memory.registry.update(changed)
    note_position(memory.since, changed, NOW - for_s * SECOND)


def test_nothing_to_tell_is_calm() -> None:
    memory = known()
    held(memory, 100)
    assert judged(memory) == Verdict()


@pytest.mark.parametrize(("for_s", "level"), [(2, Level.LOOK), (11, Level.ACT)])
def test_a_position_without_its_stop_is_looked_at_and_then_acted_on(for_s: int, level: Level) -> None:
    memory = known()
    held(memory, for_s, protected=False)
    [concern] = judged(memory).concerns
    assert (concern.level, concern.about, concern.since_ns) == (level, view(1).position_id, NOW - for_s * SECOND)
    held(memory, 0)
    assert judged(memory).level is Level.CALM


@pytest.mark.parametrize(("for_s", "level"), [(3, Level.CALM), (11, Level.LOOK)])
def test_a_doubt_is_told_once_it_lasts(for_s: int, level: Level) -> None:
    memory = known()
    held(memory, for_s, in_doubt=True)
    assert judged(memory).level is level


@pytest.mark.parametrize(("for_s", "outage"), [(3, False), (31, True)])
def test_an_outage_is_told_once_it_lasts_and_what_it_forbids_at_once(for_s: int, *, outage: bool) -> None:
    memory = known()
    memory.accounts[MAIN].stream_up = False
    memory.since.note("stream", MAIN, NOW - for_s * SECOND, so=True)
    found = judged(memory)
    assert ("stream" in [concern.name for concern in found.concerns]) is outage
    assert found.level is Level.LOOK
    assert "openings" in [concern.name for concern in found.concerns]


def test_a_gateways_doubts_are_those_of_its_positions_and_no_second_concern() -> None:
    status = GatewayStatus(account=MAIN, reachable=True, outstanding=0, queued=0, in_doubt=1, retries=0)
    memory = known()
    memory.gateways[MAIN] = status
    assert judged(memory).level is Level.CALM


def test_what_was_the_trouble_is_shown_as_long_as_it_is_one() -> None:
    memory = known()
    account = memory.accounts[MAIN]
    account.trouble = verbatim("connection reset")
    assert "trouble" not in [each.name for each in rows(memory, ())]
    account.stream_up = False
    shown = {str(each.name): each.value for each in rows(memory, ())}
    assert shown["trouble"] == "connection reset"


def test_the_phase_of_a_circuit_is_one_of_its_figures() -> None:
    memory = known()
    broken = CircuitView(channel="orders", half_open=True, cause=verbatim("timeout"))
    memory.gateways[MAIN] = GatewayStatus(
        account=MAIN, reachable=True, outstanding=0, queued=0, in_doubt=0, retries=0, breaker=(broken,)
    )
    [told] = figures(rows(memory, ()))["account main"]["breaker"]
    assert told == {"phase": "circuit half open", "channel": "orders", "cause": "timeout"}


@pytest.mark.parametrize(("half_open", "level"), [(False, Level.LOOK), (True, Level.CALM)])
def test_a_circuit_that_waits_for_its_next_request_is_no_concern(*, half_open: bool, level: Level) -> None:
    memory = known()
    circuit = CircuitView(channel="orders", half_open=half_open, cause=verbatim("timeout"))
    memory.gateways[MAIN] = GatewayStatus(
        account=MAIN, reachable=True, outstanding=0, queued=0, in_doubt=0, retries=0, breaker=(circuit,)
    )
    assert judged(memory).level is level


def test_what_needs_a_person_comes_first() -> None:
    memory = known()
    section = Status.RECONCILIATION()
    found = judged(memory, row(section, Status.ESCALATED, 1), row(Status.CHAT(), Status.TELEGRAM, Status.DOWN()))
    assert [(concern.level, str(concern.reason)) for concern in found.concerns] == [
        (Level.ACT, "reconciliation, escalated: 1"),
        (Level.LOOK, "chat, telegram: down"),
    ]
    assert found.level is Level.ACT


@pytest.mark.parametrize(("lost", "level"), [("80", Level.CALM), ("81", Level.LOOK)])
def test_a_loss_near_its_limit_is_looked_at(lost: str, level: Level) -> None:
    assert judged(known(), lost=lost).level is level


def test_a_quarantined_actor_and_a_mark_near_the_stop_are_told() -> None:
    assert judged(known(), metrics=replace(IDLE, quarantined=("position/3",))).level is Level.ACT
    memory = known()
    held(memory, 100)
    memory.accounts[MAIN].marks[view(1).symbol] = Decimal(50_400)
    assert [str(concern.reason) for concern in judged(memory).concerns] == [
        f"{view(1).position_id} is within 1 % of its stop"
    ]


def test_since_keeps_the_first_moment_and_forgets_what_is_over() -> None:
    since = Since()
    for at_ns in (5, 7):
        since.note("venue", MAIN, at_ns, so=True)
    assert since.of("venue", MAIN) == 5
    since.note("venue", MAIN, 8, so=False)
    assert since.of("venue", MAIN) == 0


def test_why_openings_are_not_possible_is_one_word() -> None:
    memory = known()
    assert why_not_ready(rows(memory, ())) == ""
    memory.accounts[MAIN].stream_up = False
    assert why_not_ready(rows(memory, ())) == "stream_down"
    assert why_not_ready((row(Status.POSITIONS(), Status.OPENINGS, Status.PAUSED()),)) == "paused"
