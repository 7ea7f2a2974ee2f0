"""The typed client before a real control server: values in, values out, every refusal an error of its own."""

import email
import pickle
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.control.announcement import announce, mint_token
from adapters.control.server import ControlServer
from albra.client import (
    AlbraError,
    Broken,
    Busy,
    Client,
    Code,
    Ended,
    Fact,
    Invalid,
    NoSupervisor,
    NotFound,
    OutcomeUnknown,
    Refused,
)
from albra.loopback import transport
from albra.loopback.discovery import TOKEN_FILE, ControlAddress, Token, find
from albra.loopback.proof import CHALLENGE, PROOF, proof_of
from albra.loopback.transport import Transport, Unreachable
from messages.commands import (
    AssignPosition,
    CancelEntry,
    CloseAll,
    ClosePosition,
    Command,
    ModifyPosition,
    OpenPosition,
    PauseOpenings,
    ResumeOpenings,
)
from messages.discrepancy_type import DiscrepancyType
from messages.reconciliation import Unproven
from messages.requests import Notify
from messages.statement import verbatim
from messages.types import AccountId, PositionId, PositionState, ReplyCode, Severity, Silence, Symbol
from messages.wording import Supervisor
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
def albra(tmp_path: Path, server: ControlServer) -> Client:
    return Client(tmp_path, timeout_s=1.0)


def test_an_opening_carries_exact_numbers_and_the_clients_strategy(
    tmp_path: Path, server: ControlServer, supervisor: FakeSupervisor
) -> None:
    albra = Client(tmp_path, strategy="trend")
    accepted = albra.open("BTCUSDT", "long", Decimal("1E-2"), stop_loss="58000.10", leverage=3)
    [command] = supervisor.received
    assert isinstance(command, OpenPosition)
    assert (command.strategy, str(command.quantity), str(command.stop_loss)) == ("trend", "0.01", "58000.10")
    assert (accepted.position_id, accepted.command_id) == ("main.BTCUSDT.long.trend.1", command.command_id)
    assert [position.strategy for position in albra.positions()] == ["trend"]
    with pytest.raises(TypeError, match="quantity: a float is not exact"):
        albra.open("BTCUSDT", "long", 0.01)  # type: ignore[arg-type]


def test_every_command_reaches_the_supervisor_as_what_it_is(albra: Client, supervisor: FakeSupervisor) -> None:
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


def test_positions_are_values_with_decimals(albra: Client, supervisor: FakeSupervisor) -> None:
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
    albra: Client, supervisor: FakeSupervisor
) -> None:
    supervisor.broken = ((PositionId(ID), Silence.DAMAGED, verbatim("its history is damaged")),)
    [position] = albra.positions()
    assert (position.broken, position.quantity, position.since) == (True, None, None)
    for wait in (albra.wait_open, albra.wait_closed):
        with pytest.raises(Broken, match="history is damaged"):
            wait(ID)


def test_an_opening_whose_position_is_not_known_any_more_is_not_waited_for(
    albra: Client, supervisor: FakeSupervisor
) -> None:
    supervisor.nameless = True
    accepted = albra.open("BTCUSDT", "long", "0.01")
    assert accepted.position_id is None
    for wait in (albra.wait_open, albra.wait_closed):
        with pytest.raises(NotFound, match="not known any more"):
            wait(accepted.position_id)


def test_a_lost_answer_is_asked_for_with_the_same_id_and_has_one_effect(
    albra: Client, supervisor: FakeSupervisor
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


def test_an_unknown_outcome_is_asked_about_later_under_the_same_id(albra: Client, supervisor: FakeSupervisor) -> None:
    supervisor.silent = True
    with pytest.raises(OutcomeUnknown) as unknown:
        albra.open("BTCUSDT", "long", "0.01", stop_loss=58000)
    supervisor.silent = False
    accepted = albra.repeat(unknown.value)
    assert accepted.command_id == unknown.value.command_id
    assert {c.command_id for c in supervisor.received if isinstance(c, OpenPosition)} == {accepted.command_id}
    assert [position.position_id for position in albra.positions()] == [accepted.position_id]


def test_a_comparison_says_what_it_came_to(albra: Client, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view())
    reconciled = albra.reconcile("BTCUSDT")
    assert (reconciled.checked, reconciled.discrepancies, reconciled.seconds) == (1, 1, 1.5)
    assert reconciled.proven
    type_ = DiscrepancyType.SIZE_MISMATCH
    believed, reported = verbatim("long 1"), verbatim("long 2")
    supervisor.unproven = (
        Unproven(account=AccountId("main"), symbol=Symbol("BTCUSDT"), type=type_, believed=believed, reported=reported),
    )
    reconciled = albra.reconcile()
    assert not reconciled.proven
    assert [(each.type, each.believed) for each in reconciled.unproven] == [("SIZE_MISMATCH", "long 1")]


@pytest.mark.parametrize("odd", ["..", "main BTC\r\nX: y", "%2e%2e", "ü", "a?b#c"])
def test_a_position_that_cannot_be_is_asked_for_in_one_piece(albra: Client, odd: str) -> None:
    with pytest.raises(Invalid) as invalid:
        albra.position(odd)
    assert invalid.value.field == "position_id"


def test_a_read_without_an_answer_may_be_asked_again(albra: Client, supervisor: FakeSupervisor) -> None:
    supervisor.silent = True
    with pytest.raises(Busy):
        albra.positions()


def test_a_refusal_has_its_facts(albra: Client, supervisor: FakeSupervisor) -> None:
    supervisor.refusal = Supervisor.NO_RECONCILER()
    supervisor.code = ReplyCode.OTHER_COMMAND
    with pytest.raises(Refused) as refused:
        albra.close_all()
    assert (refused.value.code, refused.value.fact) == (
        Code.OTHER_COMMAND, Fact(code="supervisor.no_reconciler", args={}),
    )  # fmt: skip


def _linked(token: Path) -> None:
    token.rename(token.with_name("elsewhere"))
    token.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda token: token.chmod(0o620), "others can write it: chmod 600"),
        (_linked, "symbolic link"),
        (lambda token: token.with_name("second").hardlink_to(token), "stands under 2 names"),
        (lambda token: token.unlink(), "No such file"),
    ],
)
def test_a_token_that_others_may_have_written_is_not_used_and_never_shown(
    albra: Client, tmp_path: Path, spoil: Callable[[Path], object], why: str
) -> None:
    path = tmp_path / TOKEN_FILE
    text = path.read_text().strip()
    spoil(path)
    for call in (albra.positions, albra.close_all, lambda: next(albra.events()), lambda: albra.wait_open(ID)):
        with pytest.raises(NoSupervisor, match=why) as raised:
            call()
        assert text not in "".join(traceback.format_exception(raised.value))


