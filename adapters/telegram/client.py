"""Telegram through python-telegram-bot, unmodified, on a loop thread of its own.

Updates are confirmed to Telegram only after the actors have made them durable, so Telegram delivers an update again
after a kill. The library's `Updater` confirms earlier, so this module has its own loop.
"""

import asyncio
import logging
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count, takewhile
from typing import Any

from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from adapters.loop_thread import STOP_S, LoopThread
from adapters.masking import Masker
from adapters.secret import Secret
from adapters.telegram.updates import ALLOWED, read, read_raw
from messages.backoff import backoff
from messages.base import Message
from messages.bounded import BoundedMap
from messages.statement import verbatim
from messages.status import Rows, row, several
from messages.telegram import (
    AnswerPress,
    Button,
    ChatDown,
    ChatUp,
    EditText,
    Incoming,
    IncomingOther,
    LogsAnswer,
    PublishMenu,
    ReadLogs,
    SendFailed,
    SendText,
    TextSent,
    ToChat,
    UpdateKept,
)
from messages.text import Shown, shown
from messages.wording.status import Status

POLL_S = 25
"""How long Telegram holds a poll open while nothing happens."""
_MARGIN_S = 10
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_CONFLICT_PAUSE_S = 5.0
_DOWN_AFTER = 2
"""Failed polls in a row before the chat counts as down: one lost connection is no outage."""
_OFFSET_LIFE_S = 6 * 86_400.0
"""The offset is dropped after this time. After a week without updates Telegram continues with random ids (Bot API,
Update), and an old offset would hide new updates. All earlier updates have been confirmed by then.
"""
_FULL_PAUSE_S = 0.1
_KEPT_WAIT_S = 5.0
_FIND_S = 3.0
_WAITING_MOST = 1_000
"""Requests in progress or waiting; beyond the limit they fail at once, and their sender retries."""
_PERMANENT = (Forbidden, BadRequest)
"""Errors that a retry cannot resolve. A refused token may be corrected, and a proxy's page proves nothing."""
_UNREADABLE = "Parsing the server response"
"""python-telegram-bot, BaseRequest: the answer was not the Bot API's own."""
_RETRY_AFTER = re.compile(r"retry after (\d{1,6})", re.IGNORECASE)
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
_CAUSE_MOST = 300


