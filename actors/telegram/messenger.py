"""Saying things in the chat: messages, edits, the words on a button, the command menu."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from actors.language.markup import split
from actors.language.words import Words, escape
from actors.ports import Chat, Log
from actors.runtime.actor import Actor, Context
from actors.telegram.grammar import COMMANDS
from actors.telegram.pending import Who
from actors.telegram.roles import Access, may
from actors.telegram.views import Page
from messages.base import Message
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
from messages.types import AccountId, Address

PATIENCE_MS = 120_000
"""How long the chat may go on trying; what is read on a screen is stale after that."""


UNSAID_MOST = 50
"""Edits that did not arrive and are kept until the chat is back; alerts of which nobody knows yet whether they did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the configuration decides here; `words` by user id, with `default_words` for the others."""

    access: Access
    accounts: tuple[AccountId, ...]
    words: Mapping[int, Words] = field(default_factory=dict)
    default_words: Words = field(default_factory=Words)


@dataclass(slots=True)
class Memory:
    """What outlives one life of the actor: the chat says it once. `up_since_ns` 0: the chat is down."""

    bot_name: str = ""
    up_since_ns: int = 0


class Speaking(Actor[Message]):
    """An actor with a chat."""

    def __init__(self, context: Context, *, settings: Settings, chat: Chat, log: Log) -> None:
        super().__init__(context)
        self._settings = settings
        self._chat = chat
        self._log = log
        self._sending: dict[str, Callable[[TextSent | None], None]] = {}
        self._editing: dict[str, EditText] = {}
        self._unsaid: dict[tuple[int, int], EditText] = {}
        self._alerts: dict[str, SendText] = {}
        self._numbers = 0

    def _now(self) -> int:
        return self.context.clock.time_ns()

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _show(
        self, who: Who, page: Page, place: int = 0, *, then: Callable[[TextSent | None], None] | None = None
    ) -> None:
        """A message, or several where it is long; into `place` where it fits. `then` hears of the last one."""
        parts = split(page.text)
        if place and len(parts) == 1:
            self._edit(who, place, page)
            return
        for part in parts[:-1]:
            self._chat.request(self._message(who, part, ()))
        last = self._message(who, parts[-1], page.buttons)
        if then is not None:
            self._sending[last.request_id] = then
        self._chat.request(last)

    def _message(self, who: Who, text: Markup, buttons: tuple[tuple[Button, ...], ...]) -> SendText:
        return self._text_for(who.chat_id, text, buttons)

    def _text_for(self, chat_id: int, text: Markup, buttons: tuple[tuple[Button, ...], ...] = ()) -> SendText:
        return SendText(
            request_id=f"c{self.context.incarnation}.{self._number()}",
            reply_to=Address(self.context.address),
            patience_ms=PATIENCE_MS,
            chat_id=chat_id,
            text=text,
            buttons=buttons,
        )

    def _edit(self, who: Who, message_id: int, page: Page, *, whole: bool = False) -> None:
        """In place as far as one message holds; `whole`: what it does not hold follows in messages of its own."""
        text, *rest = split(page.text)
        if not message_id:
            self._chat.request(self._message(who, text, page.buttons))
        else:
            self._replace(who, message_id, text, page)
        for part in rest if whole else ():
            self._chat.request(self._message(who, part, ()))

    def _replace(self, who: Who, message_id: int, text: Markup, page: Page) -> None:
        self._request_edit(
            EditText(
                request_id=f"e{self.context.incarnation}.{self._number()}",
                reply_to=Address(self.context.address),
                patience_ms=PATIENCE_MS,
                chat_id=who.chat_id,
                message_id=message_id,
                text=text,
                buttons=page.buttons,
            )
        )

    def _request_edit(self, edit: EditText) -> None:
        self._unsaid.pop((edit.chat_id, edit.message_id), None)
        self._editing[edit.request_id] = edit
        self._chat.request(edit)

    def _say_unsaid(self) -> None:
        """The chat is back: what became of a command is said, however long that took."""
        for edit in tuple(self._unsaid.values()):
            self._request_edit(replace(edit, request_id=f"e{self.context.incarnation}.{self._number()}"))

    def _end_press(self, update: IncomingPress, text: Shown, *, alert: bool = False) -> None:
        """An alert must be read: a press that is too old for one (15 s at Telegram) is answered by a message."""
        request_id = f"a{self.context.incarnation}.{self._number()}"
        if alert:
            self._alerts[request_id] = self._text_for(update.chat_id, escape(text))
            while len(self._alerts) > UNSAID_MOST:
                del self._alerts[next(iter(self._alerts))]
        reply_to = Address(self.context.address) if alert else Address("")
        self._chat.request(
            AnswerPress(request_id=request_id, reply_to=reply_to, press_id=update.press_id, text=text, alert=alert)
        )

    def _sent(self, answer: TextSent | SendFailed) -> None:
        then = self._sending.pop(answer.request_id, None)
        edit = self._editing.pop(answer.request_id, None)
        alert = self._alerts.pop(answer.request_id, None)
        if isinstance(answer, SendFailed):
            if edit is not None and not answer.permanent and not self._being_edited(edit):
                self._unsaid[edit.chat_id, edit.message_id] = edit
                while len(self._unsaid) > UNSAID_MOST:
                    del self._unsaid[next(iter(self._unsaid))]
            if alert is not None:
                self._chat.request(alert)
            self._log("WARNING", "chat message not sent", actor="telegram", why=answer.cause)
        if then is not None:
            then(answer if isinstance(answer, TextSent) else None)

    def _being_edited(self, edit: EditText) -> bool:
        """A later text is on its way into the same message."""
        place = (edit.chat_id, edit.message_id)
        return any((other.chat_id, other.message_id) == place for other in self._editing.values())

    def _publish_menus(self) -> None:
        """The command menu of each user's private chat: what the role may do, in the user's language."""
        for user_id, role in self._settings.access.users.items():
            words = self._settings.words.get(user_id, self._settings.default_words)
            entries = tuple(
                MenuEntry(command=name, text=words.plain(usage.does))
                for name, usage in COMMANDS.items()
                if may(role, name)
            )
            request_id = f"m{self.context.incarnation}.{self._number()}"
            self._chat.request(PublishMenu(request_id=request_id, chat_id=user_id, entries=entries))