def test_a_token_shows_itself_to_nobody(tmp_path: Path, server: ControlServer) -> None:
    address = find(tmp_path)
    assert address is not None
    token = address.token()
    shown = f"{token} {token!r} {address} {Client(tmp_path)!r} {vars(Client(tmp_path))}"
    assert token.reveal() not in shown
    with pytest.raises(TypeError):
        pickle.dumps(token)


def test_a_command_that_fails_inside_the_supervisor_is_perhaps_done(albra: Client, supervisor: FakeSupervisor) -> None:
    plain = supervisor.answer

    def failing(command: Command) -> None:
        plain(command)
        raise RuntimeError("after it was handed over")

    supervisor.answer = failing  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknown, match="an error of ours") as unknown:
        albra.open("BTCUSDT", "long", "0.01")
    supervisor.answer = plain  # type: ignore[method-assign]
    assert albra.repeat(unknown.value).position_id == albra.positions()[0].position_id
    assert len(supervisor.views) == 1


def test_an_answer_of_another_version_is_no_answer(
    albra: Client, supervisor: FakeSupervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor.keep(view())
    monkeypatch.setattr(transport, "_exchange", lambda *_: transport.Answer(200, {"position": ID}))
    with pytest.raises(AlbraError, match="version cannot read the answer"):
        albra.position(ID)
    with pytest.raises(OutcomeUnknown, match="accepted"):
        albra.close(ID)


def test_every_refusal_is_an_error_of_its_own(albra: Client, supervisor: FakeSupervisor) -> None:
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
    albra: Client, supervisor: FakeSupervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = Transport.address
    starts: list[int] = []

    def address(self: Transport) -> tuple[ControlAddress, Token]:
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
    albra = Client(tmp_path / "nowhere")
    for call in (albra.positions, albra.status, albra.close_all, lambda: next(albra.events())):
        with pytest.raises(NoSupervisor, match="albra run"):
            call()


def test_waiting_ends_with_the_position_or_says_why_not(albra: Client, supervisor: FakeSupervisor) -> None:
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
    albra: Client, server: ControlServer, tmp_path: Path
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


def test_a_wait_whose_token_cannot_be_read_says_so(albra: Client, supervisor: FakeSupervisor, tmp_path: Path) -> None:
    supervisor.keep(view())
    (tmp_path / TOKEN_FILE).chmod(0o666)
    for wait in (albra.wait_open, albra.wait_closed):
        with pytest.raises(NoSupervisor, match="control token cannot be read"):
            wait(ID)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 many\r\n\r\n"])
def test_a_supervisor_that_dies_in_the_handshake_of_the_events_breaks_the_connection(
    tmp_path: Path, answer: bytes
) -> None:
    token = mint_token(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = ControlAddress(host="127.0.0.1", port=listener.getsockname()[1], pid=1, token_path=tmp_path / "x")
        held = announce(tmp_path, address, {})

        def prove_and_die() -> None:
            connection, _ = listener.accept()
            with connection:
                asked = email.message_from_bytes(connection.recv(65_536).partition(b"\r\n")[2])
                proof = proof_of(token, asked[CHALLENGE])
                connection.sendall(f"HTTP/1.1 200 OK\r\n{PROOF}: {proof}\r\nContent-Length: 2\r\n\r\n{{}}".encode())
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=prove_and_die)
        thread.start()
        with pytest.raises(OSError, match="handshake"):
            next(Client(tmp_path).events())
        thread.join()
    held.withdraw()


def test_what_does_not_know_the_token_is_asked_nothing(albra: Client, server: ControlServer, tmp_path: Path) -> None:
    (tmp_path / "control.token").write_text("wrong")
    with pytest.raises(AlbraError, match="does not know its token"):
        next(albra.events())
