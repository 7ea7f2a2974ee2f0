"""The typed client before a real control server: values in, values out, every refusal an error of its own."""

import inspect
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.control.address import ControlAddress
from adapters.control.client import (
    Albra,
    AlbraError,
    Broken,
    Busy,
    Ended,
    Invalid,
    NoSupervisor,
    NotFound,
    OutcomeUnknown,
    Refused,
)
from adapters.control.server import ControlServer
from adapters.control.transport import Transport, Unreachable
from adapters.secret import Secret
from messages.commands import (
    AssignPosition,
    CancelEntry,
    CloseAll,
    ClosePosition,
    ModifyPosition,
    OpenPosition,
    PauseOpenings,
    ResumeOpenings,
)
from messages.operations import operations
from messages.requests import Notify
from messages.statement import verbatim
from messages.types import AccountId, PositionId, PositionState, Severity, Silence
from tests.control.fake_supervisor import FakeSupervisor, view

ID = "main.BTCUSDT.long.manual.1"


@pytest.fixture
def supervisor() -> FakeSupervisor:
    return FakeSupervisor()


@pytest.fixture
def server(tmp_path: Path, supervisor: FakeSupervisor) -> Iterator[ControlServer]:
    server = ControlServer(
        storage=tmp_path, submit=supervisor.submit, accounts=(AccountId("main"),), answer_timeout_s=0.2
    )
    supervisor.deliver = server.deliver
    server.start()
    yield server
    server.stop()


@pytest.fixture
def albra(tmp_path: Path, server: ControlServer) -> Albra:
    return Albra(tmp_path, timeout_s=1.0)


def test_an_opening_carries_exact_numbers_and_the_clients_strategy(
    tmp_path: Path, server: ControlServer, supervisor: FakeSupervisor
) -> None:
    albra = Albra(tmp_path, strategy="trend")
    accepted = albra.open("BTCUSDT", "long", Decimal("1E-2"), stop_loss="58000.10", leverage=3)
    [command] = supervisor.received
    assert isinstance(command, OpenPosition)
    assert (command.strategy, str(command.quantity), str(command.stop_loss)) == ("trend", "0.01", "58000.10")
    assert (accepted.position_id, accepted.command_id) == ("main.BTCUSDT.long.trend.1", command.command_id)
    assert [position.strategy for position in albra.positions()] == ["trend"]
    with pytest.raises(TypeError, match="quantity: a float is not exact"):
        albra.open("BTCUSDT", "long", 0.01)  # type: ignore[arg-type]


