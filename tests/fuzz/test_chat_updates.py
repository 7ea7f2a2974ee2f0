"""What a chat server sends: each update becomes something that the actors and the journal can take."""

from typing import Any, cast

from hypothesis import example, given
from hypothesis import strategies as st

from actors.telegram.grammar import Refusal, Request, parse
from adapters.telegram.updates import read_raw
from messages import codec
from messages.telegram import Incoming, IncomingPress, IncomingText, UpdateTaken
from tests.fuzz.strategies import ANYTHING, bounded, spoiled, spoiled_deeply

USER = {"id": 7, "is_bot": False, "first_name": "Ann", "username": "ann"}
CHAT = {"id": 7, "type": "private", "first_name": "Ann"}
MESSAGE = {"message_id": 5, "date": 1_700_000_000, "chat": CHAT, "from": USER, "text": "/status", "entities": []}
UPDATES: list[dict[str, Any]] = [
    {"update_id": 10, "message": MESSAGE},
    {"update_id": 11, "edited_message": {**MESSAGE, "edit_date": 1_700_000_001}},
    {"update_id": 12, "channel_post": {**MESSAGE, "chat": {"id": -100, "type": "channel", "title": "T"}}},
    {
        "update_id": 13,
        "callback_query": {"id": "c", "from": USER, "message": MESSAGE, "chat_instance": "i", "data": "!yes:1"},
    },
    {
        "update_id": 14,
        "message": {**MESSAGE, "forward_origin": {"type": "chat", "date": 1, "sender_chat": CHAT}},
    },
    {"update_id": 15, "message": {**MESSAGE, "migrate_to_chat_id": -1001, "text": None}},
    {"update_id": 16, "my_chat_member": {}},
]


class Anyone:
    """The library asks its bot for nothing but this."""

    defaults = None


def taken(update: object) -> Incoming | None:
    """What is made of it; the journal can keep it, and what was said."""
    found = read_raw(update, cast("Any", Anyone()))
    if found is None:
        return None
    assert codec.decode(codec.encode(found)) == found
    assert bounded(found)
    for name in ("update_id", "chat_id", "user_id", "message_id"):
        assert type(getattr(found, name)) is int, name
    said = found.text if isinstance(found, IncomingText) else found.data if isinstance(found, IncomingPress) else ""
    assert isinstance(said, str)
    codec.encode(
        UpdateTaken(update_id=found.update_id, chat_id=found.chat_id, user_id=found.user_id, text=said, verdict="")
    )
    return found


@given(update=st.sampled_from(UPDATES).flatmap(spoiled_deeply) | ANYTHING)
@example({**UPDATES[0], "update_id": 10**30})
@example({**UPDATES[0], "update_id": True})
@example({"update_id": 1, "message": {**MESSAGE, "chat": {**CHAT, "id": 10**30}}})
@example({"update_id": 1, "message": {**MESSAGE, "from": {**USER, "id": "7"}}})
@example({"update_id": 1, "message": {**MESSAGE, "text": "\ud800"}})
@example({"update_id": 1, "message": {**MESSAGE, "message_id": 2.5}})
@example({"update_id": 1, "message": {**MESSAGE, "date": 10**18}})
def test_any_update_becomes_something_that_can_be_kept(update: Any) -> None:
    taken(update)


@given(update=st.sampled_from(UPDATES).flatmap(spoiled))
def test_what_names_no_user_of_this_chat_is_nobodys_command(update: Any) -> None:
    found = taken(update)
    if isinstance(found, IncomingText) and type(found).__name__ == "UrgentText":
        assert found.text.lstrip().lower().startswith(("/close_all", "/pause"))


@given(text=st.text(max_size=5_000) | st.text(alphabet="/0123456789 .=%#@-abcXBTCUSD롱숏\u202e\n", max_size=60))
def test_any_text_is_a_request_a_refusal_or_nothing_and_short(text: str) -> None:
    for said in (text, f"/open BTCUSDT long {text}", f"/close {text}", f"/modify #1 sl={text}"):
        found = parse(said)
        assert isinstance(found, Request | Refusal | None)
        assert bounded(found, 2_000)
