import json
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.cli.waiting import Closing, Progress, opening
from adapters.control import wire
from adapters.control.announcement import announce, mint_token
from albra.loopback.discovery import ControlAddress
from albra.loopback.proof import CHALLENGE, PROOF, proof_of
from messages.base import Message
from messages.commands import ListPositions, OpenPosition
from messages.reports import OrderView
from messages.statement import verbatim
from messages.status import Rows, StatusRow
from messages.types import ClientOrderId, CommandId, OrderPurpose, PositionState
from messages.wording.status import Status
from tests.cli.conftest import WAIT_S, Albra, serve
from tests.control.fake_supervisor import FakeSupervisor, view

ID = "main.BTCUSDT.long.manual.1"
OPEN = ("open", "BTCUSDT", "long", "0.01", "--stop-loss", "58000", "--wait")


def on_each_read(supervisor: FakeSupervisor, changes: list[Callable[[], None]]) -> None:
    """Before the n-th look at positions, the n-th change happens."""
    plain, left = supervisor.submit, iter(changes)

    def submit(message: Message) -> bool:
        if isinstance(message, ListPositions):
            next(left, lambda: None)()
        return plain(message)

    supervisor.submit = submit  # type: ignore[method-assign]


def becomes(supervisor: FakeSupervisor, **changes: Any) -> Callable[[], None]:
    return lambda: supervisor.keep(replace(supervisor.views[view(1).position_id], **changes))


def test_open_waits_until_active_and_protected(albra: Albra) -> None:
    supervisor = FakeSupervisor()
    supervisor.opened_as, supervisor.opened_protected = PositionState.PENDING, False
    on_each_read(
        supervisor,
        [
            becomes(supervisor, state=PositionState.OPENING),
            becomes(supervisor, state=PositionState.ACTIVE),
            becomes(supervisor, protected=True),
        ],
    )
    server = serve(supervisor, albra.storage)
    ended = albra(*OPEN, "--json")
    server.stop()
    assert ended.code == 0
    document = ended.document()
    assert (document["state"], document["protected"], document["position_id"]) == ("ACTIVE", True, ID)
    assert sum(isinstance(message, ListPositions) for message in supervisor.received) == 3


