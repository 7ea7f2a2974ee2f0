"""Every edge that shows text from outside, given the same poison: nothing of it arrives as it came."""

import html
import io
import json
import re
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from actors.telegram.views import logs as log_page
from adapters.cli.live import Screen
from adapters.exchange.redaction import scrub
from adapters.logs.writing import Logs
from adapters.secret import Secret
from adapters.telegram.log_tail import tail
from messages.codec import encode
from messages.events import CloseRequested
from messages.reports import StreamDown, VenueDown
from messages.requests import Notify
from messages.statement import verbatim
from messages.status import StatusRow, row
from messages.types import AccountId, CommandId, Severity
from messages.wording.status import Status
from tests.cli.conftest import Albra, serve
from tests.control.fake_supervisor import FakeSupervisor, view
from tests.notifier.stage import Stage as Notices
from tests.notifier.stage import settings as notifier_settings
from tests.telegram.entities import visible_text
from tests.telegram.stage import Desk, Stage

SECRET = "hunter2-of-the-exchange"
ACTING = "\x1b[2J\x1b]0;owned\x07\r\nFORGED line\u202eesrever\u200b\u2028\u2066\x9b31m\x00"
CLICKS = "/close_all https://evil.example/x @stranger"
POISON = f"{ACTING} {CLICKS} <b>bold</b> z" + "\u0300" * 50
MAIN = AccountId("main")

Edge = Callable[[Path], str]
"""All that reaches the outside, in one text."""
EDGES: dict[str, Edge] = {}


def edge(make: Edge) -> Edge:
    EDGES[make.__name__] = make
    return make


def harmful(text: str) -> list[str]:
    """Characters that act or hide; line ends, colors and a live table's cursor are ours and taken out before."""
    rest = re.sub(r"\x1b\[([0-9]+(;[0-9]+)*m|[0-9]*A|2K|\?25[lh])|\n", "", text)
    return [repr(each) for each in rest if not each.isprintable()]


@pytest.fixture
def supervisor(tmp_path: Path) -> FakeSupervisor:
    """One whose every word is poison."""
    return poisoned()


def poisoned() -> FakeSupervisor:
    fake = FakeSupervisor()
    fake.keep(replace(view(1), reason=verbatim(POISON)))
    fake.refusal, fake.unread = POISON, POISON
    poison = verbatim(POISON)
    fake.status_rows = (
        row(Status.ACCOUNT(name="main"), Status.LAST_ERROR, poison),
        StatusRow(section=Status.ACCOUNT(name=POISON), name=poison, value=poison),
    )
    return fake


def command(*arguments: str) -> Edge:
    def run(place: Path) -> str:
        (place / "config.yaml").write_text("storage: {path: var}\n")
        (place / "var").mkdir(mode=0o700)
        server = serve(poisoned(), place / "var")
        try:
            ended = Albra(place)(*arguments)
        finally:
            server.stop()
        return ended.out + ended.err

    return run


ID = view(1).position_id
for words in (
    ("positions",), ("positions", "--json"), ("history", ID), ("history", ID, "--json"), ("status",),
    ("status", "--json"), ("open", "BTCUSDT", "long", "1"), ("open", "BTCUSDT", "long", "1", "--json"),
    ("close", ID), ("modify", ID, "--stop-loss", "1"), ("pause", "BTCUSDT"), ("reconcile",), ("reconcile", "--json"),
    ("open", POISON.replace("\x00", ""), "long", "1"), ("positions", "--config", POISON.replace("\x00", "")),
    ("history", POISON.replace("\x00", "")), (POISON.replace("\x00", ""),),
):  # fmt: skip
    EDGES[f"albra {' '.join(word if word.isprintable() else 'POISON' for word in words)}"] = command(*words)


@edge
def run_in_lines(place: Path) -> str:
    stream = io.StringIO()
    screen = Screen(stream, title="albra", header={"journal": POISON}, live=False, banner=POISON)
    _show(screen)
    return stream.getvalue()


@edge
def run_as_a_table(place: Path) -> str:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    _show(Screen(stream, title="albra", header={"journal": POISON}, live=True, banner=POISON))
    return stream.getvalue().replace("\r", "")


def _show(screen: Screen) -> None:
    screen.start()
    for message in (
        replace(view(1), reason=verbatim(POISON)),
        VenueDown(account=MAIN, cause=verbatim(POISON)),
        StreamDown(account=MAIN, cause=verbatim(POISON)),
        Notify(severity=Severity.CRITICAL, text=verbatim(POISON)),
    ):
        screen.deliver(message)
    screen.stop()


@edge
def the_log_file(place: Path) -> str:
    return _logged(place)


@edge
def the_log_on_a_console(place: Path) -> str:
    console = io.StringIO()
    _logged(place, console)
    return console.getvalue()


