"""Maps Telegram's updates to our messages. Pure."""

import re
from typing import Any

from telegram import Bot, CallbackQuery, Message, Update

from messages.telegram import (
    ChatKind,
    Incoming,
    IncomingOther,
    IncomingPress,
    IncomingText,
    UrgentPress,
    UrgentText,
)

URGENT_COMMANDS = ("/close_all", "/pause")
URGENT_MARK = "!"
"""Prefix of button data for emergencies."""
ALLOWED = ["message", "edited_message", "callback_query", "channel_post", "edited_channel_post"]
_TEXT_MOST = 4096
_PRESS_MOST = 256
_HALF = re.compile("[\ud800-\udfff]")
"""Lone surrogates, which cannot be encoded."""


def read(update: Update) -> Incoming:
    """Map an update. Every update gives a message, so that none is lost without a trace."""
    try:
        found = incoming(update)
        return found if _fits(found) else unreadable(update.update_id if _whole(update.update_id) else 0)
    except (ValueError, AttributeError, TypeError, OverflowError):  # unknown kind of chat, or no sender
        return unreadable(update.update_id)


def _fits(found: Incoming) -> bool:
    """Return whether the message can be encoded: the library does not bound numbers and texts."""
    numbers: list[object] = [found.update_id, found.chat_id, found.user_id, found.message_id]
    numbers += [found.sent_ns] if isinstance(found, IncomingText) else []
    numbers += [found.moved_to] if isinstance(found, IncomingOther) else []
    texts = [getattr(found, name, "") for name in ("text", "data", "press_id")]
    return all(map(_whole, numbers)) and all(isinstance(each, str) and not _HALF.search(each) for each in texts)


def _whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and -(1 << 63) <= number < 1 << 63


def read_raw(value: object, bot: Bot) -> Incoming | None:
    """Map raw JSON that the library may fail to parse; None when it is no update."""
    if not isinstance(value, dict) or not _whole(value.get("update_id")):
        return None
    try:
        return read(Update.de_json(value, bot))
    except Exception:  # noqa: BLE001 - whatever it stumbles over, the update is not readable
        return unreadable(value["update_id"])


def unreadable(update_id: int) -> IncomingOther:
    return IncomingOther(
        update_id=update_id,
        chat_id=0,
        user_id=0,
        chat_kind=ChatKind.CHANNEL,
        message_id=0,
        what="unreadable update",
    )


def incoming(update: Update) -> Incoming:
    """Map an update. Raises ValueError for unknown kinds of chats."""
    if update.callback_query is not None:
        return _press(update.update_id, update.callback_query)
    message = update.effective_message
    if message is None:
        return IncomingOther(
            update_id=update.update_id,
            chat_id=0,
            user_id=0,
            chat_kind=ChatKind.CHANNEL,
            message_id=0,
            what="unknown update",
        )
    what = _what(update, message)
    # A message on behalf of a chat has no user; `from_user` is a placeholder then.
    user_id = message.from_user.id if message.from_user and not message.sender_chat else 0
    about: dict[str, Any] = {
        "update_id": update.update_id,
        "chat_id": message.chat.id,
        "user_id": user_id,
        "chat_kind": ChatKind(message.chat.type),
        "message_id": message.message_id,
    }
    if what:
        return IncomingOther(**about, what=what, moved_to=message.migrate_to_chat_id or 0)
    text = message.text or ""
    urgent = text.lstrip().lower().startswith(URGENT_COMMANDS)
    return (UrgentText if urgent else IncomingText)(
        **about, text=text[:_TEXT_MOST], sent_ns=int(message.date.timestamp()) * 1_000_000_000
    )


def _what(update: Update, message: Message) -> str:
    """Return why this is not a command; empty when it is one."""
    if update.edited_message is not None or update.edited_channel_post is not None:
        return "edit"
    if update.channel_post is not None:
        return "channel post"
    if message.forward_origin is not None or message.is_automatic_forward:
        return "forwarded"  # the forwarding user did not write it
    if message.via_bot is not None:
        return "written by another bot"
    return "" if message.text else "no text"


def _press(update_id: int, query: CallbackQuery) -> IncomingPress:
    data = (query.data or "")[:_PRESS_MOST]
    chat = query.message.chat if query.message is not None else None
    return (UrgentPress if data.startswith(URGENT_MARK) else IncomingPress)(
        update_id=update_id,
        chat_id=chat.id if chat else 0,
        user_id=query.from_user.id,
        chat_kind=ChatKind(chat.type) if chat else ChatKind.CHANNEL,
        message_id=query.message.message_id if query.message is not None else 0,
        press_id=query.id,
        data=data,
    )