def test_open_that_fails_exits_4_with_the_reason(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.opened_as = PositionState.FAILED
    ended = albra(*OPEN, "--json")
    assert ended.code == 4
    assert ended.err == f"albra: {ID} FAILED: margin is insufficient\n"
    assert ended.document()["state"] == "FAILED"


def test_open_that_does_not_finish_exits_6_with_the_state_and_has_printed_its_id(
    albra: Albra, supervisor: FakeSupervisor
) -> None:
    supervisor.opened_as = PositionState.RECONCILING
    ended = albra(*OPEN, "--timeout", "0.5")
    assert (ended.code, ended.out) == (6, f"{ID}\n")
    assert "RECONCILING" in ended.err


RESTING = OrderView(
    client_order_id=ClientOrderId("x"), purpose=OrderPurpose.ENTRY, phase="working",
    quantity=Decimal("0.01"), filled_quantity=Decimal(0), price=Decimal(55_000),
)  # fmt: skip


def test_open_says_that_its_entry_rests_once_the_venue_has_it(albra: Albra) -> None:
    supervisor = FakeSupervisor()
    supervisor.opened_as, supervisor.opened_protected = PositionState.PENDING, False
    rests = {"state": PositionState.OPENING, "quantity": Decimal(0), "orders": (RESTING,)}
    on_each_read(supervisor, [becomes(supervisor, **rests)])
    server = serve(supervisor, albra.storage)
    begun = time.monotonic()
    ended = albra("open", "BTCUSDT", "long", "0.01", "--limit", "55000", "--wait", "--timeout", "300")
    assert time.monotonic() - begun < WAIT_S
    server.stop()
    assert (ended.code, ended.out) == (0, f"{ID}\nOPENING: 0 filled, 0.01 rest at 55000\n")


def test_a_limit_that_the_market_meets_at_once_does_not_rest(albra: Albra) -> None:
    supervisor = FakeSupervisor()
    supervisor.opened_as, supervisor.opened_protected = PositionState.PENDING, False
    rests = {"state": PositionState.OPENING, "quantity": Decimal(0), "orders": (RESTING,)}
    filled = {"state": PositionState.ACTIVE, "quantity": Decimal("0.01"), "orders": ()}
    on_each_read(supervisor, [becomes(supervisor, **rests), becomes(supervisor, **filled)])
    server = serve(supervisor, albra.storage)
    ended = albra("open", "BTCUSDT", "long", "0.01", "--limit", "55000", "--wait", "--json")
    server.stop()
    assert (ended.code, ended.document()["state"]) == (0, "ACTIVE")


def told(account: Mapping[str, str]) -> Rows:
    """What the status says of the account."""
    section = Status.ACCOUNT(name="main")
    return tuple(StatusRow(section=section, name=verbatim(n), value=verbatim(v)) for n, v in account.items())


def test_a_wait_that_the_venue_keeps_from_ending_says_so(albra: Albra, supervisor: FakeSupervisor) -> None:
    """A ban of minutes looked like an order whose outcome nobody knew."""
    supervisor.opened_as = PositionState.RECONCILING
    until = (datetime.now(UTC) + timedelta(seconds=3600)).isoformat(timespec="seconds").replace("+00:00", "Z")
    banned = {"venue": "up", "throttled until": until, "last error": "429 -1003 Too many requests"}
    supervisor.status_rows = told(banned)
    ended = albra(*OPEN, "--timeout", "0.5")
    assert ended.code == 6
    assert re.search(r"accepts nothing for another (59m\d+s|1h0m): 429 -1003 Too many requests;", ended.err)
    for unsaid in ("", " "):
        throttled = {**banned, "last error": unsaid.strip()}
        supervisor.status_rows = told(throttled)
        ended = albra(*OPEN, "--timeout", "0.5", "--strategy", f"unsaid{len(unsaid)}")
        assert re.search(r"accepts nothing for another (59m\d+s|1h0m); see", ended.err)
    supervisor.status_rows = told({"venue": "down", "trouble": "connection refused"})
    ended = albra(*OPEN, "--timeout", "0.5", "--strategy", "other")
    assert "the venue is down: connection refused;" in ended.err


def test_a_supervisor_that_never_answers_is_an_unknown_outcome(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.silent = True
    ended = albra(*OPEN, "--timeout", "1", "--command-id", "mine")
    assert ended.code == 6
    assert "--command-id mine" in ended.err
    ids = {message.command_id for message in supervisor.received if isinstance(message, OpenPosition)}
    assert ids == {"mine"}, "every repetition is the same command"


def test_the_wait_survives_a_restarted_supervisor(albra: Albra) -> None:
    first = FakeSupervisor()
    first.opened_as = PositionState.OPENING
    restart = threading.Event()
    on_each_read(first, [restart.set])
    server = serve(first, albra.storage)
    process = albra.start(*OPEN, "--json")
    assert restart.wait(WAIT_S)
    server.stop()
    second = FakeSupervisor()
    second.views = first.views
    becomes(second, state=PositionState.ACTIVE)()
    server = serve(second, albra.storage)
    out, err = process.communicate(timeout=WAIT_S)
    server.stop()
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["state"] == "ACTIVE"


def test_a_lost_answer_is_asked_for_again_with_the_same_id(albra: Albra) -> None:
    supervisor = FakeSupervisor()
    with breaking_off(albra.storage) as asked:
        process = albra.start("open", "BTCUSDT", "long", "0.01")
        assert asked.wait(WAIT_S)
        server = serve(supervisor, albra.storage)
    out, _ = process.communicate(timeout=WAIT_S)
    server.stop()
    assert (process.returncode, out) == (0, f"{ID}\n")
    assert len(supervisor.views) == 1


def test_a_lost_answer_and_no_supervisor_afterwards_is_unknown_not_absent(albra: Albra) -> None:
    with breaking_off(albra.storage) as asked:
        ended = albra("open", "BTCUSDT", "long", "0.01", "--timeout", "1")
        assert asked.is_set()
    assert ended.code == 6


def test_a_close_in_whole_waits_until_closed(albra: Albra) -> None:
    supervisor = FakeSupervisor()
    supervisor.keep(view(1))

    def keeps_open(command: Any) -> Any:
        shown = supervisor.views[command.position_id]
        ids = (command.command_id,)
        supervisor.keep(replace(shown, state=PositionState.CLOSING, goal_quantity=Decimal(0), command_ids=ids))
        return supervisor._said(command, shown.position_id)

    supervisor._close = keeps_open  # type: ignore[method-assign]
    closed = becomes(supervisor, state=PositionState.CLOSED, quantity=Decimal(0), goal_quantity=None)
    on_each_read(supervisor, [lambda: None, closed])
    server = serve(supervisor, albra.storage)
    ended = albra("close", ID, "--wait")
    server.stop()
    assert (ended.code, ended.out) == (0, f"{ID} CLOSED\n")


def test_a_close_in_part_says_what_is_left(albra: Albra, supervisor: FakeSupervisor) -> None:
    supervisor.keep(view(1))
    ended = albra("close", "BTCUSDT", "--percent", "25", "--wait")
    assert (ended.code, ended.out) == (0, f"{ID} ACTIVE, 0.0075 left\n")


def row(**changes: Any) -> dict[str, Any]:
    return wire.position(view(1, **changes), None)


@pytest.mark.parametrize(
    ("changes", "asked", "progress"),
    [
        ({}, True, Progress.DONE),
        ({"protected": False}, True, Progress.WAITING),
        ({"protected": False}, False, Progress.DONE),
        ({"in_doubt": True}, False, Progress.WAITING),
        ({"state": PositionState.PENDING}, False, Progress.WAITING),
        ({"state": PositionState.RECONCILING}, False, Progress.WAITING),
        ({"state": PositionState.PAUSED}, False, Progress.DONE),
        ({"state": PositionState.CLOSED}, False, Progress.FAILED),
        ({"state": PositionState.CANCELLED}, False, Progress.FAILED),
    ],
)
def test_an_opening_is_done_when_held_and_protected_as_asked(
    *, changes: dict[str, Any], asked: bool, progress: Progress
) -> None:
    assert opening(row(**changes), protection_asked=asked) is progress


def test_a_close_is_not_judged_by_a_view_older_than_the_command() -> None:
    assert Closing(command_id="c", whole=False).progress(row()) is Progress.WAITING


def test_a_close_in_part_is_done_when_its_goal_is_gone_and_reached() -> None:
    ids = (CommandId("c"),)
    closing = Closing(command_id="c", whole=False)
    assert closing.progress(row(command_ids=ids, goal_quantity=Decimal("0.005"))) is Progress.WAITING
    assert closing.progress(row(command_ids=ids, quantity=Decimal("0.005"))) is Progress.DONE


@pytest.mark.parametrize("state", [PositionState.CLOSING, PositionState.MODIFYING])
def test_a_close_in_part_is_done_though_a_stop_that_fired_is_stuck(state: PositionState) -> None:
    ids, left = (CommandId("c"),), Decimal("0.005")
    closing = Closing(command_id="c", whole=False)
    assert closing.progress(row(command_ids=ids, goal_quantity=left)) is Progress.WAITING
    assert closing.progress(row(command_ids=ids, state=state)) is Progress.WAITING, "given up, or not there yet"
    assert closing.progress(row(command_ids=ids, state=state, quantity=left, in_doubt=True)) is Progress.WAITING
    assert closing.progress(row(command_ids=ids, state=state, quantity=left)) is Progress.DONE
    unseen = Closing(command_id="c", whole=False).progress(row(command_ids=ids, state=state, quantity=left))
    assert unseen is (Progress.DONE if state is PositionState.CLOSING else Progress.WAITING)
    whole = Closing(command_id="c", whole=True)
    assert whole.progress(row(command_ids=ids, state=state, quantity=left)) is Progress.WAITING


@pytest.mark.parametrize("whole", [True, False])
def test_a_close_that_was_given_up_is_a_failure(*, whole: bool) -> None:
    ids = (CommandId("c"),)
    closing = Closing(command_id="c", whole=whole)
    assert closing.progress(row(command_ids=ids, goal_quantity=Decimal("0.005"))) is Progress.WAITING
    assert closing.progress(row(command_ids=ids)) is Progress.FAILED


@contextmanager
def breaking_off(storage: Path) -> Iterator[threading.Event]:
    """A supervisor that knows its token, and dies after it read a request: the event tells that one came."""
    asked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        token = mint_token(storage)
        port = listener.getsockname()[1]
        address = ControlAddress(host="127.0.0.1", port=port, pid=os.getpid(), token_path=storage / "control.token")
        held = announce(storage, address, {})

        def accept() -> None:
            connection, _ = listener.accept()
            with connection:
                challenge = connection.recv(65_536).decode().partition(f"{CHALLENGE}: ")[2].split()[0]
                head = f"HTTP/1.1 200 OK\r\n{PROOF}: {proof_of(token, challenge)}\r\nContent-Length: 2\r\n\r\n"
                connection.sendall(head.encode() + b"{}")
                connection.recv(65_536)
            asked.set()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield asked
        held.withdraw()
    thread.join(WAIT_S)
