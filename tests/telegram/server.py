"""A Bot API server for tests that enforces the limits of the real one, and can be as unfriendly as a network.

Sources: core.telegram.org/bots/api (sendMessage: 1-4096 characters after entities parsing; InlineKeyboardButton:
callback_data 1-64 bytes; getUpdates: offset confirms, one poll at a time else 409; setMyCommands: 1-32 of
a-z0-9_, description 1-256; ResponseParameters.retry_after), and the texts of its errors as met in the wild.
"""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.telegram.entities import ParseError, visible_text

TOKEN = "123456:test-token-that-is-long-enough-to-look-real"
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")


class ApiError(Exception):
    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


@dataclass(frozen=True)
class Raw:
    """What comes instead of an answer: another body, later, cut off, or nothing but a reset."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    delay_s: float = 0.0
    reset: bool = False
    after: bool = False
    """The request is carried out first: it is the answer that gets lost."""


@dataclass
class Shown:
    """A message of the bot as a user sees it. `texts` holds every version, the latest last."""

    message_id: int
    chat_id: int
    texts: list[str]
    buttons: list[list[dict[str, str]]]
    silent: bool = False
    deleted: bool = False

    @property
    def text(self) -> str:
        return self.texts[-1]

    def data(self, label: str) -> str:
        found = [b["callback_data"] for row in self.buttons for b in row if label.lower() in b["text"].lower()]
        assert found, f"no button {label!r} in {self.buttons}"
        return found[0]


@dataclass
class BotApi:
    """State of the server; every method may be called from any thread."""

    token: str = TOKEN
    messages: list[Shown] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)
    menus: dict[int, list[dict[str, str]]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""
    blocked: set[int] = field(default_factory=set)
    trouble: Callable[[str, dict[str, str]], ApiError | None] = lambda _method, _params: None
    raw: Callable[[str, dict[str, str]], Raw | None] = lambda _method, _params: None
    dead: bool = False
    polls: int = 0
    webhook: str = ""
    missing: set[int] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)
    allowed: list[str] = field(default_factory=list)
    confirmed: int = 0
    offset: int = 0
    redeliver: bool = False
    _history: list[dict[str, Any]] = field(default_factory=list)
    _updates: list[dict[str, Any]] = field(default_factory=list)
    next_update: int = 1000
    _next_message: int = 1
    _presses: set[str] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    # What people do.

    def say(self, user: int, text: str, *, chat: int | None = None, kind: str = "private", ago_s: int = 0) -> int:
        return self._update("message", self._message(user, text, chat if chat is not None else user, kind, ago_s))

    def edit(self, user: int, text: str) -> int:
        return self._update("edited_message", {**self._message(user, text, user, "private", 0), "edit_date": 1})

    def forward(self, user: int, text: str) -> int:
        origin = {"type": "hidden_user", "date": 1, "sender_user_name": "somebody"}
        return self._update(
            "message", {**self._message(user, text, user, "private", 0), "forward_origin": origin, "forward_date": 1}
        )

    def press(self, user: int, shown: Shown, label: str = "", data: str = "") -> str:
        press_id = f"press-{self.next_update}"
        self._presses.add(press_id)
        chat = {"id": shown.chat_id, "type": "private" if shown.chat_id > 0 else "group", "first_name": "U"}
        self._update(
            "callback_query",
            {
                "id": press_id,
                "from": _user(user),
                "chat_instance": "1",
                "data": data or shown.data(label),
                "message": {"message_id": shown.message_id, "date": int(time.time()), "chat": chat, "text": "x"},
            },
        )
        return press_id

    def deliver(self, kind: str, content: dict[str, Any]) -> int:
        """Any update, also one that the Bot API never sent so far."""
        return self._update(kind, content)

    def again(self, update_id: int) -> None:
        """Deliver an update a second time, as Telegram does when a confirmation is lost."""
        with self._lock:
            self._updates.append(next(u for u in self._history if u["update_id"] == update_id))

    # What tests look at.

    def wait(self, what: str, seen: Callable[[], Any], timeout_s: float = 15.0) -> Any:
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not (value := seen()):
                if not self._changed.wait(min(0.2, max(0.0, deadline - time.monotonic()))) and (
                    time.monotonic() >= deadline
                ):
                    shown = [m.texts[-1] for m in self.messages[-5:]]
                    raise AssertionError(f"{what}: not within {timeout_s} s; last messages: {shown}")
            return value

    def shown(self, part: str, chat: int | None = None, after: int = 0) -> Shown:
        """The first message from `after` on whose latest text contains `part`."""

        def look() -> Shown | None:
            return next((m for m in self.messages[after:] if part in m.text and chat in (None, m.chat_id)), None)

        found: Shown = self.wait(f"a message with {part!r}", look)
        return found

    def ask(self, user: int, text: str, part: str) -> Shown:
        """Say something, and wait for a new message that contains `part`."""
        after = len(self.messages)
        self.say(user, text)
        return self.shown(part, after=after)

    # The API.

    def handle(self, method: str, params: dict[str, str]) -> Any:
        with self._lock:
            self.calls.append((method, params))
            trouble = self.trouble(method, params)
            if trouble is not None:
                raise trouble
            call = getattr(self, f"_api_{method.lower()}", None)
            if call is None:
                raise ApiError(404, "Not Found")
            result = call(params)
        with self._changed:
            self._changed.notify_all()
        return result

    def take(self, offset: int, allowed: str = "") -> list[dict[str, Any]]:
        with self._lock:
            self.allowed = json.loads(allowed) if allowed else self.allowed
            self.offset = offset
            self.confirmed = max(self.confirmed, offset - 1)
            self._updates = [u for u in self._updates if u["update_id"] >= offset or self.redeliver]
            return self._updates[:100]

    def _api_getme(self, _: dict[str, str]) -> Any:
        return {**_user(1), "is_bot": True, "username": "albra_bot", "first_name": "Albra"}

    def _api_deletewebhook(self, p: dict[str, str]) -> Any:
        assert p.get("drop_pending_updates") != "true", "what waits is not ours to throw away"
        self.webhook = ""
        return True

    def _api_sendmessage(self, p: dict[str, str]) -> Any:
        chat_id = self._chat(p)
        check_text(p["text"], p.get("parse_mode"))
        shown = Shown(self._next_message, chat_id, [p["text"]], buttons(p), p.get("disable_notification") == "true")
        self._next_message += 1
        self.messages.append(shown)
        return self._as_message(shown)

    def _api_editmessagetext(self, p: dict[str, str]) -> Any:
        chat_id = self._chat(p)
        check_text(p["text"], p.get("parse_mode"), too_long="MESSAGE_TOO_LONG")
        number = int(p["message_id"])
        found = [m for m in self.messages if (m.chat_id, m.message_id) == (chat_id, number) and not m.deleted]
        if not found:
            raise ApiError(400, "Bad Request: message to edit not found")
        shown, rows = found[0], buttons(p)
        if shown.text == p["text"] and shown.buttons == rows:
            text = "message is not modified: specified new message content and reply markup are exactly the same as"
            raise ApiError(400, f"Bad Request: {text} a current content and reply markup of the message")
        shown.texts.append(p["text"])
        shown.buttons = rows
        return self._as_message(shown)

    def _api_answercallbackquery(self, p: dict[str, str]) -> Any:
        if len(p.get("text", "")) > 200:
            raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
        if p["callback_query_id"] not in self._presses:
            text = "query is too old and response timeout expired or query ID is invalid"
            raise ApiError(400, f"Bad Request: {text}")
        self._presses.discard(p["callback_query_id"])
        self.answered[p["callback_query_id"]] = p.get("text", "")
        return True

    def _api_sendchataction(self, p: dict[str, str]) -> Any:
        return bool(self._chat(p))

    def _api_setmycommands(self, p: dict[str, str]) -> Any:
        commands = json.loads(p["commands"])
        if len(commands) > 100:
            raise ApiError(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
        for entry in commands:
            if not _COMMAND.fullmatch(entry["command"]) or not 1 <= len(entry["description"]) <= 256:
                raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
        self.menus[json.loads(p["scope"])["chat_id"]] = commands
        return True

    def _chat(self, p: dict[str, str]) -> int:
        chat_id = int(p["chat_id"])
        if chat_id in self.missing:
            raise ApiError(400, "Bad Request: chat not found")
        if chat_id in self.moved:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, text, migrate_to_chat_id=self.moved[chat_id])
        if chat_id in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return chat_id

    def _as_message(self, shown: Shown) -> dict[str, Any]:
        chat = {"id": shown.chat_id, "type": "private", "first_name": "U"}
        return {"message_id": shown.message_id, "date": int(time.time()), "chat": chat, "text": "shown"}

    def _message(self, user: int, text: str, chat: int, kind: str, ago_s: int) -> dict[str, Any]:
        with self._lock:
            self._next_message += 1
            where = {"id": chat, "type": kind, **({"title": "G"} if chat < 0 else {"first_name": "U"})}
            return {
                "message_id": self._next_message,
                "date": int(time.time()) - ago_s,
                "chat": where,
                "from": _user(user),
                "text": text,
            }

    def _update(self, kind: str, content: dict[str, Any]) -> int:
        with self._lock:
            update_id = self.next_update
            update = {"update_id": update_id, kind: content}
            self.next_update += 1
            self._updates.append(update)
            self._history.append(update)
            return update_id


def check_text(text: str, mode: str | None, too_long: str = "message is too long") -> None:
    """Raises ApiError where Telegram would refuse the text."""
    try:
        visible = visible_text(text) if mode == "HTML" else text
    except ParseError as error:
        raise ApiError(400, f"Bad Request: can't parse entities: {error}") from error
    if not visible.strip():
        raise ApiError(400, "Bad Request: message text is empty")
    if len(visible.encode("utf-16-le")) // 2 > 4096:
        raise ApiError(400, f"Bad Request: {too_long}")


def buttons(p: dict[str, str]) -> list[list[dict[str, str]]]:
    rows: list[list[dict[str, str]]] = json.loads(p.get("reply_markup", "{}")).get("inline_keyboard", [])
    for row in rows:
        if len(row) > 8:
            raise ApiError(400, "Bad Request: too many buttons in a row")
        for button in row:
            if not button["text"] or not 1 <= len(button["callback_data"].encode()) <= 64:
                raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    if sum(map(len, rows)) > 100:
        raise ApiError(400, "Bad Request: reply markup is too long")
    return rows


def _user(number: int) -> dict[str, Any]:
    return {"id": number, "is_bot": False, "first_name": f"user{number}"}


@contextmanager
def serving(api: BotApi | None = None) -> Iterator[BotApi]:
    """The server on a free loopback port, on a loop thread of its own."""
    api = api or BotApi()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="bot-api", daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(_bind(api), loop).result(10)
    try:
        yield api
    finally:
        api.dead = True  # whoever still polls is let go
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _bind(api: BotApi) -> web.AppRunner:
    async def answer(request: web.Request) -> web.Response:
        if api.dead:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if request.match_info["token"] != api.token:
            wellformed = re.fullmatch(r"\d+:[\w-]{10,}", request.match_info["token"])
            return _refusal(ApiError(401, "Unauthorized") if wellformed else ApiError(404, "Not Found"))
        params = {key: str(value) for key, value in (await request.post()).items()}
        method = request.match_info["method"]
        raw = api.raw(method, params)
        if raw is not None:
            return await _unfriendly(api, request, raw, method, params)
        try:
            if method.lower() == "getupdates":
                result = await _poll(api, params)
            else:
                result = api.handle(method, params)
        except ApiError as error:
            return _refusal(error)
        return web.json_response({"ok": True, "result": result})

    application = web.Application()
    application.router.add_route("*", "/bot{token}/{method}", answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}/bot"
    return runner


async def _unfriendly(api: BotApi, request: web.Request, raw: Raw, method: str, params: dict[str, str]) -> web.Response:
    await asyncio.sleep(raw.delay_s)  # a slow server is a slow server
    if raw.after:
        api.handle(method, params)
    if raw.reset:
        assert request.transport is not None
        request.transport.abort()
    return web.Response(status=raw.status, body=raw.body, content_type=raw.kind)


async def _poll(api: BotApi, params: dict[str, str]) -> list[dict[str, Any]]:
    """The latest poll has the updates, and ends the one before it."""
    trouble = api.trouble("getUpdates", params)
    if trouble is not None:
        raise trouble
    if api.webhook:
        text = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        raise ApiError(409, f"Conflict: {text}")
    api.polls += 1
    mine = api.polls
    for _ in range(int(params.get("timeout", "0")) * 50 + 1):
        if mine != api.polls:
            text = "terminated by other getUpdates request; make sure that only one bot instance is running"
            raise ApiError(409, f"Conflict: {text}")
        found = api.take(int(params.get("offset", "0")), params.get("allowed_updates", ""))
        if found or api.dead:
            return found
        await asyncio.sleep(0.02)  # the server's own long poll
    return []


def _refusal(error: ApiError) -> web.Response:
    body = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return web.json_response(body, status=error.code)
