"""What strangers send: answered by a status, never by a trace; nothing of it reaches the supervisor."""

import base64
import gzip
import http.client
import json
import logging
import os
import socket
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from adapters.config import Secret, WebhookConfig, WebhookStrategy
from adapters.control import refusals
from adapters.control.announcement import announce, mint_token
from adapters.control.server import ControlServer
from adapters.listening import body as bodies
from adapters.listening import door
from adapters.storage.lock import DirectoryLock
from albra.client import Client, NoSupervisor
from albra.loopback.discovery import ADDRESS_FILE, ControlAddress, announced, find
from albra.loopback.transport import Transport, Unreachable
from messages.requests import Notify
from messages.statement import verbatim
from messages.types import AccountId, Severity
from tests.control.fake_supervisor import FakeSupervisor, view

SECRET = "correct horse battery"
OPEN = json.dumps({"command_id": "c1", "symbol": "BTCUSDT", "side": "long", "quantity": "0.01"}).encode()
WAIT_S = 10
Headers = Mapping[str, str | bytes]


class Target:
    """Control API and webhook before a fake supervisor."""

    def __init__(self, storage: Path) -> None:
        self.storage = storage
        self.supervisor = FakeSupervisor()
        self.notices: list[Notify] = []
        hook = WebhookConfig(
            enabled=True,
            host="127.0.0.1",
            port=0,
            max_age_ms=60_000,
            strategies=(WebhookStrategy(strategy="trend", secret=Secret(SECRET), account=None),),
        )
        self.server = ControlServer(
            storage=storage,
            submit=self.supervisor.submit,
            accounts=(AccountId("main"),),
            webhook=hook,
            notify=self._noticed,
        )
        self.supervisor.deliver = self.server.deliver
        self.address = self.server.start()
        said = announced(storage)
        assert said is not None
        self.ports = {"control": self.address.port, "webhook": int(said["webhook"]["port"])}

    def _noticed(self, notice: Notify) -> None:
        self.notices.append(notice)

    def send(self, where: str, method: str, path: str, body: bytes = b"", headers: Headers | None = None) -> int:
        """The status. Headers stand in place of those that are right; None of a name leaves it out."""
        right: dict[str, str | bytes] = {
            "Host": f"127.0.0.1:{self.ports[where]}",
            "Authorization": f"Bearer {self.address.token().reveal()}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        lines = [f"{method} {path} HTTP/1.1".encode()]
        lines += [name.encode() + b": " + _raw(value) for name, value in (right | dict(headers or {})).items() if value]
        with socket.create_connection(("127.0.0.1", self.ports[where]), WAIT_S) as connection:
            connection.sendall(b"\r\n".join([*lines, b"", body]))
            answer = http.client.HTTPResponse(connection, method=method)
            answer.begin()
            self.answer = answer.read()
            self.headers = answer.headers
            return answer.status


def _raw(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


@pytest.fixture
def target(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Target]:
    caplog.set_level(logging.INFO)
    target = Target(tmp_path)
    yield target
    target.server.stop()
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
    assert SECRET not in caplog.text


COMMAND, ALERT = "/v1/commands/open", "/v1/webhook/trend"
BODIES: dict[str, tuple[Headers, bytes, int]] = {
    "an unknown charset": ({"Content-Type": "application/json; charset=x"}, OPEN, 415),
    "a charset that hides": ({"Content-Type": "application/json; charset=utf-7"}, OPEN, 415),
    "gzip": ({"Content-Encoding": "gzip"}, gzip.compress(OPEN), 415),
    "gzip that is none": ({"Content-Encoding": "gzip"}, b"\x1f\x8bgarbage", 415),
    "deflate": ({"Content-Encoding": "deflate"}, zlib.compress(OPEN), 415),
    "brotli": ({"Content-Encoding": "br"}, b"\x8b\x00", 415),
    "several encodings": ({"Content-Encoding": "gzip, identity"}, OPEN, 415),
    "a bomb": ({"Content-Encoding": "gzip"}, gzip.compress(bytes(50_000_000)), 415),
    "no UTF-8": ({}, b'{"secret": "\xff\xfe"}', 400),
    "UTF-16": ({}, OPEN.decode().encode("utf-16"), 400),
    "too long": ({}, b" " * 100_000, 413),
    "deep": ({}, b"[" * 10_000, 400),
    "a huge number": ({}, b'{"quantity": ' + b"9" * 10_000 + b"}", 400),
    "a name twice": ({}, b'{"quantity": "1", "quantity": "100"}', 400),
    "chunks that are none": (
        {"Transfer-Encoding": "chunked", "Content-Length": ""},
        b"zz\r\nabc\r\n0\r\n\r\n",
        400,
    ),
    "a length that lies": ({"Content-Length": "-5"}, OPEN, 400),
}


@pytest.mark.parametrize("where", ["control", "webhook"])
@pytest.mark.parametrize("name", list(BODIES))
def test_a_body_that_cannot_be_read_is_refused_by_its_status(target: Target, where: str, name: str) -> None:
    headers, body, status = BODIES[name]
    path = COMMAND if where == "control" else ALERT
    assert target.send(where, "POST", path, body, headers) == status
    assert target.supervisor.received == []


def test_refused_alerts_are_told_the_first_at_once_and_the_rest_together(
    target: Target, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(20):
        assert target.send("webhook", "POST", ALERT, b"\xff") == 400
        assert target.send("webhook", "POST", ALERT, b'{"secret": "guess"}') in (401, 429)
    assert [notice.text for notice in target.notices] == ["webhook alerts were refused: 1 not readable as an alert"]
    assert len([record for record in caplog.records if "alert was refused" in record.getMessage()]) == 2


def test_what_was_refused_meanwhile_is_told_with_its_numbers(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "TOGETHER_S", 0.5)
    told = threading.Event()

    class Heard(list[Notify]):
        def append(self, notice: Notify) -> None:
            super().append(notice)
            if "2 with" in notice.text:
                told.set()

    target.notices = Heard()
    for _ in range(3):
        target.send("webhook", "POST", ALERT, b'{"secret": "guess"}')
    assert told.wait(WAIT_S)
    texts = [notice.text for notice in target.notices]
    assert texts == [f"webhook alerts were refused: {n} with a missing or wrong secret" for n in (1, 2)]


NO_HTTP = {
    "no request line": b"nonsense\r\n\r\n",
    "a method that is none": b"G@T / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "a version that is none": b"GET / HTTP/x\r\nHost: 127.0.0.1\r\n\r\n",
    "a header that is none": b"GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
    "a header that is too long": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "a path that is too long": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("where", ["control", "webhook"])
@pytest.mark.parametrize("name", list(NO_HTTP))
def test_what_is_no_http_gets_an_error_in_json_like_everything_else(target: Target, where: str, name: str) -> None:
    with socket.create_connection(("127.0.0.1", target.ports[where]), WAIT_S) as connection:
        connection.sendall(NO_HTTP[name])
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        said = answer.read(int(answer.headers["Content-Length"]))
    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("application/json")
    assert json.loads(said)["error"]


@pytest.mark.parametrize(("where", "path"), [("control", COMMAND), ("webhook", ALERT)])
def test_an_expectation_is_refused_as_everything_else_and_one_to_continue_is_met(
    target: Target, where: str, path: str
) -> None:
    assert target.send(where, "POST", path, OPEN, {"Expect": "the-unexpected"}) == 417
    assert (target.headers["Content-Type"].split(";")[0], "error" in json.loads(target.answer)) == (
        "application/json",
        True,
    )
    assert target.send(where, "POST", path, OPEN, {"Expect": "100-continue"}) != 417


HEADERS: dict[str, tuple[str, str, Headers, int]] = {
    "no token": ("GET", "/v1/positions", {"Authorization": ""}, 401),
    "a token that is no UTF-8": ("GET", "/v1/positions", {"Authorization": b"Bearer \xff\xfe"}, 401),
    "a subprotocol that is no UTF-8": (
        "GET",
        "/v1/events",
        {"Authorization": "", "Sec-WebSocket-Protocol": b"bearer.\xff"},
        401,
    ),
    "another scheme": ("GET", "/v1/positions", {"Authorization": "Basic Og=="}, 401),
    "another host": ("GET", "/v1/positions", {"Host": "evil.example"}, 421),
    "another host that begins well": ("GET", "/v1/positions", {"Host": "localhost.evil.example"}, 421),
    "another host, public route": ("GET", "/v1/health", {"Host": "evil.example:80"}, 421),
    "no host": ("GET", "/v1/positions", {"Host": ""}, 400),
    "what is expected and not known": ("GET", "/v1/positions", {"Expect": "the-unexpected"}, 417),
    "the same of a path that there is not": ("GET", "/v1/nothing", {"Expect": "the-unexpected"}, 417),
    "the same of a command": ("POST", COMMAND, {"Expect": "the-unexpected"}, 417),
    "a tunnel's port": ("GET", "/v1/positions", {"Host": "localhost:9999"}, 200),
    "another page": ("POST", COMMAND, {"Origin": "http://evil.example"}, 403),
    "a page without a name": ("POST", COMMAND, {"Origin": "null"}, 403),
    "another page's socket": (
        "GET",
        "/v1/events",
        {
            "Origin": "http://evil.example",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
        },
        403,
    ),
    "text": ("POST", COMMAND, {"Content-Type": "text/plain"}, 415),
    "a form": ("POST", COMMAND, {"Content-Type": "application/x-www-form-urlencoded"}, 415),
    "a form in parts": ("POST", COMMAND, {"Content-Type": "multipart/form-data; boundary=x"}, 415),
    "a method that there is not": ("DELETE", COMMAND, {}, 405),
    "a position with a number beyond 64 bits": (
        "GET",
        "/v1/positions/main.BTCUSDT.long.manual.99999999999999999999",
        {},
        400,
    ),
    "a history with a number beyond 64 bits": (
        "GET",
        "/v1/positions/main.BTCUSDT.long.manual.9223372036854775808/history",
        {},
        400,
    ),
    "a path that is no UTF-8": ("GET", "/v1/positions/%ff%fe", {}, 400),
    "a query that is no UTF-8": ("GET", "/v1/discrepancies?symbol=%ff", {}, 400),
    "as many as there are not": ("GET", f"/v1/discrepancies?n={'9' * 30}", {}, 400),
    "digits of another script": ("GET", "/v1/discrepancies?n=%D9%A3", {}, 400),
    "a parameter of health": ("GET", "/v1/health?verbose=1", {}, 400),
    "a parameter of the description": ("GET", "/v1/openapi.json?pretty", {}, 400),
    "a parameter of a command": ("POST", "/v1/commands/open?dry_run=1", {}, 400),
}


@pytest.mark.parametrize("name", list(HEADERS))
def test_who_asks_and_for_what_is_looked_at_first(target: Target, name: str) -> None:
    method, path, headers, status = HEADERS[name]
    assert target.send("control", method, path, OPEN if method == "POST" else b"", headers) == status
    assert not [message for message in target.supervisor.received if type(message).__name__ == "OpenPosition"]
    if status >= 400:
        assert json.loads(target.answer)["error"]
    if status == 405:
        assert target.headers["Allow"] == "POST"


def test_a_command_without_a_content_type_is_taken_as_json(target: Target) -> None:
    assert target.send("control", "POST", COMMAND, OPEN, {"Content-Type": ""}) == 200
    assert target.send("control", "POST", COMMAND, OPEN, {"Content-Type": "application/json; charset=UTF-8"}) == 200


def test_a_body_that_never_ends_is_given_up(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_S", 0.2)
    assert target.send("control", "POST", COMMAND, b"{", {"Content-Length": "1000"}) == 408


@contextmanager
def _impostor(storage: Path, answers: int = 200, *, proof: str = "") -> Iterator[list[bytes]]:
    """Another program on the port that control.json names; what it was sent."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(WAIT_S)
        mint_token(storage)
        port = listener.getsockname()[1]
        address = ControlAddress(host="127.0.0.1", port=port, pid=os.getpid(), token_path=storage / "x")
        held = announce(storage, address, {})

        def serve() -> None:
            try:
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        heard.append(connection.recv(65_536))
                        said = f"HTTP/1.1 {answers} OK\r\nAlbra-Proof: {proof}\r\nContent-Length: 2\r\n\r\n[]"
                        connection.sendall(said.encode())
                        heard.append(connection.recv(65_536))
            except OSError:
                return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield heard
        finally:
            held.withdraw()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(WAIT_S)


@pytest.mark.parametrize("answers", [200, 401, 500])
def test_what_does_not_know_the_token_is_neither_shown_it_nor_believed(tmp_path: Path, answers: int) -> None:
    with _impostor(tmp_path, answers, proof="0" * 64) as heard:
        token = (tmp_path / "control.token").read_text().strip()
        albra = Client(tmp_path)
        for ask in (albra.positions, albra.status, lambda: next(albra.events()), albra.close_all):
            with pytest.raises(NoSupervisor, match="does not know its token"):
                ask()
    assert heard
    assert not [sent for sent in heard if token.encode() in sent or b"Bearer" in sent]


def test_an_address_is_believed_only_while_its_writer_lives(tmp_path: Path) -> None:
    target = Target(tmp_path)
    left = (tmp_path / ADDRESS_FILE).read_bytes()
    target.server.stop()
    (tmp_path / ADDRESS_FILE).write_bytes(left)  # as after a kill; its pid is ours, which lives
    assert find(tmp_path) is None
    with pytest.raises(Unreachable) as none:
        Transport(tmp_path).address()
    assert none.value.pid is None
    lock = DirectoryLock(tmp_path)
    with pytest.raises(Unreachable) as starting:
        Transport(tmp_path).address()
    lock.release()
    assert starting.value.pid == os.getpid(), "a supervisor that does not listen yet is not one that is missing"


def test_a_path_in_the_address_leads_to_no_other_token(tmp_path: Path) -> None:
    (tmp_path / "planted").write_text("planted")
    mint_token(tmp_path)
    address = ControlAddress(host="127.0.0.1", port=1, pid=os.getpid(), token_path=tmp_path / "planted")
    held = announce(tmp_path, address, {})
    found = find(tmp_path)
    held.withdraw()
    assert found is not None
    assert found.token().reveal() != "planted"


def test_a_flood_keeps_no_command_from_its_answer(target: Target) -> None:
    target.supervisor.keep(view(1))
    idle = [socket.create_connection(("127.0.0.1", target.ports["control"]), WAIT_S) for _ in range(300)]
    try:
        assert len(Client(target.storage).positions()) == 1
        assert Client(target.storage).close_all().text
    finally:
        for connection in idle:
            connection.close()
    control, _hook = target.server.rows()
    assert (control.name, control.value.args["most"]) == ("control", 128)


def test_a_listener_that_does_not_read_is_cut(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "STALLED_S", 0.1)
    connection = http.client.HTTPConnection("127.0.0.1", target.ports["control"], timeout=WAIT_S)
    headers = {
        "Authorization": f"Bearer {target.address.token().reveal()}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
    }
    with closing(connection):
        connection.request("GET", "/v1/events", headers=headers)
        assert connection.sock is not None
        assert connection.sock.recv(12).endswith(b"101")
        notice = Notify(severity=Severity.INFO, text=verbatim("x" * 60_000))
        for _ in range(2_000):
            target.server.deliver(notice)
        _until_gone(target)


def _until_gone(target: Target) -> None:
    gone = threading.Event()

    def look() -> None:
        if target.server._listeners.count:
            target.server._thread.loop.call_later(0.05, look)
        else:
            gone.set()

    target.server._thread.post(look)
    assert gone.wait(WAIT_S)