class TelegramChat:
    """Implements the actors' `Chat`.

    `offer` takes an update without blocking; False: retry later. `tell` takes an answer for an address; `health` takes
    ChatUp and ChatDown; `tail` reads the log's last lines, and may block. `groups`: configured chats whose id may have
    changed.
    """

    def __init__(
        self,
        token: Secret,
        base_url: str,
        *,
        offer: Callable[[Message], bool],
        tell: Callable[[str, Message], None],
        health: Callable[[Message], None],
        tail: Callable[[int], tuple[str, ...]],
        groups: tuple[int, ...] = (),
        poll_s: int = POLL_S,
    ) -> None:
        self._masker = Masker([token])
        self._offer = offer
        self._tell = tell
        self._health = health
        self._tail = tail
        self._groups = groups
        self._poll_s = poll_s
        self._thread = LoopThread("telegram")
        self._loop = self._thread.loop
        self._turns: dict[int, asyncio.Lock] = {}
        self._quiet_until: dict[int, float] = {}
        self._kept: set[int] = set()
        self._offset: int | None = None
        self._offset_since = 0.0
        self._name = ""
        self._moved: dict[int, int] = {}
        self._latest: BoundedMap[tuple[int, int], EditText] = BoundedMap(_WAITING_MOST)
        self._news = asyncio.Event()
        self._up: bool | None = None
        self._initialized = False
        self._stopping = False
        self._cause = ""
        # Both of httpx's loggers write URLs, and the token stands in each.
        for name in ("httpx", "httpcore", "telegram"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._bot = Bot(
            token.reveal(),
            base_url=base_url,
            request=HTTPXRequest(connection_pool_size=16, read_timeout=15, connect_timeout=10, pool_timeout=10),
            get_updates_request=HTTPXRequest(connection_pool_size=1, read_timeout=poll_s + _MARGIN_S),
        )

    def start(self) -> None:
        """Connect and keep trying; never raises because the chat is unreachable."""
        self._thread.start()
        self._thread.post(lambda: self._thread.spawn(self._poll()))

    def request(self, message: Message) -> None:
        """Never blocks, never raises; after `stop` it does nothing."""
        self._thread.post(self._take, message)

    @property
    def rows(self) -> Rows:
        """Return the rows for `albra status`; from any thread."""
        section = Status.CHAT()
        if self._up is None:
            return (row(section, Status.TELEGRAM, Status.CONNECTING()),)
        if not self._up:
            return (row(section, Status.TELEGRAM, Status.DOWN()), row(section, Status.BECAUSE, verbatim(self._cause)))
        moved = [Status.BOT_MOVED(before=str(old), after=str(new)) for old, new in tuple(self._moved.items())]
        return (
            row(section, Status.TELEGRAM, Status.UP()),
            row(section, Status.BOT, verbatim(self._name)),
            *([row(section, Status.BECAUSE, several(moved))] if moved else ()),
        )

    def close_intake(self) -> None:
        """Stop fetching updates; messages are still sent."""
        self._thread.post(self._end_polls)

    def stop(self, deadline_ms: int) -> None:
        """Stop fetching, and let outstanding sends end until the deadline (ms). May block; not for actors."""
        deadline_s = deadline_ms / 1_000
        self._thread.stop(lambda: self._close(deadline_s), deadline_s + STOP_S)

    # All below runs on the loop's thread.

    def _end_polls(self) -> list[asyncio.Task[None]]:
        polls = [task for task in self._thread.tasks if task.get_name() == "poll"]
        for task in polls:
            task.cancel()
        return polls

    async def _close(self, deadline_s: float) -> None:
        self._stopping = True
        polls = self._end_polls()
        others = [task for task in self._thread.tasks if task not in polls and task is not asyncio.current_task()]
        if others:
            _, left = await asyncio.wait(others, timeout=deadline_s)
            for task in left:
                task.cancel()
        await asyncio.gather(*polls, *others, return_exceptions=True)
        with suppress(Exception):
            await self._bot.shutdown()

    # Updates --------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.set_name("poll")
        failures = 0
        while not self._stopping:
            try:
                if not self._initialized:
                    await self._bot.initialize()
                    self._initialized = True
                    await self._find_moved()
                    self._say_up()
                updates = await self._updates()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the next poll may do better
                failures += 1
                await self._poll_failed(error, failures)
                continue
            failures = 0
            self._say_up()
            if updates:
                await self._take_in(updates)

    async def _find_moved(self) -> None:
        """Learn each group's current id: after an upgrade to a supergroup the configuration has the old one.

        Only a write to the old id reveals the new one (Bot API, ResponseParameters); "typing" is the smallest.
        """
        for group in self._groups:
            try:
                await asyncio.wait_for(self._bot.send_chat_action(group, ChatAction.TYPING), _FIND_S)
            except ChatMigrated as error:
                self._moved[group] = error.new_chat_id
            except (TelegramError, TimeoutError):
                continue  # the first message sent there reveals it

    async def _updates(self) -> list[Incoming]:
        """Fetch the next updates, oldest first. An unreadable one does not delay the others."""
        if self._offset is not None and self._loop.time() - self._offset_since > _OFFSET_LIFE_S:
            self._offset = None
        asked: dict[str, Any] = {
            "offset": self._offset,
            "timeout": self._poll_s if self._up else 0,  # after an outage the first answer should come soon
            "allowed_updates": ALLOWED,
        }
        try:
            return [read(update) for update in await self._bot.get_updates(**asked)]
        except TelegramError:
            raise
        except Exception:  # noqa: BLE001 - the library cannot read one of them; which, it does not say
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it would rather be asked as above
                kept = {name: value for name, value in asked.items() if value is not None}
                found = await self._bot.do_api_request("get_updates", api_kwargs=kept)
        if not isinstance(found, list):
            raise TelegramError("the updates are no list")
        return [update for one in found if (update := read_raw(one, self._bot)) is not None]

    async def _take_in(self, updates: list[Incoming]) -> None:
        """Offer updates and wait until they are durable; the next poll then confirms them to Telegram.

        An emergency overtakes earlier updates: only a gapless durable prefix is confirmed.
        """
        numbers = sorted(update.update_id for update in updates)
        self._kept.clear()
        for update in updates:
            await self._hand_over(self._at_home(update))
        self._offset_since = self._loop.time()
        await self._wait_kept(numbers)
        for number in takewhile(self._kept.__contains__, numbers):
            self._offset = number + 1

    def _at_home(self, update: Incoming) -> Incoming:
        """Give an update of an upgraded group the configured, old id."""
        if isinstance(update, IncomingOther) and update.moved_to:
            self._moved[update.chat_id] = update.moved_to
        home = next((old for old, new in self._moved.items() if new == update.chat_id), update.chat_id)
        return update if home == update.chat_id else replace(update, chat_id=home)

    async def _poll_failed(self, error: Exception, failures: int) -> None:
        if failures >= _DOWN_AFTER or isinstance(error, Conflict | InvalidToken):
            self._say_down(self._said(error))
        pause_s = backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S, failures - 1)
        if isinstance(error, Conflict):
            if "webhook" in str(error).lower():
                # A webhook left by another program prevents polling. Waiting updates are kept.
                with suppress(TelegramError):
                    await self._bot.delete_webhook(drop_pending_updates=False)
                    pause_s = _FIRST_PAUSE_S
            else:  # another process polls with our token
                pause_s = max(pause_s, _CONFLICT_PAUSE_S)
        pause_s = max(pause_s, _retry_after_s(error))
        await asyncio.sleep(pause_s)

    async def _hand_over(self, update: Message) -> None:
        while not self._offer(update) and not self._stopping:  # noqa: ASYNC110 - a mailbox announces no room
            await asyncio.sleep(_FULL_PAUSE_S)

    async def _wait_kept(self, numbers: list[int]) -> None:
        """Wait a bounded time: with a failing journal the next poll delivers again, and stays alive."""
        deadline = self._loop.time() + _KEPT_WAIT_S
        while not self._kept.issuperset(numbers) and not self._stopping:
            self._news.clear()
            left_s = deadline - self._loop.time()
            if left_s <= 0:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), left_s)

    def _say_up(self) -> None:
        if self._up is not True:
            self._up, self._name = True, self._bot.username
            self._health(ChatUp(name=self._name))

    def _say_down(self, cause: str) -> None:
        if self._up is not False:
            self._up, self._cause = False, cause
            self._health(ChatDown(cause=cause))

    # Requests -------------------------------------------------------------------------------------

    def _take(self, message: Message) -> None:
        match message:
            case UpdateKept():
                self._kept.add(message.update_id)
                self._news.set()
            case ReadLogs():
                self._thread.spawn(self._read_logs(message))
            case ToChat() if self._stopping or len(self._thread.tasks) >= _WAITING_MOST:
                self._fail(message, "stopping" if self._stopping else "too much is waiting to be sent")
            case ToChat():
                if isinstance(message, EditText):
                    self._latest[message.chat_id, message.message_id] = message
                self._thread.spawn(self._send(message))
            case _:
                raise TypeError(f"the chat does not know {type(message).__name__}")

    async def _read_logs(self, message: ReadLogs) -> None:
        lines = await asyncio.to_thread(self._tail, message.count)
        self._tell(message.reply_to, LogsAnswer(request_id=message.request_id, lines=lines))

    async def _send(self, message: ToChat) -> None:
        """Send one message at a time per chat, so that messages arrive in order unless one fails."""
        chat_id = getattr(message, "chat_id", 0)
        turn = self._turns.setdefault(chat_id, asyncio.Lock())
        give_up = self._loop.time() + message.patience_ms / 1_000
        if isinstance(message, AnswerPress):
            failed = await self._attempt(message, 0)  # a failed end of the waiting sign is ignored
            if failed is not None and message.reply_to:
                self._tell(message.reply_to, failed)
            return
        for failures in count():
            async with turn:
                if self._overtaken(message):
                    self._fail(message, "a later text is in its place")
                    return
                failed = await self._attempt(message, chat_id)
            if failed is None:
                return
            wait_s = max(backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S, failures), failed.retry_after_ms / 1_000)
            if failed.permanent or self._stopping or self._loop.time() + wait_s > give_up:
                if message.reply_to:
                    self._tell(message.reply_to, failed)
                return
            # The retry waits outside the chat's turn, so that it does not delay urgent messages.
            await asyncio.sleep(wait_s)

    def _overtaken(self, message: ToChat) -> bool:
        """Return whether a newer text of the same message has been sent meanwhile."""
        if not isinstance(message, EditText):
            return False
        return self._latest.get((message.chat_id, message.message_id), message) is not message

    async def _attempt(self, message: ToChat, chat_id: int) -> SendFailed | None:
        """Try once; return the failure, or None when sent and answered."""
        quiet_s = self._quiet_until.get(chat_id, 0) - self._loop.time()
        if quiet_s > 0:
            return _failed(message, "asked to slow down", retry_after_ms=int(quiet_s * 1_000) + 1)
        try:
            message_id = await self._call(message, self._moved.get(chat_id, chat_id))
        except ChatMigrated as error:
            self._moved[chat_id] = error.new_chat_id
            return _failed(message, "the chat has another id now", retry_after_ms=1)
        except Exception as error:  # noqa: BLE001 - the library's own bugs must not leave anybody waiting
            if "message is not modified" not in str(error).lower():
                return self._refused(message, chat_id, error)
            message_id = getattr(message, "message_id", 0)
        if message.reply_to:
            self._tell(
                message.reply_to, TextSent(request_id=message.request_id, chat_id=chat_id, message_id=message_id)
            )
        return None

    def _refused(self, message: ToChat, chat_id: int, error: Exception) -> SendFailed:
        wait_s = _retry_after_s(error)
        if wait_s:
            self._quiet_until[chat_id] = self._loop.time() + wait_s
            return _failed(message, "asked to slow down", retry_after_ms=int(wait_s * 1_000))
        permanent = isinstance(error, _PERMANENT) and _UNREADABLE not in str(error)
        return _failed(message, self._said(error), permanent=permanent)

    async def _call(self, message: ToChat, chat_id: int) -> int:
        """Call the Bot API; return the id of the message that shows the text, 0 for none."""
        match message:
            case SendText():
                return await self._write(message, chat_id, silent=message.silent)
            case EditText():
                try:
                    await self._bot.edit_message_text(
                        message.text,
                        chat_id,
                        message.message_id,
                        parse_mode=ParseMode.HTML,
                        reply_markup=_keyboard(message.buttons),
                        link_preview_options=LinkPreviewOptions(is_disabled=True),
                    )
                except BadRequest as error:
                    if not any(text in str(error).lower() for text in _GONE):
                        raise
                    return await self._write(message, chat_id)  # deleted by hand: send it again
                return message.message_id
            case AnswerPress():
                await self._bot.answer_callback_query(message.press_id, message.text or None, message.alert)
            case PublishMenu():
                commands = [BotCommand(entry.command, entry.text) for entry in message.entries]
                await self._bot.set_my_commands(commands, BotCommandScopeChat(message.chat_id))
        return 0

    async def _write(self, message: SendText | EditText, chat_id: int, *, silent: bool = False) -> int:
        sent = await self._bot.send_message(
            chat_id,
            message.text,
            parse_mode=ParseMode.HTML,
            reply_markup=_keyboard(message.buttons),
            disable_notification=silent,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        return sent.message_id

    def _fail(self, message: ToChat, cause: str) -> None:
        if message.reply_to:
            self._tell(message.reply_to, _failed(message, cause))

    def _said(self, error: Exception) -> Shown:
        """Return the error's text without the token, which InvalidToken and URLs contain."""
        said = f"{type(error).__name__}: {error}"
        return shown(self._masker.text(said), most=_CAUSE_MOST)


def _failed(message: ToChat, cause: str, *, retry_after_ms: int = 0, permanent: bool = False) -> SendFailed:
    return SendFailed(request_id=message.request_id, cause=cause, retry_after_ms=retry_after_ms, permanent=permanent)


def _retry_after_s(error: Exception) -> float:
    """Return the requested retry delay, 0 for none; some servers give it in text only."""
    if isinstance(error, RetryAfter):
        value = error.retry_after
        return float(value) if isinstance(value, int) else value.total_seconds()
    match = _RETRY_AFTER.search(str(error)) if isinstance(error, TelegramError) else None
    return float(match[1]) if match else 0.0


def _keyboard(rows: tuple[tuple[Button, ...], ...]) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    return InlineKeyboardMarkup([[InlineKeyboardButton(b.text, callback_data=b.data) for b in row] for row in rows])