def test_every_command_reaches_the_supervisor_as_what_it_is(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    albra.modify(ID, stop_loss=0, add="0.1", leverage=3)
    albra.cancel_entry(ID)
    albra.assign(ID, "trend")
    albra.pause(symbol="BTCUSDT")
    albra.resume()
    albra.close(ID, percent=40)
    albra.close_all()
    kinds = [ModifyPosition, CancelEntry, AssignPosition, PauseOpenings, ResumeOpenings, ClosePosition, CloseAll]
    assert [type(command) for command in supervisor.received] == kinds
    modify = supervisor.received[0]
    assert isinstance(modify, ModifyPosition)
    assert (modify.stop_loss, modify.add, modify.leverage, modify.take_profit) == (Decimal(0), Decimal("0.1"), 3, None)


def test_the_client_has_every_command_with_every_field() -> None:
    # A close by symbol is for people: a program knows which position it means. Expiry follows from the timeout.
    left_out = {"close": {"symbol", "strategy", "account", "side"}, "open": {"expires_at_ns"}}
    left_out["modify"] = {"expires_at_ns"}
    for name, operation in operations().items():
        offered = set(inspect.signature(getattr(Albra, name)).parameters) - {"self", "command_id"}
        assert offered == operation.parameters.keys() - left_out.get(name, set()), name


def test_positions_are_values_with_decimals(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    supervisor.keep(view(2, state=PositionState.CLOSED))
    [position] = albra.positions()
    assert (position.quantity, position.entry_price, position.take_profit) == (
        Decimal("0.010"), Decimal("60000.1"), None,
    )  # fmt: skip
    assert (position.held, position.ended, position.since and position.since.year) == (True, False, 2025)
    assert [each.ended for each in albra.positions(ended=True)] == [False, True]
    assert albra.positions(strategy="other") == []
    assert [event["type"] for event in albra.history(ID)] == ["CloseRequested", "StateChanged"]
    assert albra.status()["positions"] == {"live": 2}


def test_a_position_that_cannot_say_what_it_holds_is_listed_and_not_waited_for(
    albra: Albra, supervisor: FakeSupervisor
) -> None:
    supervisor.broken = ((PositionId(ID), Silence.DAMAGED, verbatim("its history is damaged")),)
    [position] = albra.positions()
    assert (position.broken, position.quantity, position.since) == (True, None, None)
    for wait in (albra.wait_open, albra.wait_closed):
        with pytest.raises(Broken, match="history is damaged"):
            wait(ID)


def test_an_opening_whose_position_is_not_known_any_more_is_not_waited_for(
    albra: Albra, supervisor: FakeSupervisor
) -> None:
    supervisor.nameless = True
    accepted = albra.open("BTCUSDT", "long", "0.01")
    assert accepted.position_id is None
    for wait in (albra.wait_open, albra.wait_closed):
        with pytest.raises(NotFound, match="not known any more"):
            wait(accepted.position_id)


def test_a_lost_answer_is_asked_for_with_the_same_id_and_has_one_effect(
    albra: Albra, supervisor: FakeSupervisor
) -> None:
    supervisor.silent = True

    def recover() -> None:
        assert supervisor.heard.wait(5)
        supervisor.silent = False

    thread = threading.Thread(target=recover)
    thread.start()
    accepted = albra.open("BTCUSDT", "long", "0.01")
    thread.join()
    assert len({command.command_id for command in supervisor.received if isinstance(command, OpenPosition)}) == 1
    assert [position.position_id for position in albra.positions()] == [accepted.position_id]


def test_every_refusal_is_an_error_of_its_own(albra: Albra, supervisor: FakeSupervisor) -> None:
    with pytest.raises(Invalid, match="expected long or short") as invalid:
        albra.open("BTCUSDT", "up", "1")
    assert invalid.value.field == "side"
    with pytest.raises(NotFound):
        albra.position(ID)
    with pytest.raises(Refused, match="no such position") as refused:
        albra.close(ID)
    assert refused.value.position_id == ID
    supervisor.full = True
    with pytest.raises(Busy):
        albra.positions()
    with pytest.raises(Busy):
        albra.close(ID)
    supervisor.full, supervisor.silent = False, True
    with pytest.raises(OutcomeUnknown) as unknown:
        albra.open("BTCUSDT", "long", "1", command_id="mine")
    assert unknown.value.command_id == "mine"


def test_a_full_queue_and_a_supervisor_that_starts_are_asked_again(
    albra: Albra, supervisor: FakeSupervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = Transport.address
    starts: list[int] = []

    def address(self: Transport) -> tuple[ControlAddress, Secret]:
        if starts:
            raise Unreachable(starts.pop(), "it does not take requests yet", starting=True)
        return listening(self)

    monkeypatch.setattr(Transport, "address", address)
    for read in (albra.positions, albra.status, lambda: albra.position(ID), lambda: albra.history(ID)):
        supervisor.keep(view())
        supervisor.full_times = 1
        starts.append(4711)
        assert read()
        assert (supervisor.full_times < 0, starts) == (True, [])


def test_without_a_supervisor_nothing_is_done(tmp_path: Path) -> None:
    albra = Albra(tmp_path / "nowhere")
    for call in (albra.positions, albra.status, albra.close_all, lambda: next(albra.events())):
        with pytest.raises(NoSupervisor, match="albra run"):
            call()


def test_waiting_ends_with_the_position_or_says_why_not(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.opened_as = PositionState.FAILED
    failed = albra.open("BTCUSDT", "long", "1").position_id
    assert failed is not None
    with pytest.raises(Ended, match="margin is insufficient") as ended:
        albra.wait_open(failed)
    assert ended.value.position.state == "FAILED"
    supervisor.keep(view(1, protected=False))
    with pytest.raises(TimeoutError, match="ACTIVE"):
        albra.wait_open(ID, timeout_s=0.2)
    supervisor.keep(view(1))
    assert albra.wait_open(ID).held
    albra.close(ID)
    assert albra.wait_closed(ID).state == "CLOSED"


def test_events_are_heard_in_order_until_the_supervisor_stops(
    albra: Albra, server: ControlServer, tmp_path: Path
) -> None:
    long_text = "x" * 15_000  # five of them are beyond what a frame's short length can say
    events = albra.events()

    def tell() -> None:
        pause = threading.Event()
        while not server._listeners.count:
            pause.wait(0.01)
        server.deliver(view(1))
        longer = dict.fromkeys(("notice_id", "causation_id", "correlation_id", "position_id"), long_text)
        server.deliver(Notify(severity=Severity.CRITICAL, text=long_text, **longer))  # type: ignore[arg-type]
        server.stop()

    thread = threading.Thread(target=tell)
    thread.start()
    heard = list(events)
    thread.join()
    assert [event["type"] for event in heard] == ["PositionView", "Notify"]
    assert (heard[0]["quantity"], heard[1]["text"]) == ("0.010", long_text)


def test_what_does_not_know_the_token_is_asked_nothing(albra: Albra, server: ControlServer, tmp_path: Path) -> None:
    (tmp_path / "control.token").write_text("wrong")
    with pytest.raises(AlbraError, match="does not know its token"):
        next(albra.events())