def _logged(place: Path, console: io.StringIO | None = None) -> str:
    logs = Logs(storage=place, secrets=[Secret(SECRET)], console=console)
    logs.step("WARNING", POISON, text=POISON, why=f"{POISON} {SECRET}")
    error = RuntimeError(f"{POISON} {SECRET}")
    error.__cause__ = ValueError(POISON)
    logger.opt(exception=error).error(POISON)
    logs.stop()
    return (place / "logs" / "albra.jsonl").read_text(encoding="utf-8")


def old_log(place: Path) -> Path:
    """As a version that cleaned nothing wrote it."""
    (place / "var" / "logs").mkdir(parents=True, mode=0o700)
    line = {"ts": "2099-01-01T00:00:00Z", "level": "ERROR", "message": POISON, "text": POISON, "exception": POISON}
    (place / "var" / "logs" / "albra.jsonl").write_text(json.dumps(line) + "\n")
    (place / "config.yaml").write_text("storage: {path: var}\n")
    return place


@edge
def albra_logs_of_an_old_file(place: Path) -> str:
    ended = Albra(old_log(place))("logs")
    return ended.out + ended.err


@edge
def albra_logs_of_an_old_file_as_json(place: Path) -> str:
    ended = Albra(old_log(place))("logs", "--json")
    told = ended.document()[0]
    return f"{ended.out}{told['message']}{told['text']}{ended.err}"


@edge
def the_log_in_the_chat(place: Path) -> str:
    from actors.language.words import Words

    return log_page(Words(), tail(old_log(place) / "var", 5)).text


@edge
def an_answer_over_http(place: Path) -> str:
    """Path, parameter, header and body that a caller chose; the raw bytes of each answer."""
    (place / "var").mkdir(mode=0o700)
    server = serve(poisoned(), place / "var")
    where = json.loads((place / "var" / "control.json").read_text())
    token = (place / "var" / "control.token").read_text().strip()
    path, body = "/v1/%1b%5b2J%E2%80%AE%0d%0a", json.dumps({"command_id": POISON, "symbol": POISON})
    reads = [("GET", each, "") for each in (path, "/v1/positions", "/v1/status")]
    requests = [*reads, ("POST", "/v1/commands/open", body)]
    try:
        return "".join(_raw(where["port"], token, *each) for each in requests)
    finally:
        server.stop()


def _raw(port: int, token: str, method: str, path: str, body: str) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        rest = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
        caller.sendall((head + rest).encode())
        answer = b"".join(iter(lambda: caller.recv(65_536), b""))
    text = answer.partition(b"\r\n\r\n")[2].decode()
    return text + _flat(json.loads(text))


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(str(name) + _flat(child) for name, child in value.items())
    return "".join(map(_flat, value)) if isinstance(value, list) else str(value)


@edge
def a_notice_in_the_chat(place: Path) -> str:
    stage = Notices().begin()
    stage.notify(Severity.CRITICAL, POISON)
    return _sent(stage.chat.texts())


@edge
def a_notice_on_the_second_channel(place: Path) -> str:
    stage = Notices(notifier_settings(second_channel=True, recipients=())).begin()
    stage.notify(Severity.CRITICAL, POISON)
    return "".join(post.text for post in stage.channel.posted)


@edge
def an_answer_in_the_chat(place: Path) -> str:
    event = CloseRequested(command_id=CommandId("c"), goal_quantity=view(1).quantity, why=verbatim(POISON))
    stage = Stage(desk=Desk(views=(replace(view(1), reason=verbatim(POISON)),), records=(encode(event),)))
    asked = ("/position #1", "/positions", "/history #1", f"/close {POISON}", f"/{POISON}")
    said = [stage.ask(100, text) for text in asked]
    return _sent(said)


def _sent(texts: list[str]) -> str:
    """As Telegram takes them; clickable is what stands outside of code."""
    shown = []
    for text in texts:
        visible_text(text)  # Raises where Telegram would refuse it.
        bare = re.sub(r"<(code|pre)>.*?</\1>", "", text, flags=re.DOTALL)
        plain = html.unescape(re.sub(r"<[^<>]*>", "", bare))
        assert not re.search(r"https?://|@stranger|/close_all", plain), plain
        shown.append(text)
    return "".join(shown)


@edge
def a_venues_error(place: Path) -> str:
    return scrub(f"{POISON} {SECRET}", (Secret(SECRET),))


@pytest.mark.parametrize("name", EDGES)
def test_poison_arrives_nowhere_as_it_came(name: str, tmp_path: Path) -> None:
    said = EDGES[name](tmp_path)
    assert harmful(said) == []
    assert "\nFORGED" not in said
    assert SECRET not in said
    assert "\u0300" * 4 not in said
