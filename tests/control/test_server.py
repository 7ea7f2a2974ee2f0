import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.control import listeners
from adapters.control.server import ControlAddressError, ControlServer
from albra.loopback.discovery import ADDRESS_FILE, ControlAddress, find
from messages.commands import ListPositions, OpenPosition
from messages.reports import PositionView
from messages.requests import Notify, Reply
from messages.statement import Statement, verbatim
from messages.status import Concern, Level, Verdict, row
from messages.types import AccountId, CommandId, PositionState, ReplyCode, Severity
from messages.wording import Supervisor
from messages.wording.status import Status
from tests.control.fake_supervisor import FakeSupervisor, view

OPEN = {"command_id": "c1", "symbol": "btcusdt", "side": "long", "quantity": "0.01"}
WAIT_S = 10


@dataclass
class Api:
    """A running server before a fake supervisor, and the simplest client."""

    supervisor: FakeSupervisor
    server: ControlServer
    address: ControlAddress
    storage: Path

    def call(self, method: str, path: str, body: object = None, *, token: str | None = None) -> tuple[int, Any]:
        text = body if isinstance(body, str | None) else json.dumps(body)
        connection = http.client.HTTPConnection(self.address.host, self.address.port, timeout=WAIT_S)
        bearer = self.address.token().reveal() if token is None else token
        try:
            connection.request(method, path, text, {"Authorization": f"Bearer {bearer}"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def post(self, name: str, body: object) -> tuple[int, Any]:
        return self.call("POST", f"/v1/commands/{name}", body)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    supervisor = FakeSupervisor()
    server = ControlServer(
        storage=tmp_path, submit=supervisor.submit, accounts=(AccountId("main"),), answer_timeout_s=0.5
    )
    supervisor.deliver = server.deliver
    yield Api(supervisor, server, server.start(), tmp_path)
    server.stop()


def test_the_address_and_the_token_are_written_for_their_owner_only(api: Api) -> None:
    assert find(api.storage) == api.address
    assert api.address.port > 0
    assert (api.storage / ADDRESS_FILE).stat().st_mode & 0o777 == 0o600
    assert api.address.token_path.stat().st_mode & 0o777 == 0o600
    assert len(api.address.token().reveal()) >= 32


def test_stopping_takes_the_address_back_and_the_token_stays(api: Api) -> None:
    token = api.address.token().reveal()
    api.server.stop()
    assert find(api.storage) is None
    assert api.address.token().reveal() == token
    api.server.deliver(view())  # Late messages are nobody's trouble.


def test_each_start_has_a_token_of_its_own_whatever_was_planted_in_its_place(api: Api, tmp_path: Path) -> None:
    before = api.address.token().reveal()
    api.server.stop()
    victim = tmp_path / "victim"
    victim.write_text("kept")
    api.address.token_path.unlink()
    api.address.token_path.symlink_to(victim)
    other = ControlServer(storage=tmp_path, submit=api.supervisor.submit, accounts=())
    try:
        assert other.start().token().reveal() not in (before, "kept")
        assert victim.read_text() == "kept"
    finally:
        other.stop()


def test_a_taken_port_is_said_with_what_to_do(api: Api) -> None:
    other = ControlServer(storage=api.storage, submit=api.supervisor.submit, accounts=(), port=api.address.port)
    with pytest.raises(ControlAddressError, match=rf"127\.0\.0\.1:{api.address.port} cannot be bound .*choose another"):
        other.start()
    assert find(api.storage) == api.address


def test_without_the_token_nothing_is_told_but_health(api: Api) -> None:
    for path in ("/v1/positions", "/v1/status", "/v1/events", "/v1/nothing"):
        assert api.call("GET", path, token="wrong")[0] == 401
    assert api.call("POST", "/v1/commands/open", OPEN, token="")[0] == 401
    assert api.supervisor.received == []
    assert api.call("GET", "/v1/health", token="")[1]["status"] == "ok"


def concern(level: Level, section: Statement, name: Status) -> Concern:
    return Concern(level=level, section=section, name=name(), reason=verbatim("told to nobody here"), about="secretive")


def test_health_tells_the_truth_and_no_names(api: Api) -> None:
    venue = concern(Level.LOOK, Status.ACCOUNT(name="secretive"), Status.VENUE)
    bare = concern(Level.ACT, Status.POSITIONS(), Status.UNPROTECTED)
    api.supervisor.verdict = Verdict(level=Level.ACT, concerns=(bare, venue))
    status, body = api.call("GET", "/v1/health", token="")
    assert (status, body["status"]) == (200, "degraded")
    assert body["verdict"] == "ACT"
    assert body["troubles"] == ["account: venue", "positions: without their protection"]
    api.supervisor.silent = True
    status, body = api.call("GET", "/v1/health", token="")
    assert (status, body["error"]) == (503, "the supervisor does not answer: see `albra doctor`")


def test_an_accepted_opening_answers_with_its_position(api: Api) -> None:
    status, body = api.post("open", OPEN)
    assert status == 200
    assert body["position_id"] == "main.BTCUSDT.long.manual.1"
    assert isinstance(api.supervisor.received[0], OpenPosition)


def test_a_repeated_command_has_one_effect(api: Api) -> None:
    assert api.post("open", OPEN) == api.post("open", OPEN)
    assert len(api.supervisor.views) == 1


def test_a_repetition_while_the_first_waits_joins_it_and_is_not_sent_again(tmp_path: Path) -> None:
    supervisor = FakeSupervisor()
    supervisor.silent = True
    server = ControlServer(storage=tmp_path, submit=supervisor.submit, accounts=(AccountId("main"),))
    supervisor.deliver = server.deliver
    api = Api(supervisor, server, server.start(), tmp_path)
    answers: list[tuple[int, Any]] = []
    callers = [threading.Thread(target=lambda: answers.append(api.post("open", OPEN))) for _ in range(3)]
    for caller in callers:
        caller.start()
    waiting = server._pending._waiting
    _until(lambda: sum(wait.callers for wait in list(waiting.values())) == 3)
    [command] = supervisor.received
    assert isinstance(command, OpenPosition)
    supervisor.answer(command)
    for caller in callers:
        caller.join(WAIT_S)
    server.stop()
    assert [status for status, _ in answers] == [200, 200, 200]
    assert len(supervisor.received) == 1


def test_after_a_timeout_the_same_command_may_be_asked_again(api: Api) -> None:
    api.supervisor.silent = True
    assert api.post("open", OPEN)[0] == 504
    api.supervisor.silent = False
    assert api.post("open", OPEN)[0] == 200


def test_another_command_under_the_same_id_is_a_conflict(api: Api) -> None:
    api.supervisor.silent = True
    first = threading.Thread(target=lambda: api.post("open", OPEN))
    first.start()
    assert api.supervisor.heard.wait(WAIT_S)
    status, body = api.post("open", {**OPEN, "quantity": "0.02"})
    first.join(WAIT_S)
    assert (status, "another command" in body["error"]) == (409, True)


def test_a_refusal_is_409_with_the_reason(api: Api) -> None:
    api.supervisor.refusal = "limits.order_notional: 600 is above 500"
    status, body = api.post("open", OPEN)
    assert (status, body["error"]) == (409, "limits.order_notional: 600 is above 500")


def test_a_full_door_is_503_and_says_that_nothing_was_done(api: Api) -> None:
    api.supervisor.full = True
    status, body = api.post("open", OPEN)
    assert status == 503
    assert "nothing was done" in body["error"]


def test_a_supervisor_that_is_not_there_yet_is_not_ready(tmp_path: Path) -> None:
    supervisor = FakeSupervisor()
    supervisor.full = True
    server = ControlServer(
        storage=tmp_path, submit=supervisor.submit, started=lambda: False, accounts=(AccountId("main"),)
    )
    supervisor.deliver = server.deliver
    api = Api(supervisor, server, server.start(), tmp_path)
    status, body = api.post("open", OPEN)
    server.stop()
    assert (status, body["code"]) == (503, "not_ready")


def test_silence_is_504_and_not_a_refusal(api: Api) -> None:
    api.supervisor.silent = True
    status, body = api.post("open", OPEN)
    assert status == 504
    assert "same command_id" in body["error"]


def test_a_late_answer_disturbs_nobody(api: Api) -> None:
    api.server.deliver(Reply(command_id=CommandId("nobody"), to=view().position_id, accepted=True))  # type: ignore[arg-type]
    assert api.call("GET", "/v1/positions") == (200, [])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{", "body"), ("[]", "body"), ("null", "body"), ("[" * 5000, "body"), ({**OPEN, "quantity": "x"}, "quantity"),
        ({**OPEN, "nonsense": 1}, "body"), ({**OPEN, "account": "Other!"}, "account"),
        ('{"command_id": "c", "symbol": "BTCUSDT", "side": "long", "quantity": NaN}', "quantity"),
    ],
)  # fmt: skip
def test_bad_input_is_400_with_field_and_expectation(api: Api, body: object, field: str) -> None:
    status, said = api.post("open", body)
    assert (status, said["field"]) == (400, field)
    assert said["expected"]
    assert api.supervisor.received == []


def test_a_json_fraction_arrives_with_its_digits(api: Api) -> None:
    api.post("open", '{"command_id": "c", "symbol": "BTCUSDT", "side": "long", "quantity": 0.10000000000000001}')
    received = api.supervisor.received[0]
    assert isinstance(received, OpenPosition)
    assert str(received.quantity) == "0.10000000000000001"


def test_an_oversized_body_is_refused(api: Api) -> None:
    status, body = api.post("open", {**OPEN, "strategy": "x" * 70_000})
    assert status == 413
    assert "error" in body


def test_unknown_routes_and_commands_are_json_errors(api: Api) -> None:
    assert api.post("explode", {})[0] == 404
    assert "error" in api.call("GET", "/v1/nothing")[1]
    assert api.call("GET", "/v1/commands/open")[0] == 405


def test_positions_live_ones_and_all(api: Api) -> None:
    api.supervisor.keep(view(1))
    api.supervisor.keep(view(2, state=PositionState.CLOSED, strategy="s2"))
    assert [row["state"] for row in api.call("GET", "/v1/positions")[1]] == ["ACTIVE"]
    assert [row["state"] for row in api.call("GET", "/v1/positions?all=1")[1]] == ["ACTIVE", "CLOSED"]


def test_one_position_terminal_ones_included(api: Api) -> None:
    closed = view(1, state=PositionState.CLOSED)
    api.supervisor.keep(closed)
    assert api.call("GET", f"/v1/positions/{closed.position_id}")[1]["state"] == "CLOSED"
    assert api.call("GET", "/v1/positions/main.BTCUSDT.long.manual.9")[0] == 404
    assert api.call("GET", "/v1/positions/garbage")[0] == 400


def test_history_is_its_events_in_their_order(api: Api) -> None:
    api.supervisor.keep(view(1))
    status, events = api.call("GET", f"/v1/positions/{view(1).position_id}/history")
    assert status == 200
    assert [event["type"] for event in events] == ["CloseRequested", "StateChanged"]
    assert events[0]["goal_quantity"] == "0"
    assert api.call("GET", "/v1/positions/main.BTCUSDT.long.manual.9/history")[0] == 404


def test_discrepancies_that_there_are_none_to_tell_of_are_not_found(api: Api) -> None:
    status, body = api.call("GET", "/v1/discrepancies")
    assert status == 404
    assert body["error"]


def test_a_close_by_symbol_finds_the_one_position(api: Api) -> None:
    api.supervisor.keep(view(1, strategy="a"))
    api.supervisor.keep(view(2, strategy="b"))
    status, body = api.post("close", {"command_id": "c", "symbol": "BTCUSDT"})
    assert (status, "2 positions match" in body["error"]) == (409, True)
    status, body = api.post("close", {"command_id": "e", "symbol": "BTCUSDT", "strategy": "b"})
    assert (status, body["position_id"]) == (200, "main.BTCUSDT.long.b.2")
    assert api.post("close", {"command_id": "d", "symbol": "ETHUSDT"})[0] == 409


def test_an_answer_that_is_not_final_is_for_the_copy_that_it_names(tmp_path: Path) -> None:
    """Another copy is still on its way to the supervisor, and may come to something."""
    supervisor = FakeSupervisor()
    supervisor.silent = True
    server = ControlServer(
        storage=tmp_path, submit=supervisor.submit, accounts=(AccountId("main"),), answer_timeout_s=0.3
    )
    supervisor.deliver = server.deliver
    api = Api(supervisor, server, server.start(), tmp_path)
    assert api.post("open", OPEN)[0] == 504
    answers: list[tuple[int, Any]] = []
    caller = threading.Thread(target=lambda: answers.append(api.post("open", OPEN)))
    caller.start()
    _until(lambda: len(supervisor.received) == 2)
    first, second = supervisor.received
    assert isinstance(first, OpenPosition)
    assert first.causation_id != second.causation_id
    about: dict[str, Any] = {"command_id": first.command_id, "to": first.reply_to, "accepted": False}
    server.deliver(Reply(**about, text=verbatim("not yet"), code=ReplyCode.NOT_READY, causation_id=first.causation_id))
    server.deliver(Reply(**about, text=verbatim("limits"), causation_id=first.causation_id))
    caller.join(WAIT_S)
    server.stop()
    assert [(status, body["error"]) for status, body in answers] == [(409, "limits")]


@pytest.mark.parametrize(
    ("code", "status", "word"),
    [
        (ReplyCode.DECIDED, 409, "refused"), (ReplyCode.OTHER_COMMAND, 409, "other_command"),
        (ReplyCode.NOT_READY, 503, "not_ready"), (ReplyCode.UNKNOWN, 504, "unknown"),
    ],
)  # fmt: skip
def test_each_promise_has_a_status_and_a_word(api: Api, code: ReplyCode, status: int, word: str) -> None:
    api.supervisor.refusal, api.supervisor.code = "why", code
    answered, body = api.post("open", OPEN)
    assert (answered, body["code"], body["error"]) == (status, word, "why")


def test_a_failure_of_ours_is_500_without_its_insides(api: Api) -> None:
    def broken(command: ListPositions) -> Any:
        raise RuntimeError("insides")

    api.supervisor._positions = broken  # type: ignore[method-assign]
    status, body = api.call("GET", "/v1/positions")
    assert status == 500
    assert "insides" not in body["error"]


def test_stopping_tells_who_waits_instead_of_leaving_them(api: Api) -> None:
    api.supervisor.silent = True
    answers: list[tuple[int, Any]] = []
    caller = threading.Thread(target=lambda: answers.append(api.post("open", OPEN)))
    caller.start()
    assert api.supervisor.heard.wait(WAIT_S)
    api.server.stop()
    caller.join(WAIT_S)
    assert answers[0][0] in (503, 504)


def test_listeners_hear_every_view_and_notice(api: Api) -> None:
    notice = Notify(severity=Severity.CRITICAL, text=verbatim("venue down"))
    heard = asyncio.run(_listen(api, [view(1), notice], count=2))
    assert [event["type"] for event in heard] == ["PositionView", "Notify"]
    assert heard[0]["quantity"] == "0.010"


def test_a_browser_hands_the_token_as_a_subprotocol(api: Api) -> None:
    heard = asyncio.run(_listen(api, [view(1)], count=1, as_protocol=True))
    assert heard[0]["position_id"] == view(1).position_id


def test_a_slow_listener_is_told_how_much_it_missed() -> None:
    async def lag() -> Sequence[str]:
        all_ears = listeners.Listeners()
        stream = all_ears.stream()
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        for ordinal in range(listeners.QUEUE_MAX + 5):
            all_ears.publish(view(ordinal + 1))
        all_ears.close()
        return [await first] + [text async for text in stream]

    texts = asyncio.run(lag())
    missed = sum(json.loads(text).get("count", 0) for text in texts if '"Missed"' in text)
    told = sum('"PositionView"' in text for text in texts)
    assert missed > 0
    assert missed + told >= listeners.QUEUE_MAX + 5


def test_stopping_ends_the_event_streams(api: Api) -> None:
    async def until_closed() -> aiohttp.WSMsgType:
        async with aiohttp.ClientSession() as session, session.ws_connect(**_events(api)) as socket:
            await asyncio.to_thread(_until_listening, api.server)
            await asyncio.to_thread(api.server.stop)
            received: aiohttp.WSMessage = await socket.receive(timeout=WAIT_S)
            return received.type

    assert asyncio.run(until_closed()) in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING)


async def _listen(
    api: Api, messages: list[PositionView | Notify], count: int, *, as_protocol: bool = False
) -> list[Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(**_events(api, as_protocol=as_protocol)) as socket,
    ):
        await asyncio.to_thread(_until_listening, api.server)
        for message in messages:
            api.server.deliver(message)
        return [json.loads((await socket.receive(timeout=WAIT_S)).data) for _ in range(count)]


def _events(api: Api, *, as_protocol: bool = False) -> dict[str, Any]:
    url = f"http://{api.address.host}:{api.address.port}/v1/events"
    if as_protocol:
        return {"url": url, "protocols": (f"bearer.{api.address.token().reveal()}",)}
    return {"url": url, "headers": {"Authorization": f"Bearer {api.address.token().reveal()}"}}


def _until_listening(server: ControlServer) -> None:
    _until(lambda: server._listeners.count > 0)


def _until(reached: Callable[[], bool]) -> None:
    """What another thread does shows by looking only; the bound is generous, the usual wait a look or two."""
    pause = threading.Event()
    for _ in range(WAIT_S * 100):
        if reached():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come to that")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/positions?limit=1", "/v1/positions?symbol=x", "/v1/positions?account=A%20B", "/v1/positions?all=perhaps",
        "/v1/positions?all=1&all=0", "/v1/discrepancies?limit=1e9", "/v1/status?n=1", "/v1/events?symbol=BTCUSDT",
        "/v1/positions/main.BTCUSDT.long.manual.1?n=1", "/v1/positions/main.BTCUSDT.long.manual.1/history?n=1",
    ],
)  # fmt: skip
def test_a_query_that_is_not_described_is_refused(api: Api, path: str) -> None:
    status, body = api.call("GET", path)
    assert status == 400, body
    assert {"field", "expected", "found"} <= set(body)


