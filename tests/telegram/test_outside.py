"""The second channel, the ping, and the tail of the log."""

import json
import queue
from pathlib import Path

from aiohttp import web

from adapters.secret import Secret
from adapters.telegram.log_tail import tail
from adapters.webhook import Webhook
from messages.addresses import NOTIFIER
from messages.base import Message
from messages.notices import Posted, PostFailed, PostNotice, SendPing
from messages.statement import verbatim
from messages.text import shown
from messages.types import AccountId, Severity
from tests.telegram.hook import listening

NOTICE = PostNotice(
    request_id="webhook/1",
    reply_to=NOTIFIER,
    severity=Severity.CRITICAL,
    text=shown("liquidated"),
    ts_init=1_700_000_000_000_000_000,
    account=AccountId("main"),
)


def test_a_notice_arrives_as_json_and_a_ping_as_a_get() -> None:
    seen: queue.Queue[tuple[str, str, object]] = queue.Queue()
    answers: queue.Queue[Message] = queue.Queue()

    async def hook(request: web.Request) -> web.Response:
        seen.put((request.method, request.path_qs, await request.json() if request.method == "POST" else None))
        return web.Response(status=204)

    with listening(hook) as url:
        webhook = Webhook(Secret(f"{url}/alert?key=1"), Secret(f"{url}/ping"), lambda _, message: answers.put(message))
        webhook.start()
        webhook.request(NOTICE)
        assert answers.get(timeout=10) == Posted(request_id="webhook/1")
        assert seen.get(timeout=10) == (
            "POST",
            "/alert?key=1",
            {
                "severity": "critical",
                "text": "liquidated",
                "account": "main",
                "position_id": None,
                "time_ns": "1700000000000000000",
            },
        )
        webhook.request(SendPing())
        assert seen.get(timeout=10) == ("GET", "/ping", None)
        webhook.stop(1_000)
        webhook.request(NOTICE)  # nobody is left, and nobody is hurt


def test_a_channel_that_fails_says_why_without_its_address() -> None:
    answers: queue.Queue[Message] = queue.Queue()

    async def hook(_: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "7"})

    with listening(hook) as url:
        webhook = Webhook(Secret(f"{url}/secret-path"), None, lambda _, message: answers.put(message))
        webhook.start()
        webhook.request(NOTICE)
        assert answers.get(timeout=10) == PostFailed(
            request_id="webhook/1", cause=verbatim("HTTP 503"), retry_after_ms=7_000
        )
    webhook.request(NOTICE)
    failed = answers.get(timeout=20)
    assert isinstance(failed, PostFailed)
    assert "secret-path" not in failed.cause
    webhook.stop(1_000)


def test_the_tail_of_the_log_is_short_and_recent(tmp_path: Path) -> None:
    from adapters.logs import CURRENT, DIRECTORY
    from adapters.logs.reading import since

    assert len(tail(tmp_path, 5)) == 1  # no logs at all: said in a line
    (tmp_path / DIRECTORY).mkdir()
    lines = [{"ts": since(0), "level": "INFO", "event": f"e{n}", "actor": "x", "text": "y" * 500} for n in range(9)]
    old = {**lines[0], "ts": since(90_000), "event": "old"}
    (tmp_path / DIRECTORY / CURRENT).write_text("\n".join(json.dumps(line) for line in [old, *lines]) + "\n")
    found = tail(tmp_path, 3)
    assert [line.split()[3] for line in found] == ["e6", "e7", "e8"]
    assert all(len(line) < 170 for line in found)
