"""Messages and edits in the chat, answers to pressed buttons, the command menu."""

from collections.abc import Callable
from dataclasses import replace

from actors.language.markup import split
from actors.language.words import escape
from actors.telegram.context import ChatContext
from actors.telegram.grammar import COMMANDS
from actors.telegram.pending import ChatUser
from actors.telegram.roles import may
from actors.telegram.views import Page
from messages.bounded import BoundedMap
from messages.telegram import (
    AnswerPress,
    Button,
    EditText,
    IncomingPress,
    MenuEntry,
    PublishMenu,
    SendFailed,
    SendText,
    TextSent,
)
from messages.text import Markup, Shown
from messages.types import Address

PATIENCE_MS = 120_000
"""How long the chat may retry a message; what a reader sees is stale after that."""
UNDELIVERED_MOST = 50
"""Failed edits kept until the chat is up, and alerts without an outcome."""
Sent = Callable[[TextSent | None], None]
"""Called with the delivered message, or with None."""


class Messenger:
    """Sends each text once; an edit that failed is sent again when the chat is up."""

    def __init__(self, ctx: ChatContext) -> None:
        self._ctx = ctx
        self._sending: dict[str, Sent] = {}
        self._editing: dict[str, EditText] = {}
        self._undelivered: BoundedMap[tuple[int, int], EditText] = BoundedMap(UNDELIVERED_MOST)
        self._alerts: BoundedMap[str, SendText] = BoundedMap(UNDELIVERED_MOST)

    def show(self, user: ChatUser, page: Page, place: int = 0, *, then: Sent | None = None) -> None:
        """Send one message, or several where the text is long; edit message `place` where it fits into one.

        `then` gets the last message.
        """
        parts = split(page.text)
        if place and len(parts) == 1:
            self.edit(user, place, page)
            return
        for part in parts[:-1]:
            self._ctx.chat.request(self._text(user.chat_id, part))
        last = self._text(user.chat_id, parts[-1], page.buttons)
        if then is not None:
            self._sending[last.request_id] = then
        self._ctx.chat.request(last)

    def edit(self, user: ChatUser, message_id: int, page: Page, *, whole: bool = False) -> None:
        """Edit in place what fits one message; `whole`: send the rest in further messages."""
        text, *rest = split(page.text)
        if message_id:
            self._request_edit(self._edit_text(user.chat_id, message_id, text, page))
        else:
            self._ctx.chat.request(self._text(user.chat_id, text, page.buttons))
        for part in rest if whole else ():
            self._ctx.chat.request(self._text(user.chat_id, part))

    def end_press(self, update: IncomingPress, text: Shown, *, alert: bool = False) -> None:
        """Answer a press; an alert for a press older than 15 s, which Telegram drops, is sent as a message."""
        request_id = self._ctx.request_id("a")
        if alert:
            self._alerts[request_id] = self._text(update.chat_id, escape(text))
        reply_to = self._ctx.address if alert else Address("")
        self._ctx.chat.request(
            AnswerPress(request_id=request_id, reply_to=reply_to, press_id=update.press_id, text=text, alert=alert)
        )

    def on_sent(self, answer: TextSent | SendFailed) -> None:
        then = self._sending.pop(answer.request_id, None)
        edit = self._editing.pop(answer.request_id, None)
        alert = self._alerts.pop(answer.request_id, None)
        if isinstance(answer, SendFailed):
            if edit is not None and not answer.permanent and not self._edited_since(edit):
                self._undelivered[edit.chat_id, edit.message_id] = edit
            if alert is not None:
                self._ctx.chat.request(alert)
            self._ctx.log("WARNING", "chat message not sent", actor="telegram", why=answer.cause)
        if then is not None:
            then(answer if isinstance(answer, TextSent) else None)

    def send_undelivered(self) -> None:
        """After the chat is up again, show commands' outcomes, however old."""
        for edit in tuple(self._undelivered.values()):
            self._request_edit(replace(edit, request_id=self._ctx.request_id("e")))

    def publish_menus(self) -> None:
        """Publish the command menu of each user's private chat, by role and language."""
        for user_id, role in self._ctx.settings.access.users.items():
            words = self._ctx.user(user_id, user_id, role).words
            entries = tuple(
                MenuEntry(command=name, text=words.plain(usage.does))
                for name, usage in COMMANDS.items()
                if may(role, name)
            )
            menu = PublishMenu(request_id=self._ctx.request_id("m"), chat_id=user_id, entries=entries)
            self._ctx.chat.request(menu)

    def _text(self, chat_id: int, text: Markup, buttons: tuple[tuple[Button, ...], ...] = ()) -> SendText:
        return SendText(
            request_id=self._ctx.request_id("c"),
            reply_to=self._ctx.address,
            patience_ms=PATIENCE_MS,
            chat_id=chat_id,
            text=text,
            buttons=buttons,
        )

    def _edit_text(self, chat_id: int, message_id: int, text: Markup, page: Page) -> EditText:
        return EditText(
            request_id=self._ctx.request_id("e"),
            reply_to=self._ctx.address,
            patience_ms=PATIENCE_MS,
            chat_id=chat_id,
            message_id=message_id,
            text=text,
            buttons=page.buttons,
        )

    def _request_edit(self, edit: EditText) -> None:
        self._undelivered.pop((edit.chat_id, edit.message_id), None)
        self._editing[edit.request_id] = edit
        self._ctx.chat.request(edit)

    def _edited_since(self, edit: EditText) -> bool:
        """Return whether a later text of the same message is in flight."""
        place = (edit.chat_id, edit.message_id)
        return any((other.chat_id, other.message_id) == place for other in self._editing.values())