def test_a_command_takes_nothing_from_its_query_and_a_list_everything(api: Api) -> None:
    status, body = api.call("POST", "/v1/commands/close_all?account=main", {"command_id": "c"})
    assert (status, api.supervisor.received) == (400, []), body
    api.supervisor.keep(view(1))
    api.supervisor.keep(view(2, strategy="trend", symbol="ETHUSDT"))
    for query, found in (("symbol=ethusdt", 1), ("strategy=trend", 1), ("account=main", 2), ("strategy=new", 0)):
        assert len(api.call("GET", f"/v1/positions?{query}")[1]) == found


def test_ready_says_why_not_in_one_word_and_needs_no_token(api: Api) -> None:
    assert api.call("GET", "/v1/ready", token="") == (200, {"ready": True, "code": "ready"})
    main = Status.ACCOUNT(name="secretive")
    api.supervisor.status_rows = (
        row(main, Status.OPENINGS, Status.WAITING()),
        row(main, Status.BECAUSE, Supervisor.STREAM_DOWN(why="reset")),
    )
    status, body = api.call("GET", "/v1/ready", token="")
    assert (status, body["code"]) == (503, "stream_down")
    assert "secretive" not in str(body)
    api.supervisor.silent = True
    assert api.call("GET", "/v1/ready", token="")[1]["code"] == "no_answer"
